//! Derivatives against dual numbers: of every operation, of random formulas, first and second, with respect to
//! variables of both indices and parameters, of formulas and of sums; and the values at kinks and poles.

use crate::support::approximate::{Approximate, Double, Format, Single};
use crate::support::case::{Case, Numbers, Values};
use crate::support::dual::{Dual, each};
use crate::support::expression::{Expression, Variable, aliases, call2};
use crate::support::generate::{Generator, variables};
use crate::support::oracle::{Expected, takes_part};
use crate::support::random::{Random, seeds};
use crate::support::reducing::masked_sum;
use crate::support::samples::single_operations;
use crate::support::scalar::Scalar;
use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Formula, Kernel, Reduction, RunOptions, Target};

suite!(
    gradients_of_each_operation,
    gradients_of_random_formulas,
    second_derivatives_of_random_formulas,
    values_at_kinks_and_poles,
    gradients_inside_formulas,
    value_and_gradients_in_one_pass,
);

/// What multiplies the oracle's bound: reverse accumulation adds in another order than dual numbers do.
const SLACK: f64 = 16.0;

/// A sum and the variables that it is differentiated with respect to, one after the other.
#[derive(Clone, Debug)]
struct Derivative {
    variables: Vec<Variable>,
    formula: Expression,
    axis: usize,
    /// Each with its cotangent.
    steps: Vec<(usize, usize)>,
    rows: [usize; 2],
    numbers: Numbers,
    seed: u64,
}

impl Derivative {
    /// Adds a variable for the cotangent and differentiates with respect to `variable`.
    fn with_respect_to(mut self, variable: usize) -> Self {
        let dim = match self.steps.last() {
            None => self.formula.columns(&self.variables),
            Some(&(earlier, _)) => self.variables[earlier].dim,
        };
        let category = 1 - self.axis;
        self.variables.push(Variable { dim, category });
        self.steps.push((variable, self.variables.len() - 1));
        if self.variables[variable].category == self.axis {
            self.axis = 1 - self.axis;
        }
        self
    }

    /// `Grad(Grad(Sum_Reduction(F,0),x,e),y,h)`
    fn text(&self, first_axis: usize) -> String {
        let sum = format!("Sum_Reduction({},{})", self.formula.text(), 1 - first_axis);
        self.steps.iter().fold(sum, |inner, (x, e)| format!("Grad({inner},v{x},v{e})"))
    }

    fn case(&self) -> Case {
        let mut case = Case::new(&self.variables, Vec::new(), self.rows);
        (case.axis, case.seed, case.numbers) = (self.axis, self.seed, self.numbers);
        case
    }

    /// The value of `<e, F>` or of its derivative along the earlier cotangents, in numbers with a further slope.
    fn contracted<S: Scalar>(&self, values: &[Vec<S>]) -> S {
        let cotangent = &values[self.steps[0].1];
        let formula = self.formula.unmasked().0.evaluate(values);
        let products = formula.iter().zip(cotangent).map(|(f, e)| f.multiply(e));
        products.reduce(|sum, p| sum.add(&p)).expect("a dimension above 0")
    }

    /// The columns of one row of the result.
    fn expected<F: Format>(&self, row: usize, dtype: Dtype) -> Vec<Expected> {
        let case = self.case();
        let last = self.steps[self.steps.len() - 1].0;
        let mut terms: Vec<Vec<Approximate<F>>> = vec![Vec::new(); self.variables[last].dim];
        let condition = self.formula.unmasked().1;
        let mut mask = Vec::new();
        for other in 0..case.reduced() {
            let pair = case.pair(row, other, dtype);
            mask.push(takes_part(condition, &each(&pair, |_, _, v| Approximate::<F>::exact(v))));
            for (column, terms) in terms.iter_mut().enumerate() {
                let unit = |k: usize, c: usize| f64::from(u8::from(k == last && c == column));
                let exact = Approximate::<F>::exact;
                terms.push(match self.steps[..] {
                    [_] => {
                        let dual = |k: usize, c: usize, v: f64| Dual::new(exact(v), exact(unit(k, c)));
                        self.contracted(&each(&pair, dual)).slope
                    }
                    [(first, _), (_, direction)] => {
                        let dual = |k: usize, c: usize, v: f64| {
                            let along = if k == first { pair[direction][c] } else { 0.0 };
                            let inner = Dual::new(exact(v), exact(along));
                            Dual::new(inner, Dual::new(exact(unit(k, c)), exact(0.0)))
                        };
                        self.contracted(&each(&pair, dual)).slope.slope
                    }
                    _ => unreachable!("one or two derivatives"),
                });
            }
        }
        terms.iter().map(|terms| masked_sum(terms, &mask)).collect()
    }

