//! Symbolic operators against dense Jacobians and second derivatives from dual numbers: of every operation and of random
//! formulas, on every target; and what they refuse.

use crate::support::approximate::{Approximate, Double, Format, Single};
use crate::support::case::{Case, Numbers};
use crate::support::dual::{Dual, each};
use crate::support::expression::{Expression, Variable, aliases};
use crate::support::generate::{Generator, variables};
use crate::support::layout::Layout;
use crate::support::oracle::reduce;
use crate::support::random::{Random, seeds};
use crate::support::samples::single_operations;
use crate::support::scalar::Scalar;
use rkeops_core::{Axis, CompileOptions, Dtype, ErrorKind, Formula, Kernel, Reduction, Target};

suite!(
    derivatives_of_each_operation_along_a_direction,
    operators_on_random_formulas,
    second_order_operators_on_random_formulas,
    closed_forms,
    derivatives_where_points_coincide,
);

/// What multiplies the oracle's bound: derivatives are added in another order than dual numbers add.
const SLACK: f64 = 16.0;
const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

/// A formula and what is derived of it: with respect to `variable`, along `direction` (of the same dimension), applied
/// to `cotangent` (of the formula's dimension). All three are positions of variables.
#[derive(Clone, Debug)]
struct Problem {
    variables: Vec<Variable>,
    formula: Expression,
    variable: usize,
    direction: usize,
    cotangent: usize,
    seed: u64,
}

/// Operators of first order, as text of the formula `F`, the variable `v`, the direction `u` and the cotangent `e`.
const FIRST: [&str; 4] = ["Diff(F,v,u)", "Grad(F,v,e)", "GradMatrix(F,v)", "AdjointOperator(Diff(F,v,u),u,e)"];
/// The same where the formula has the variable's dimension.
const SQUARE: [&str; 2] = ["Divergence(F,v)", "TraceOperator(Diff(F,v,u),u)"];
/// Operators of second order.
const SECOND: [&str; 3] = ["Diff(Grad(F,v,e),v,u)", "Grad(Diff(F,v,u),v,e)", "Diff(Diff(F,v,u),v,u)"];
/// The same for scalars.
const OF_SCALARS: [&str; 2] = ["Laplacian(F,v)", "Divergence(Grad(F,v,1),v)"];

impl Problem {
    /// Adds variables for the direction and the cotangent.
    fn new(mut variables: Vec<Variable>, formula: Expression, variable: usize, seed: u64) -> Self {
        let (dim, wide) = (variables[variable].dim, formula.columns(&variables));
        let direction = variables.len();
        variables.push(Variable { dim, category: seed as usize % 3 });
        variables.push(Variable { dim: wide, category: (seed as usize + 1) % 3 });
        Problem { variables, formula, variable, direction, cotangent: direction + 1, seed }
    }

    fn text(&self, operator: &str) -> String {
        let name = |k: usize| format!("v{k}");
        let parts = operator.split_inclusive(['(', ',', ')']).map(|part| {
            let (word, end) = part.split_at(part.len() - 1);
            let word = match word {
                "F" => self.formula.text(),
                "v" => name(self.variable),
                "u" => name(self.direction),
                "e" => name(self.cotangent),
                other => other.to_owned(),
            };
            word + end
        });
        parts.collect()
    }

