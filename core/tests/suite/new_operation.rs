//! The worked example of `docs/architecture.md`: an operation and a reduction are each one definition. Here both are
//! defined outside the library, and run on every target with their derivatives.

use crate::support::case::Case;
use crate::support::expression::Variable;
use rkeops_core::formula::{Formula, Graph};
use rkeops_core::ops::{Algebra, EXP, INVERSE, Lanes, Node, Operation, POWER, Rule, Use, Value};
use rkeops_core::reduction::{Change, Columns, Form, LaneReducer, Method, Reducer, Slope, Term};
use rkeops_core::{Axis, Category, CompileOptions, Dtype, ErrorKind, Extra, Kernel, Reduction, Target};

suite!(values_of_the_operation, gradients_of_the_operation, a_vector_operation, namesakes, sums_of_powers, products);

/// `log(1 + exp(f))`, written so that large arguments do not overflow.
static SMOOTH_RAMP: Operation = Operation {
    name: "SmoothRamp",
    operands: 1,
    parameters: &[],
    summary: "log(1 + exp(f))",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].max(0.0) + (-a[0].abs()).exp().ln_1p(),
        lower: |l, a, _| {
            let (zero, one) = (l.constant(0.0), l.constant(1.0));
            let size = l.absolute(a[0]);
            let negative = l.negate(size);
            let power = l.exp(negative);
            let inside = l.add(one, power);
            let log = l.log(inside);
            let positive = l.maximum(a[0], zero);
            l.add(positive, log)
        },
    },
    // e / (1 + exp(-f))
    derivative: |f, u, _, e| {
        let negative = f.minus(u.operands[0]);
        let power = f.apply(&EXP, &[negative], &[]);
        let one = f.constant(1.0);
        let denominator = f.add(one, power);
        let slope = f.apply(&INVERSE, &[denominator], &[]);
        Some(f.multiply(e, slope))
    },
};

/// The components in the opposite order, `k` times.
static REVERSED: Operation = Operation {
    name: "Reversed",
    operands: 1,
    parameters: &["k"],
    summary: "the components of f backwards, k times",
    commutative: false,
    rule: Rule::Vector {
        dim: |d, p| {
            let times = usize::try_from(p[0]).map_err(|_| format!("parameter `k` is {}; expected 0 or more", p[0]))?;
            Ok(d[0] * times)
        },
        meaning: |a, p| (0..p[0]).flat_map(|_| a[0].iter().rev().copied()).collect(),
        lower: |_, a, p| (0..p[0]).flat_map(|_| a[0].iter().rev().copied()).collect(),
    },
    derivative: reversed_derivative,
};

fn reversed_derivative(f: &mut dyn Algebra, u: Use<'_>, _: usize, e: Node) -> Option<Node> {
    // What was repeated is added, then turned around again.
    let dim = f.dim(u.operands[0]);
    let part = |f: &mut dyn Algebra, k: i64| {
        let part = f.apply(&rkeops_core::ops::EXTRACT, &[e], &[k * dim as i64, dim as i64]);
        f.apply(&REVERSED, &[part], &[1])
    };
    let mut total = part(f, 0);
    for k in 1..u.parameters[0] {
        let next = part(f, k);
        total = f.add(total, next);
    }
    Some(total)
}

fn variables() -> (Vec<Variable>, Formula, Formula, Formula) {
    let dims = [(3, Category::I), (3, Category::J), (3, Category::I)];
    let all = dims.map(|(dim, category)| Variable { dim, category: category as usize }).to_vec();
    let [x, y, e] = [0, 1, 2].map(|k| Formula::variable(k, dims[k].0, dims[k].1).unwrap());
    (all, x, y, e)
}