    fn first_axis(&self) -> usize {
        1 - self.variables[self.steps[0].1].category
    }

    fn reduction(&self) -> Reduction {
        let aliases = aliases(&self.variables);
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        Reduction::parse(&self.text(self.first_axis()), &aliases).unwrap_or_else(|e| panic!("{e}\n{self:?}"))
    }

    /// Compares the library's gradient with the oracle's; how many values were compared and how many were known.
    fn check(&self, dtype: Dtype, target: Target) -> (usize, usize) {
        let reduction = self.reduction();
        let last = self.steps[self.steps.len() - 1].0;
        assert_eq!(reduction.dim(), self.variables[last].dim);
        assert_eq!(reduction.axis() as usize, self.axis, "the gradient is summed over the other index");
        let kernel =
            Kernel::compile(&[reduction], &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap();
        let case = self.case();
        let results = case.run_kernel(&kernel, dtype, 1).unwrap();
        let (mut compared, mut known) = (0, 0);
        for row in 0..case.kept() {
            let expected = match dtype {
                Dtype::F32 => self.expected::<Single>(row, dtype),
                _ => self.expected::<Double>(row, dtype),
            };
            for (column, expected) in expected.iter().enumerate() {
                let found = results[0].numbers()[row * self.variables[last].dim + column];
                // An intermediate result may leave the range of float32; the same is compared in float64, where that happens
                // beside something that vanishes.
                let tiny = |number: f64| number.abs() < 1e-200;
                let vanishes = matches!(expected, Expected::Number { value, error } if tiny(*value) && tiny(*error) && *error > 0.0);
                let left_range = (dtype == Dtype::F32 || vanishes) && !found.is_finite();
                (compared, known) = (compared + 1, known + usize::from(expected.is_known() && !left_range));
                if let Some(what) = expected.refuse_number(found, SLACK).filter(|_| !left_range) {
                    panic!(
                        "{} {dtype} row {row} column {column}: {what}\n{}\n{:?} rows {:?} data seed {}\n{}",
                        target.name(),
                        self.text(self.first_axis()),
                        aliases(&self.variables),
                        self.rows,
                        self.seed,
                        kernel.explain().lines().take(4).collect::<Vec<_>>().join("\n"),
                    );
                }
            }
        }
        (compared, known)
    }
}

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

fn gradients_of_each_operation(target: Target) {
    let (variables, formulas) = single_operations();
    for (seed, formula) in formulas.into_iter().enumerate() {
        for axis in [0, 1] {
            for variable in 0..variables.len() {
                let derivative = Derivative {
                    variables: variables.clone(),
                    formula: formula.clone(),
                    axis,
                    steps: Vec::new(),
                    rows: [4, 3],
                    numbers: if (seed + axis) % 2 == 0 { Numbers::Ordinary } else { Numbers::Integers },
                    seed: seed as u64,
                };
                let derivative = derivative.with_respect_to(variable);
                for dtype in FORMATS {
                    derivative.check(dtype, target);
                }
            }
        }
    }
}

fn random_derivative(seed: u64, order: usize) -> Derivative {
    let mut random = Random::new(seed);
    let variables = variables(&mut random);
    let mut generator = Generator { random, variables: &variables, smooth: order > 1, integers: false };
    let dim = 1 + generator.random.below(4);
    let depth = 1 + generator.random.below(4);
    let mut formula = match generator.random.chance(0.15) {
        true => generator.complex(depth, dim),
        false => generator.formula(depth, dim),
    };
    if generator.random.chance(0.3) {
        formula = call2("Mask", formula, generator.condition(1));
    }
    let mut random = generator.random;
    let rows = *random.pick(&[[1, 1], [3, 9], [9, 4], [5, 2]]);
    // Integers lie at the kinks and jumps.
    let numbers = if random.chance(0.3) { Numbers::Integers } else { Numbers::Ordinary };
    let axis = random.below(2);
    let mut derivative = Derivative { variables, formula, axis, steps: Vec::new(), rows, numbers, seed };
    for _ in 0..order {
        // Earlier cotangents are variables too.
        let variable = random.below(derivative.variables.len());
        derivative = derivative.with_respect_to(variable);
    }
    derivative
}

fn random_derivatives(order: usize, cases: u64, target: Target) {
    let (mut compared, mut known) = (0, 0);
    for seed in seeds(1, cases) {
        let derivative = random_derivative(seed, order);
        for dtype in FORMATS {
            let caught = std::panic::catch_unwind(|| derivative.check(dtype, target));
            match caught {
                Ok((c, k)) => (compared, known) = (compared + c, known + k),
                Err(panic) => {
                    eprintln!("RKEOPS_TEST_SEED={seed}");
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    assert!(known * 100 > compared * 80, "the oracle knew {known} of {compared}");
}

fn gradients_of_random_formulas(target: Target) {
    random_derivatives(1, 250, target);
}

fn second_derivatives_of_random_formulas(target: Target) {
    random_derivatives(2, 150, target);
}

/// The gradient of `f(x)` in `x` at a point.
fn slope_at(formula: &str, dim: usize, point: &[f64], dtype: Dtype, target: Target) -> Vec<f64> {
    let aliases = [format!("x = Vi(0,{dim})"), "e = Vi(1,1)".into()];
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    let text = format!("Grad(Sum_Reduction({formula},0),x,e)");
    let kernel = Kernel::compile(
        &[Reduction::parse(&text, &aliases).unwrap()],
        &CompileOptions { dtype, target, ..CompileOptions::default() },
    )
    .unwrap();
    let shape = [1, dim];
    if dtype == Dtype::F32 {
        let (point, mut out): (Vec<f32>, _) = (point.iter().map(|&p| p as f32).collect(), vec![9.0f32; dim]);
        let inputs = [ArrayRef::f32(&point, &shape), ArrayRef::f32(&[1.0], &[1, 1])];
        kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &shape)], &RunOptions::default()).unwrap();
        return out.iter().map(|&v| f64::from(v)).collect();
    }
    let mut out = vec![9.0; dim];
    let inputs = [ArrayRef::f64(point, &shape), ArrayRef::f64(&[1.0], &[1, 1])];
    kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &shape)], &RunOptions::default()).unwrap();
    out
}