    /// What the operator gives for one pair.
    fn meaning<S: Scalar>(&self, operator: &str, pair: &[Vec<f64>], exact: fn(f64) -> S) -> Vec<S> {
        let dim = self.variables[self.variable].dim;
        let given = |k: usize| pair[k].iter().map(|&v| exact(v)).collect::<Vec<S>>();
        let (u, e) = (given(self.direction), given(self.cotangent));
        let total = |terms: Vec<S>| terms.into_iter().reduce(|sum, t| sum.add_apart(&t)).expect("a dimension above 0");
        let dot = |a: &[S], b: &[S]| total(a.iter().zip(b).map(|(a, b)| a.multiply(b)).collect());
        // The derivative of each component along component `c` of the variable.
        let column = |c: usize| self.along(pair, exact, &|d| f64::from(u8::from(c == d)));
        let all = || (0..dim).map(column).collect::<Vec<Vec<S>>>();
        let unit = |c: usize| move |d: usize| f64::from(u8::from(c == d));
        let direction = |d: usize| pair[self.direction][d];
        match operator {
            "Diff(F,v,u)" => self.along(pair, exact, &direction),
            "Grad(F,v,e)" | "AdjointOperator(Diff(F,v,u),u,e)" => all().iter().map(|c| dot(c, &e)).collect(),
            "GradMatrix(F,v)" => {
                let columns = all();
                (0..columns[0].len()).flat_map(|k| columns.iter().map(move |c| c[k].clone())).collect()
            }
            "Divergence(F,v)" | "TraceOperator(Diff(F,v,u),u)" => {
                vec![total(all().iter().enumerate().map(|(c, column)| column[c].clone()).collect())]
            }
            "Diff(Grad(F,v,e),v,u)" | "Grad(Diff(F,v,u),v,e)" => {
                (0..dim).map(|c| dot(&self.along_both(pair, exact, &unit(c), &direction), &e)).collect()
            }
            "Diff(Diff(F,v,u),v,u)" => self.along_both(pair, exact, &direction, &direction),
            "Laplacian(F,v)" | "Divergence(Grad(F,v,1),v)" => {
                let second = |c: usize| self.along_both(pair, exact, &unit(c), &unit(c)).remove(0);
                vec![total((0..dim).map(second).collect())]
            }
            _ => panic!("no meaning is known for {operator} of {} and {}", u.len(), e.len()),
        }
    }

    /// The derivative of each component of the formula along a direction.
    fn along<S: Scalar>(&self, pair: &[Vec<f64>], exact: fn(f64) -> S, direction: &dyn Fn(usize) -> f64) -> Vec<S> {
        let dual = |k: usize, c: usize, value: f64| {
            Dual::new(exact(value), exact(if k == self.variable { direction(c) } else { 0.0 }))
        };
        self.formula.evaluate(&each(pair, dual)).into_iter().map(|f| f.slope).collect()
    }

    /// The second derivative of each component along two directions.
    fn along_both<S: Scalar>(
        &self,
        pair: &[Vec<f64>],
        exact: fn(f64) -> S,
        first: &dyn Fn(usize) -> f64,
        second: &dyn Fn(usize) -> f64,
    ) -> Vec<S> {
        let dual = |k: usize, c: usize, value: f64| {
            let part = |direction: &dyn Fn(usize) -> f64| if k == self.variable { direction(c) } else { 0.0 };
            Dual::new(Dual::new(exact(value), exact(part(first))), Dual::new(exact(part(second)), exact(0.0)))
        };
        self.formula.evaluate(&each(pair, dual)).into_iter().map(|f| f.slope.slope).collect()
    }

    /// Compares the sum of what the operator gives with the oracle's; how many values were compared and known.
    fn check(&self, operator: &str, dtype: Dtype, target: Target) -> [usize; 2] {
        match dtype {
            Dtype::F32 => self.check_in::<Single>(operator, dtype, target),
            _ => self.check_in::<Double>(operator, dtype, target),
        }
    }