fn smooth_ramp(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

const FORMATS: [(Dtype, f64); 2] = [(Dtype::F32, 2e-6), (Dtype::F64, 1e-14)];

/// Runs one reduction and compares each element with the sum of what `meant` gives for each pair; the arguments of
/// `meant` are the values of the variables and the column.
fn compare(reduction: Reduction, target: Target, meant: impl Fn(&[Vec<f64>], usize) -> f64) {
    let (variables, ..) = variables();
    for (dtype, tolerance) in FORMATS {
        for rows in [[9, 40], [3, 300], [70, 1]] {
            let options = CompileOptions { dtype, target, ..CompileOptions::default() };
            let kernel = Kernel::compile(std::slice::from_ref(&reduction), &options).unwrap();
            let mut case = Case::new(&variables[..kernel.inputs().len()], Vec::new(), rows);
            case.axis = reduction.axis() as usize;
            let found = case.run_kernel(&kernel, dtype, 1).unwrap();
            let columns = reduction.dim();
            assert_eq!(found[0].numbers().len(), case.kept() * columns);
            for (place, &found) in found[0].numbers().iter().enumerate() {
                let pairs = (0..case.reduced()).map(|k| case.pair(place / columns, k, dtype));
                let terms: Vec<f64> = pairs.map(|pair| meant(&pair, place % columns)).collect();
                let (sum, size): (f64, f64) = (terms.iter().sum(), terms.iter().map(|t| t.abs()).sum());
                let off = (found - sum).abs();
                assert!(off <= tolerance * (1.0 + size), "{} {dtype} {rows:?}: {found} and {sum}", target.name());
            }
        }
    }
}

fn sum_of(formula: &Formula) -> Reduction {
    Reduction::new("Sum", formula, Axis::J).unwrap()
}

/// `10 * x * y`, so that both branches are taken.
fn product(x: &Formula, y: &Formula) -> Formula {
    let product = Formula::apply("Mult", &[x, y], &[]).unwrap();
    Formula::apply("Mult", &[&Formula::constant(10.0), &product], &[]).unwrap()
}

fn values_of_the_operation(target: Target) {
    let (_, x, y, e) = variables();
    let formula = Formula::apply_operation(&SMOOTH_RAMP, &[&product(&x, &y)], &[]).unwrap();
    assert_eq!(formula.dim(), 3);
    assert_eq!(formula.text().unwrap(), "SmoothRamp(10*(Var(0,3,0)*Var(1,3,1)))");
    let at = formula.evaluate(&[(0, &[1.0, -2.0, 0.0][..]), (1, &[1.0; 3][..])].into()).unwrap();
    assert_eq!(at, [smooth_ramp(10.0), smooth_ramp(-20.0), smooth_ramp(0.0)]);
    let formula = Formula::apply("Mult", &[&formula, &e], &[]).unwrap();
    compare(sum_of(&formula), target, |v, c| smooth_ramp(10.0 * v[0][c] * v[1][c]) * v[2][c]);
    // Text knows the library's operations only, and says so.
    let error = Formula::parse("SmoothRamp(Var(0,3,0))", &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownName);
    // Arity and dimensions are checked as for any operation.
    let error = Formula::apply_operation(&SMOOTH_RAMP, &[&x, &y], &[]).unwrap_err();
    assert_eq!(error.message(), "`SmoothRamp` got 2 operands and 0 integer parameters; expected `SmoothRamp(f)`");
}

fn gradients_of_the_operation(target: Target) {
    let (_, x, y, e) = variables();
    let formula = Formula::apply_operation(&SMOOTH_RAMP, &[&product(&x, &y)], &[]).unwrap();
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let gradient = sum_of(&formula).gradient(&x, &e, &[]).unwrap();
    compare(gradient, target, |v, c| logistic(10.0 * v[0][c] * v[1][c]) * 10.0 * v[1][c] * v[2][c]);
    // With respect to the other index, and once more.
    let gradient = sum_of(&formula).gradient(&y, &e, &[]).unwrap();
    assert_eq!(gradient.axis(), Axis::I);
    compare(gradient.clone(), target, |v, c| logistic(10.0 * v[0][c] * v[1][c]) * 10.0 * v[0][c] * v[2][c]);
    let second = gradient.gradient(&e, &y, &[]).unwrap();
    compare(second, target, |v, c| logistic(10.0 * v[0][c] * v[1][c]) * 10.0 * v[0][c] * v[1][c]);
}

fn a_vector_operation(target: Target) {
    let (_, x, y, e) = variables();
    let twice = Formula::apply_operation(&REVERSED, &[&x], &[2]).unwrap();
    assert_eq!(twice.dim(), 6);
    let other = Formula::apply("Concat", &[&y, &e], &[]).unwrap();
    let formula = Formula::apply("Scalprod", &[&twice, &other], &[]).unwrap();
    compare(sum_of(&formula), target, |v, _| (0..3).map(|k| v[0][2 - k] * (v[1][k] + v[2][k])).sum());
    let one = Formula::constant(1.0);
    compare(sum_of(&formula).gradient(&x, &one, &[]).unwrap(), target, |v, c| v[1][2 - c] + v[2][2 - c]);
    let error = Formula::apply_operation(&REVERSED, &[&x], &[-1]).unwrap_err();
    assert_eq!(error.message(), "`Reversed`: parameter `k` is -1; expected 0 or more");
    assert_eq!(error.kind(), ErrorKind::Dimension);
}

/// `2 f` under a name that another operation has too.
const fn doubled(name: &'static str) -> Operation {
    Operation {
        name,
        operands: 1,
        parameters: &[],
        summary: "2 f",
        commutative: false,
        rule: Rule::Elementwise { meaning: |a, _| 2.0 * a[0], lower: |l, a, _| l.add(a[0], a[0]) },
        derivative: |f, _, _, e| Some(f.scale(2.0, e)),
    }
}

static OTHER_SMOOTH_RAMP: Operation = doubled("SmoothRamp");
static FALSE_EXP: Operation = doubled("Exp");

/// Operations of one name are different operations: in a formula, and in the cache of kernels.
fn namesakes(target: Target) {
    let (_, x, y, _) = variables();
    let product = product(&x, &y);
    let [one, other] = [&SMOOTH_RAMP, &OTHER_SMOOTH_RAMP]
        .map(|operation| Formula::apply_operation(operation, &[&product], &[]).unwrap());
    let scale = |v: &[Vec<f64>], c: usize| 10.0 * v[0][c] * v[1][c];
    compare(sum_of(&one), target, |v, c| smooth_ramp(scale(v, c)));
    compare(sum_of(&other), target, |v, c| 2.0 * scale(v, c));
    let both = Formula::apply("Subtract", &[&one, &other], &[]).unwrap();
    compare(sum_of(&both), target, |v, c| smooth_ramp(scale(v, c)) - 2.0 * scale(v, c));
    // A name of the library would be read as the library's operation.
    let error = Formula::apply_operation(&FALSE_EXP, &[&x], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert_eq!(error.message(), "`Exp` is an operation of the library; expected another name");
    let mut graph = Graph::default();
    let x = graph.checked_variable(0, 1, Category::I).unwrap();
    let [mine, theirs] = [&FALSE_EXP, &EXP].map(|operation| graph.apply(operation, &[x], &[]));
    assert_ne!(mine, theirs);
    assert!(graph.match_operation(mine, &EXP).is_none());
}

/// The sum of powers: as the sum, of the power of the formula. Different reducers have one name here, and no field
/// tells them apart; the first has the library's name.
#[derive(Debug)]
struct SumOfPowers<const EXPONENT: i32>;

impl<const EXPONENT: i32> Reducer for SumOfPowers<EXPONENT> {
    fn name(&self) -> &'static str {
        if EXPONENT == 1 { "Sum" } else { "SumOfPowers" }
    }
    fn summary(&self) -> &'static str {
        "sum of powers; 0 where nothing is reduced"
    }
    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }
    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        let lower = algebra.apply(&POWER, &[change.formula], &[i64::from(EXPONENT) - 1]);
        let power = algebra.scale(f64::from(EXPONENT), lower);
        Ok(Slope::of_all(algebra.multiply(power, change.slope)))
    }
}