/// What KeOps' users rely on: zero where a root has a pole, one where the rectifier has its kink.
fn values_at_kinks_and_poles(target: Target) {
    let scalars = [
        ("Sqrt(x)", 0.0, 0.0),
        ("Sqrt(x)", -0.0, 0.0),
        ("Sqrt(x)", 4.0, 0.25),
        ("Rsqrt(x)", 0.0, 0.0),
        ("Rsqrt(x)", 4.0, -1.0 / 16.0),
        ("ReLU(x)", 0.0, 1.0),
        ("ReLU(x)", -0.0, 1.0),
        ("ReLU(x)", -1.0, 0.0),
        ("ReLU(x)", 2.0, 1.0),
        ("Abs(x)", 0.0, 0.0),
        ("Abs(x)", -3.0, -1.0),
        ("Abs(x)", 3.0, 1.0),
        ("Sign(x)", 0.0, 0.0),
        ("Step(x)", 0.0, 0.0),
        ("Norm2(x)", 0.0, 0.0),
        ("Norm2(x)", -2.0, -1.0),
        ("Pow(x,0)", 0.0, 0.0),
        ("Pow(x,1)", 0.0, 1.0),
        ("Pow(x,2)", 0.0, 0.0),
        ("Pow(x,3)", 0.0, 0.0),
        ("Pow(x,-1)", 2.0, -0.25),
        ("Powf(x,2)", 0.0, 0.0),
        ("Powf(x,1)", 0.0, 1.0),
        ("Powf(x,3)", -2.0, 12.0),
        ("Square(x)", 0.0, 0.0),
        ("Exp(x)", 0.0, 1.0),
        ("Tanh(x)", 0.0, 1.0),
        ("x - x", 5.0, 0.0),
        ("Zero(1)", 5.0, 0.0),
        ("IntCst(3)", 5.0, 0.0),
        ("IntInv(3)", 5.0, 0.0),
        ("Asin(x)", 1.0, 0.0),
        ("Asin(x)", -1.0, 0.0),
        ("Asin(x)", 0.0, 1.0),
        ("Acos(x)", 1.0, 0.0),
        ("Acos(x)", -1.0, 0.0),
        ("Acos(x)", 0.0, -1.0),
        ("Atan(x)", 0.0, 1.0),
        ("Atan2(x,IntCst(2))", 0.0, 0.5),
        ("Atan2(IntCst(2),x)", 0.0, -0.5),
        ("SinXDivX(x)", 0.0, 0.0),
        ("SinXDivX(x)", -0.0, 0.0),
        ("XLogX(x)", 1.0, 1.0),
        ("Log1p(x)", 0.0, 1.0),
        ("Expm1(x)", 0.0, 1.0),
        ("Tan(x)", 0.0, 1.0),
        ("Sinh(x)", 0.0, 1.0),
        ("Cosh(x)", 0.0, 0.0),
        ("Asinh(x)", 0.0, 1.0),
        ("Acosh(x)", 1.0, 0.0),
        ("Atanh(x)", 0.0, 1.0),
        ("Sigmoid(x)", 0.0, 0.25),
        ("Sigmoid(x)", -1e9, 0.0),
        ("Softplus(x)", 0.0, 0.5),
        ("Softplus(x)", 1e9, 1.0),
        ("Erf(x)", 0.0, std::f64::consts::FRAC_2_SQRT_PI),
        ("Erfc(x)", 0.0, -std::f64::consts::FRAC_2_SQRT_PI),
        ("Normalize(x)", 0.0, 0.0),
        ("Normalize(x)", 3.0, 0.0),
        ("Floor(x)", 2.0, 0.0),
        ("Round(x,1)", 0.25, 0.0),
        ("ClampInt(x,-1,2)", -1.0, 1.0),
        ("ClampInt(x,-1,2)", 2.0, 1.0),
        ("ClampInt(x,-1,2)", 2.5, 0.0),
        ("DiffClampInt(x,-1,2)", 2.0, 0.0),
        ("Clamp(x,IntCst(-1),IntCst(2))", -1.0, 1.0),
        ("Clamp(x,IntCst(-1),IntCst(2))", 2.0, 1.0),
        ("Clamp(x,IntCst(-1),IntCst(2))", -1.5, 0.0),
        ("Clamp(IntCst(1),x,IntCst(2))", 1.0, 0.0),
        ("Clamp(IntCst(1),x,IntCst(2))", 1.5, 1.0),
        ("Clamp(IntCst(1),IntCst(-2),x)", 1.0, 0.0),
        ("Clamp(IntCst(1),IntCst(-2),x)", 0.5, 1.0),
        ("Clamp(x,IntCst(1),IntCst(1))", 1.0, 1.0),
        ("Clamp(x,IntCst(1),IntCst(1))", 0.5, 0.0),
        ("Clamp(IntCst(2),x,x)", 1.0, 1.0),
        ("IfElse(x,2*x,3*x)", 0.0, 2.0),
        ("IfElse(x,2*x,3*x)", -0.0, 2.0),
        ("IfElse(x,2*x,3*x)", -1.0, 3.0),
        ("Mod(x,IntCst(2),IntCst(1))", 3.0, 1.0),
        ("Mod(IntCst(7),x,IntCst(1))", 2.0, -3.0),
        ("Mod(IntCst(7),IntCst(2),x)", 0.5, 0.0),
        ("Equal(x,IntCst(1))", 1.0, 0.0),
        ("LessThan(x,IntCst(1))", 1.0, 0.0),
        ("Max(x)", 2.0, 1.0),
        ("ArgMax(x)", 2.0, 0.0),
        ("OneHot(x,1)", 0.0, 0.0),
        ("Lgamma(x)", 1.0, -0.577_215_664_901_532_9),
        ("Digamma(x)", 1.0, 1.644_934_066_848_226_4),
        ("Polygamma(x,1)", 2.0, -0.404_113_806_319_188_6),
        ("BesselK(1/2,x)", 1.0, -0.691_602_638_300_592_5),
        ("Matern(1/3,x)", 0.0, 0.0),
        ("Matern(1/2,x)", 0.0, 0.0),
        ("Matern(3/4,x)", 0.0, 0.0),
        ("Matern(1,x)", 0.0, 0.0),
        ("Matern(3/2,x)", 0.0, 0.0),
        ("Matern(2.3,x)", 0.0, 0.0),
        ("Matern(1/2,x)", -1.0, 0.367_879_441_171_442_3),
        ("Matern(3/2,x)", 1.0, -3.0 * (-(3.0f64).sqrt()).exp()),
        ("LogSumExp(x)", 3.0, 1.0),
        ("Softmax(x)", 3.0, 0.0),
        // Hats over equal knots, at their ends and in the middle.
        ("BSpline(Concat(Concat(0,0),1),x,1)", 0.25, -1.0),
        ("BSpline(Concat(Concat(0,0),1),x,1)", 0.0, -1.0),
        ("BSpline(Concat(Concat(0,0),1),x,1)", 1.0, 0.0),
        ("BSpline(Concat(Concat(0,1),1),x,1)", 0.5, 1.0),
        ("BSpline(Concat(Concat(0,0),0),x,1)", 0.0, 0.0),
        ("BSpline(Concat(x,Concat(1,1)),1/2,1)", 0.0, -0.5),
        ("SoftDTW_SqDist(x,2*x,1)", 3.0, 6.0),
    ];
    for (formula, point, meant) in scalars {
        for dtype in FORMATS {
            let found = slope_at(formula, 1, &[point], dtype, target)[0];
            assert!((found - meant).abs() <= 1e-6, "{formula} at {point}: {found}, expected {meant}");
        }
    }
    for formula in ["Norm2(x)", "Sum(Sqrt(x))", "SqNorm2(x)", "Sum(Abs(x))", "Norm2(x)*Norm2(x)"] {
        for dtype in FORMATS {
            assert_eq!(slope_at(formula, 3, &[0.0; 3], dtype, target), [0.0; 3], "{formula}");
        }
    }
    // Of equal components the first one alone is differentiated.
    for (formula, meant) in [
        ("Max(x)", [0.0, 1.0, 0.0]),
        ("Min(x)", [1.0, 0.0, 0.0]),
        ("Max(Concat(x,x))", [0.0, 1.0, 0.0]),
        ("Max(-x)", [-1.0, 0.0, 0.0]),
    ] {
        for dtype in FORMATS {
            assert_eq!(slope_at(formula, 3, &[1.0, 2.0, 2.0], dtype, target), meant, "{formula}");
        }
    }
    for dtype in FORMATS {
        assert_eq!(slope_at("XLogX(x)", 1, &[0.0], dtype, target), [f64::NEG_INFINITY]);
        assert_eq!(slope_at("Sum(Normalize(x))", 3, &[0.0; 3], dtype, target), [0.0; 3]);
    }
    // The distance of a point to itself, which kernels of point clouds contain.
    assert_eq!(slope_at("Norm2(x-x*IntCst(1))", 2, &[1.0, 2.0], Dtype::F64, target), [0.0; 2]);
}