    fn check_in<F: Format>(&self, operator: &str, dtype: Dtype, target: Target) -> [usize; 2] {
        let names = aliases(&self.variables);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = self.text(operator);
        let reduction = Reduction::parse(&format!("Sum_Reduction({text},0)"), &names)
            .unwrap_or_else(|error| panic!("{error}\n{self:?}"));
        let columns = reduction.dim();
        let kernel =
            Kernel::compile(&[reduction], &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap();
        let mut case = Case::new(&self.variables, Vec::new(), [3, 2]);
        case.seed = self.seed;
        let found = case.run_kernel(&kernel, dtype, 1).unwrap();
        let mut count = [0, 0];
        for row in 0..case.kept() {
            let terms: Vec<Vec<Approximate<F>>> = (0..case.reduced())
                .map(|other| self.meaning(operator, &case.pair(row, other, dtype), Approximate::exact))
                .collect();
            assert_eq!(terms[0].len(), columns, "{text}");
            for column in 0..columns {
                let expected = reduce("Sum", &terms.iter().map(|t| t[column]).collect::<Vec<_>>());
                count = [count[0] + 1, count[1] + usize::from(expected.is_known())];
                let found = found[0].numbers()[row * columns + column];
                if let Some(what) = expected.refuse_number(found, SLACK) {
                    let target = target.name();
                    panic!("{target} {dtype} row {row} column {column}: {what}\n{text}\n{names:?} seed {}", self.seed);
                }
            }
        }
        count
    }
}

/// Each rule, read backwards.
fn derivatives_of_each_operation_along_a_direction(target: Target) {
    let (variables, formulas) = single_operations();
    for (seed, formula) in formulas.into_iter().enumerate() {
        for variable in 0..variables.len() {
            let problem = Problem::new(variables.clone(), formula.clone(), variable, seed as u64);
            for dtype in FORMATS {
                problem.check("Diff(F,v,u)", dtype, target);
            }
        }
    }
}

fn random_problem(seed: u64, smooth: bool, dim: impl Fn(&mut Random, usize) -> usize) -> Problem {
    let mut random = Random::new(seed);
    let variables = variables(&mut random);
    let variable = random.below(variables.len());
    let dim = dim(&mut random, variables[variable].dim);
    let mut generator = Generator { random, variables: &variables, smooth, integers: false };
    let depth = 1 + generator.random.below(3);
    let formula = generator.formula(depth, dim);
    Problem::new(variables, formula, variable, seed)
}

fn on_random_problems(cases: u64, target: Target, of: impl Fn(u64) -> Vec<(Problem, Vec<&'static str>)>) {
    let mut total = [0, 0];
    for seed in seeds(1, cases) {
        for (problem, operators) in of(seed) {
            let each = operators.iter().flat_map(|operator| FORMATS.map(|dtype| (operator, dtype)));
            for (operator, dtype) in each {
                let caught = std::panic::catch_unwind(|| problem.check(operator, dtype, target));
                let count = caught.unwrap_or_else(|panic| {
                    eprintln!("RKEOPS_TEST_SEED={seed}");
                    std::panic::resume_unwind(panic)
                });
                total = [total[0] + count[0], total[1] + count[1]];
            }
        }
    }
    assert!(total[1] * 100 > total[0] * 80, "the oracle knew {} of {}", total[1], total[0]);
}

fn operators_on_random_formulas(target: Target) {
    on_random_problems(100, target, |seed| {
        let any = random_problem(seed, false, |random, _| 1 + random.below(4));
        let square = random_problem(seed, false, |_, dim| dim);
        vec![(any, FIRST.to_vec()), (square, SQUARE.to_vec())]
    });
}

fn second_order_operators_on_random_formulas(target: Target) {
    on_random_problems(60, target, |seed| {
        let any = random_problem(seed, true, |random, _| 1 + random.below(3));
        let scalar = random_problem(seed, true, |_, _| 1);
        vec![(any, SECOND.to_vec()), (scalar, OF_SCALARS.to_vec())]
    });
}

const POINTS: [&str; 5] = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)", "u = Vi(3,3)", "A = Pm(4,9)"];

/// Operators on formulas whose derivatives are known.
fn closed_forms(target: Target) {
    let pairs = [
        ("Laplacian(SqNorm2(x-y),x)", "6"),
        ("Laplacian(Exp(-SqDist(x,y)),x)", "(4*SqDist(x,y)-6)*Exp(-SqDist(x,y))"),
        ("Laplacian(Laplacian(Square(SqNorm2(x)),x),x)", "120"),
        ("Divergence(x*b,x)", "3*b"),
        ("Divergence(SqNorm2(x)*x,x)", "5*SqNorm2(x)"),
        ("GradMatrix(MatVecMult(A,x),x)", "A"),
        ("GradMatrix(x|y,x)", "y"),
        ("TraceOperator(MatVecMult(A,x),x)", "Elem(A,0)+Elem(A,4)+Elem(A,8)"),
        ("TraceOperator(b*x,x)", "3*b"),
        ("TraceOperator(x+y,x)", "3"),
        ("AdjointOperator(MatVecMult(A,x),x,y)", "VecMatMult(y,A)"),
        ("AdjointOperator(x*b,x,x)", "x*b"),
        ("Diff(x|x,x,u)", "2*(x|u)"),
        ("Diff(Norm2(x),x,IntCst(1))", "Sum(x)/Norm2(x)"),
        ("Diff(Diff(Exp(x|y),x,u),x,u)", "Square(u|y)*Exp(x|y)"),
        ("Diff(Sin(b),x,u)", "Zero(1)"),
        ("Factorize(Exp(x|y)*x,x|y)", "Exp(x|y)*x"),
        ("AutoFactorize(Exp(x|y)*x)", "Exp(x|y)*x"),
    ];
    for (operator, meant) in pairs {
        let sums = [operator, meant].map(|formula| {
            let reduction = Reduction::parse(&format!("Sum_Reduction({formula},0)"), &POINTS).unwrap();
            let variables = [(3, 0), (3, 1), (1, 1), (3, 0), (9, 2)].map(|(dim, category)| Variable { dim, category });
            let kernel = Kernel::compile(
                &[reduction],
                &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() },
            )
            .unwrap();
            Case::new(&variables, Vec::new(), [9, 7]).run_kernel(&kernel, Dtype::F64, 1).unwrap().remove(0)
        });
        let (found, meant) = (sums[0].numbers(), sums[1].numbers());
        assert_eq!(found.len(), meant.len(), "{operator}");
        let close = found.iter().zip(meant).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + b.abs()));
        assert!(close, "{operator}: {found:?}, expected {meant:?}");
    }
}