impl<const EXPONENT: i32> LaneReducer for SumOfPowers<EXPONENT> {
    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; form.dim]
    }
    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let pairs = block.iter().zip(term.formula);
        pairs
            .map(|(&sum, &value)| {
                let power = (1..EXPONENT).fold(value, |power, _| l.multiply(power, value));
                l.add(power, sum)
            })
            .collect()
    }
    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        first.iter().zip(second).map(|(&a, &b)| l.add(a, b)).collect()
    }
}

fn sums_of_powers(target: Target) {
    let (_, x, y, e) = variables();
    let difference = Formula::apply("Subtract", &[&x, &y], &[]).unwrap();
    let reducers: [&'static dyn Reducer; 2] = [&SumOfPowers::<2>, &SumOfPowers::<3>];
    for (reducer, exponent) in reducers.into_iter().zip([2, 3]) {
        let reduction = Reduction::with_reducer(reducer, &difference, Extra::default(), Axis::J).unwrap();
        assert_eq!(reduction.text().unwrap(), "SumOfPowers_Reduction(Var(0,3,0)-Var(1,3,1),0)");
        compare(reduction.clone(), target, |v, c| (v[0][c] - v[1][c]).powi(exponent));
        let gradient = reduction.gradient(&y, &e, &[]).unwrap();
        assert_eq!(gradient.axis(), Axis::I);
        let slope = f64::from(exponent);
        compare(gradient, target, |v, c| -slope * (v[0][c] - v[1][c]).powi(exponent - 1) * v[2][c]);
    }
    let error = Reduction::with_reducer(&SumOfPowers::<1>, &x, Extra::default(), Axis::J).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert_eq!(error.message(), "`Sum` is a reduction of the library; expected another name");
    for reducer in rkeops_core::reduction::all() {
        let reduction = Reduction::with_reducer(reducer, &Formula::constant(1.0), Extra::default(), Axis::J);
        let is_plain = !reducer.is_weighted() && reducer.parameters().is_empty();
        assert_eq!(reduction.is_ok(), is_plain, "{}", reducer.name());
    }
}

/// The product and the number of its factors: a state of two numbers for one component, three columns for each.
#[derive(Debug)]
struct Product;

impl Reducer for Product {
    fn name(&self) -> &'static str {
        "Product"
    }
    fn summary(&self) -> &'static str {
        "product, number of factors, and half that number"
    }
    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        vec![Columns::numbers(3 * form.dim)]
    }
    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }
}