/// `Grad` may stand inside a formula, and its result is a formula like any other.
fn gradients_inside_formulas(target: Target) {
    let aliases = ["x = Vi(0,2)", "y = Vj(1,2)", "e = Vj(2,1)"];
    let pairs = [
        ("Grad(Exp(-SqDist(x,y)),x,e)", "-2*Exp(-SqDist(x,y))*(x-y)*e"),
        ("Grad(Exp(-SqDist(x,y)),y,e)", "2*Exp(-SqDist(x,y))*(x-y)*e"),
        ("Sum(Grad((x|y)**3,x,e))", "3*(x|y)**2*e*Sum(y)"),
        ("Grad(Grad(x|y,x,e)|x,x,IntCst(1))", "e*y"),
        ("Grad(Sin(e),x,e)", "Zero(2)"),
        ("Grad(x,x,y)", "y"),
        ("Grad(x*y,x,e)", "e*y"),
        ("Grad(x,x,IntCst(1))", "SumT(IntCst(1),2)"),
    ];
    for (left, right) in pairs {
        let results: Vec<Vec<Values>> = [left, right]
            .map(|formula| {
                let reduction = Reduction::parse(&format!("Sum_Reduction({formula},0)"), &aliases).unwrap();
                let variables = [(2, 0), (2, 1), (1, 1)].map(|(dim, category)| Variable { dim, category });
                let options = CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() };
                let kernel = Kernel::compile(&[reduction], &options).unwrap();
                Case::new(&variables, Vec::new(), [9, 7]).run_kernel(&kernel, Dtype::F64, 1).unwrap()
            })
            .to_vec();
        let (a, b) = (results[0][0].numbers(), results[1][0].numbers());
        assert_eq!(a.len(), b.len(), "{left}");
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-13), "{left}: {a:?}, expected {b:?}");
    }
}