/// Kernels of a distance at distance 0, where roots have no derivative: it counts as 0, as KeOps has it. First derivatives
/// are their limits then, second ones only of what is made of squares: those of the Matern kernel would be -1.
fn derivatives_where_points_coincide(target: Target) {
    let kernels = [
        ("Norm2(x-y)", 0.0),
        ("Sqrt(SqDist(x,y))", 0.0),
        ("Exp(-Norm2(x-y))", 0.0),
        ("(1+Norm2(x-y))*Exp(-Norm2(x-y))", 0.0),
        ("(1+Norm2(x-y)+SqDist(x,y)/3)*Exp(-Norm2(x-y))", 2.0),
        ("Normalize(x-y)|x", 0.0),
        ("Norm2(Normalize(x-y))", 0.0),
        ("Rsqrt(1+SqDist(x,y))", -3.0),
        ("Exp(-SqDist(x,y))", -6.0),
        ("SinXDivX(Norm2(x-y))", 0.0),
        ("SphericalBesselJ(SqDist(x,y),0)", 0.0),
        ("Pow(Norm2(x-y),3)", 0.0),
    ];
    let operators = ["Grad(F,x,1)", "Grad(F,y,1)", "Diff(F,x,u)", "Diff(Grad(F,x,1),y,u)", "GradMatrix(Grad(F,x,1),x)"];
    for (kernel, laplacian) in kernels {
        for dtype in FORMATS {
            let value = |formula: &str| {
                // Both points are the same.
                let names = ["x = Vi(0,3)", "y = Vi(1,3)", "u = Vi(2,3)"];
                let reduction = Reduction::parse(&format!("Sum_Reduction({formula},0)"), &names).unwrap();
                let kernel =
                    Kernel::compile(&[reduction], &CompileOptions { dtype, target, ..CompileOptions::default() })
                        .unwrap();
                let mut case = Case::new(&[Variable { dim: 3, category: 0 }; 3], Vec::new(), [1, 1]);
                case.inputs = vec![Layout::Repeated; 3];
                case.numbers = Numbers::Special;
                case.run_kernel(&kernel, dtype, 1).unwrap().remove(0).numbers().to_vec()
            };
            for operator in operators {
                let found = value(&operator.replace('F', kernel));
                assert!(found.iter().all(|v| v.is_finite()), "{operator} {kernel}: {found:?}");
                let is_first = !operator.contains("Grad(F,x,1),");
                assert!(!is_first || found.iter().all(|v| *v == 0.0), "{operator} {kernel}: {found:?}");
            }
            let found = value(&format!("Laplacian({kernel},x)"))[0];
            assert!((found - laplacian).abs() < 1e-5, "Laplacian({kernel}): {found}, expected {laplacian}");
        }
    }
}

fn parse(text: &str) -> Formula {
    Formula::parse(text, &POINTS).unwrap_or_else(|error| panic!("{error}"))
}