impl LaneReducer for Product {
    fn block(&self, form: Form<'_>) -> Vec<f64> {
        [1.0, 0.0].repeat(form.dim)
    }
    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let one = l.constant(1.0);
        let pairs = block.chunks_exact(2).zip(term.formula);
        pairs.flat_map(|(state, &value)| [l.multiply(state[0], value), l.add(state[1], one)]).collect()
    }
    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        let pairs = first.chunks_exact(2).zip(second.chunks_exact(2));
        pairs.flat_map(|(a, b)| [l.multiply(a[0], b[0]), l.add(a[1], b[1])]).collect()
    }
    fn finish(&self, l: &mut dyn Lanes, _: Form<'_>, total: &[Value]) -> Vec<Value> {
        let half = l.constant(0.5);
        total.chunks_exact(2).flat_map(|state| [state[0], state[1], l.multiply(half, state[1])]).collect()
    }
}

fn products(target: Target) {
    let (all, x, y, _) = variables();
    // 1 + x y / 64, so that long products stay in range.
    let scaled = Formula::apply("Divide", &[&product(&x, &y), &Formula::constant(640.0)], &[]).unwrap();
    let factor = Formula::apply("Add", &[&Formula::constant(1.0), &scaled], &[]).unwrap();
    let reduction = Reduction::with_reducer(&Product, &factor, Extra::default(), Axis::J).unwrap();
    assert_eq!(reduction.dim(), 9);
    for (dtype, tolerance) in FORMATS {
        for rows in [[9, 40], [3, 600], [70, 300], [5, 0], [1, 1]] {
            let kernel = Kernel::compile(
                std::slice::from_ref(&reduction),
                &CompileOptions { dtype, target, ..CompileOptions::default() },
            )
            .unwrap();
            let case = Case::new(&all[..2], Vec::new(), rows);
            let found = case.run_kernel(&kernel, dtype, 1).unwrap();
            for (place, &found) in found[0].numbers().iter().enumerate() {
                let component = place % 9 / 3;
                let meant = match place % 3 {
                    0 => (0..case.reduced())
                        .map(|k| case.pair(place / 9, k, dtype))
                        .map(|v| 1.0 + v[0][component] * v[1][component] / 64.0)
                        .product(),
                    1 => rows[1] as f64,
                    _ => rows[1] as f64 / 2.0,
                };
                assert!(
                    (found - meant).abs() <= 20.0 * tolerance * meant.abs(),
                    "{dtype} {rows:?}: {found} and {meant}"
                );
            }
        }
    }
    let error = reduction.gradient(&x, &Formula::constant(1.0), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.message(), "the gradient of the reduction `Product` is not available: it defines none");
}