/// Value and gradients for variables of one index share a pass.
fn value_and_gradients_in_one_pass(target: Target) {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)", "e = Vi(3,2)", "s = Pm(4,1)"];
    let sum = "Sum_Reduction(Exp(-s*s*SqDist(x,y))*b,0)";
    let texts = [sum.to_string(), format!("Grad({sum},x,e)"), format!("Grad({sum},s,e)"), format!("Grad({sum},e,e)")];
    let variables = [(3, 0), (3, 1), (2, 1), (2, 0), (1, 2)].map(|(dim, category)| Variable { dim, category });
    let case = Case::new(&variables, Vec::new(), [70, 33]);
    let parse = |text: &String| Reduction::parse(text, &aliases).unwrap();
    for dtype in FORMATS {
        let options = CompileOptions { dtype, target, ..CompileOptions::default() };
        let together = Kernel::compile(&texts.iter().map(parse).collect::<Vec<_>>(), &options).unwrap();
        let together = case.run_kernel(&together, dtype, 1).unwrap();
        for (text, together) in texts.iter().zip(&together) {
            let alone = case.run_kernel(&Kernel::compile(&[parse(text)], &options).unwrap(), dtype, 1).unwrap();
            let tolerance = if dtype == Dtype::F32 { 1e-5 } else { 1e-13 };
            let pairs = alone[0].numbers().iter().zip(together.numbers());
            pairs.for_each(|(a, b)| assert!((a - b).abs() <= tolerance * (1.0 + a.abs()), "{text}: {a} and {b}"));
        }
    }
}