/// What stays symbolic in a text is written out on demand, with every argument that was there.
#[test]
fn operators_are_formulas() {
    for text in ["Laplacian(x|y,x)", "Diff(Diff(x|x,x,u),x,y)", "GradMatrix(Exp(x),x)", "TraceOperator(x*b,x)"] {
        let formula = parse(text);
        let printed = formula.text().unwrap();
        assert_eq!(Formula::parse(&printed, &[]).unwrap().text().unwrap(), printed);
        assert!(printed.starts_with(text.split('(').next().unwrap()), "{printed}");
        let expanded = formula.expanded().unwrap();
        assert_eq!(expanded.dim(), formula.dim());
        let positions = |f: &Formula| f.graph().variables().map(|(v, _)| v.index).collect::<Vec<_>>();
        assert_eq!(positions(&expanded), positions(&formula));
    }
    let [f, v] = ["x|x", "x"].map(parse);
    let called = Formula::apply("Laplacian", &[&f, &v], &[]).unwrap();
    assert_eq!(called.text().unwrap(), parse("Laplacian(x|x,x)").text().unwrap());
    assert_eq!(called.expanded().unwrap().text().unwrap(), "6");
    // Structural zeros and what is constant are found out.
    for (text, meant) in [
        ("Divergence(y,x)", "Zero(1)"),
        ("GradMatrix(x,x)", "Concat(Concat(ExtractT(1,0,3),ExtractT(1,1,3)),ExtractT(1,2,3))"),
        ("Diff(x+y,x,u)", "Var(3,3,0)"),
        ("Laplacian(x|y,x)", "Zero(1)"),
        ("Elem(GradMatrix(Sin(x),x),1)", "Zero(1)"),
    ] {
        assert_eq!(parse(text).expanded().unwrap().text().unwrap(), meant, "{text}");
    }
}

/// A gradient without a cotangent is that of a scalar, and tuples say the sum of several derivatives.
#[test]
fn what_text_leaves_out() {
    for (short, long) in [
        ("Grad(x|y,x)", "Grad(x|y,x,1)"),
        ("Grad(Grad(x|x,x)|y,x)", "Grad(Grad(x|x,x,1)|y,x,1)"),
        ("Diff(x*y,(x,y),(u,x))", "Diff(x*y,x,u)+Diff(x*y,y,x)"),
        ("Diff(x|y,(x,y),(1,(x+u)*2))", "Diff(x|y,x,1)+Diff(x|y,y,(x+u)*2)"),
        ("Diff(x|y,(x),(u+x))", "Diff(x|y,x,u+x)"),
        (
            "Diff(Diff(x|y,(x,y),(u,x)),(x,y),(y,y))",
            "Diff(Diff(x|y,x,u)+Diff(x|y,y,x),x,y)+Diff(Diff(x|y,x,u)+Diff(x|y,y,x),y,y)",
        ),
    ] {
        assert_eq!(parse(short).text().unwrap(), parse(long).text().unwrap(), "{short}");
    }
    let [f, v] = ["x|y", "x"].map(parse);
    let called = Formula::apply("Grad", &[&f, &v], &[]).unwrap();
    assert_eq!(called.text().unwrap(), parse("Grad(x|y,x,1)").text().unwrap());
    let reduction = |text: &str| Reduction::parse(text, &POINTS).unwrap().text().unwrap();
    assert_eq!(reduction("Grad(Sum_Reduction(x|y,0),x)"), reduction("Grad(Sum_Reduction(x|y,0),x,1)"));
    let expanded = Formula::parse("Diff(x|y,x,x)+Diff(x|y,y,2*y)", &POINTS).unwrap().expanded().unwrap();
    let sum = Reduction::new("Sum", &expanded, Axis::J).unwrap();
    assert_eq!(reduction("Diff(Sum_Reduction(x|y,0),(x,y),(x,(2*y)))"), sum.text().unwrap());
    let several = "; expected `Diff(f, (v, w), (a, b))`, a direction for each variable";
    for (text, kind, message) in [
        ("Diff(x,(x,y),(u,x,y))", ErrorKind::Arity, format!("`Diff` got 2 variables and 3 directions{several}")),
        ("Diff(x,(x,y),u)", ErrorKind::Arity, format!("`Diff` got a tuple beside other operands{several}")),
        ("Diff(x,x,(u,x),x)", ErrorKind::Arity, format!("`Diff` got a tuple beside other operands{several}")),
        (
            "Diff(x,(x,2*y),(u,u))",
            ErrorKind::Argument,
            "`Diff`: the second operand is a formula; expected a variable".into(),
        ),
        ("Grad(x,(x,y),u)", ErrorKind::Syntax, "expected `)`, found `,`".into()),
        ("Diff((x,y),x,u)", ErrorKind::Syntax, "expected `)`, found `,`".into()),
        ("Diff(x,(x,y)*2,u)", ErrorKind::Syntax, "expected `,` or `)`, found `*`".into()),
        ("Diff(x,(x,y", ErrorKind::Syntax, "expected `)`, found the end of the text".into()),
    ] {
        let error = Formula::parse(text, &POINTS).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(error.message().starts_with(&message), "{text}: {error}");
    }
}