/// The oracle itself: dual numbers against central differences.
#[test]
fn dual_numbers_agree_with_differences() {
    let (variables, formulas) = single_operations();
    let case = Case::new(&variables, Vec::new(), [1, 1]);
    let point = case.pair(0, 0, Dtype::F64);
    for formula in formulas {
        for (k, c) in (0..variables.len()).flat_map(|k| (0..variables[k].dim).map(move |c| (k, c))) {
            let dual = |l: usize, d: usize, v: f64| Dual::new(v, f64::from(u8::from((l, d) == (k, c))));
            let slopes = formula.evaluate(&each(&point, dual));
            let moved = |h: f64| {
                let mut point = point.clone();
                point[k][c] += h;
                formula.evaluate(&point)
            };
            const STEP: f64 = 1e-5;
            for ((slope, above), below) in slopes.iter().zip(moved(STEP)).zip(moved(-STEP)) {
                let difference = (above - below) / (2.0 * STEP);
                assert!((slope.slope - difference).abs() < 1e-6 * (1.0 + difference.abs()), "{}", formula.text());
            }
        }
    }
}

/// The gradient has the variable's dimension, and is zero for a variable that the formula does not use.
#[test]
fn gradients_of_formulas() {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "z = Pm(2,5)"];
    let parse = |text: &str| Formula::parse(text, &aliases).unwrap();
    let (f, one) = (parse("Exp(-SqDist(x,y))"), Formula::constant(1.0));
    assert_eq!(f.gradient(&parse("x"), &one).unwrap().dim(), 3);
    assert_eq!(f.gradient(&parse("z"), &one).unwrap().text().unwrap(), "Zero(5)");
    // What only a step depends on has no derivative.
    assert_eq!(parse("Step(x)|y").gradient(&parse("x"), &one).unwrap().text().unwrap(), "Zero(3)");
    let sixth = (0..6).try_fold(f, |f, _| Formula::apply("Sum", &[&f], &[])?.gradient(&parse("x"), &one));
    assert_eq!(sixth.unwrap().dim(), 3);
}