/// The derivative of a derivative of a scalar function of D components costs what D products do, not D times as much as
/// a formula of D components: what is zero by construction is not computed.
#[test]
fn zeros_are_not_computed() {
    let cost = |formula: &str, dim: usize| {
        let names = [format!("x = Vi(0,{dim})"), format!("y = Vj(1,{dim})")];
        let names = [names[0].as_str(), names[1].as_str()];
        let reduction = Reduction::parse(&format!("Sum_Reduction({formula},0)"), &names).unwrap();
        Kernel::compile(&[reduction], &CompileOptions::default()).unwrap().operations_per_pair()
    };
    for dim in [3, 10, 40] {
        let value = cost("Exp(-SqDist(x,y))", dim);
        let laplacian = cost("Laplacian(Exp(-SqDist(x,y)),x)", dim);
        assert!(laplacian <= 4 * value, "{laplacian} and {value}");
        let divergence = cost("Divergence(Sin(x*y),x)", dim);
        assert!(divergence <= 2 * cost("Sum(Cos(x*y)*y)", dim), "{divergence}");
    }
}

#[test]
fn what_operators_refuse() {
    for (text, kind, message) in [
        (
            "Diff(x,x,b*Zero(2))",
            ErrorKind::Dimension,
            "`Diff`: the direction has dimension 2; expected that of the variable, 3",
        ),
        (
            "Grad(x,x,Zero(2))",
            ErrorKind::Dimension,
            "`Grad`: the cotangent has dimension 2; expected that of the formula, 3",
        ),
        (
            "Laplacian(x,x)",
            ErrorKind::Dimension,
            "`Laplacian`: the formula has dimension 3; expected a scalar (dimension 1)",
        ),
        (
            "Divergence(x|y,x)",
            ErrorKind::Dimension,
            "`Divergence`: the formula has dimension 1; expected that of the variable, 3",
        ),
        (
            "TraceOperator(x|y,x)",
            ErrorKind::Dimension,
            "`TraceOperator`: the formula has dimension 1; expected that of the variable, 3",
        ),
        (
            "Divergence(x,2*x)",
            ErrorKind::Argument,
            "`Divergence`: the second operand is a formula; expected a variable",
        ),
        (
            "GradMatrix(A,Exp(A))",
            ErrorKind::Argument,
            "`GradMatrix`: the second operand is a formula; expected a variable",
        ),
        (
            "Laplacian(x|x)",
            ErrorKind::Arity,
            "`Laplacian` got 1 operand and 0 integer parameters; expected `Laplacian(f, g)`",
        ),
    ] {
        let error = Formula::parse(text, &POINTS).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(error.message().starts_with(&format!("{message} (column 1)")), "{text}: {error}");
    }
    for text in ["TraceOperator(Square(x),x)", "AdjointOperator(Exp(x),x,u)", "AdjointOperator(x*Norm2(x),x,x)"] {
        let error = parse(text).expanded().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.message().ends_with("expected a formula that is linear in it"), "{error}");
        // A kernel says the same.
        let reduction = Reduction::parse(&format!("Sum_Reduction({text},0)"), &POINTS).unwrap();
        let refused = Kernel::compile(&[reduction], &CompileOptions::default()).unwrap_err();
        assert_eq!(refused.message(), error.message());
    }
    // What would outgrow every formula ends with an error, and soon.
    let wide = Formula::parse("Divergence(Sin(x*y),x)", &["x = Vi(0,1000000)", "y = Vj(1,1000000)"]).unwrap();
    assert_eq!(wide.expanded().unwrap_err().kind(), ErrorKind::Size);
    let nested = (0..30).fold("Exp(SqNorm2(x))".to_owned(), |inner, _| format!("Laplacian({inner},x)"));
    assert_eq!(parse(&nested).expanded().unwrap_err().kind(), ErrorKind::Size);
}
