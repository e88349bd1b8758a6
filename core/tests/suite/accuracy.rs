//! Accuracy of the elementary functions in units in the last place, and of long sums.
//!
//! float32 functions are compared with float64 ones on a dense sample of all float32 numbers (all of them with
//! `RKEOPS_EXHAUSTIVE=1`), float64 functions with a table that mpmath made (`data/float64.py`). The bounds here are
//! those of `docs/accuracy.md`; `--nocapture` prints what was found.

use std::f64::consts::PI;
use std::sync::Arc;

use crate::support::functions::{bessel_k, matern, named, polygamma};
use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Kernel, Reduction, RunOptions, Target};

suite!(
    single_precision_functions,
    single_precision_powers,
    double_precision_functions,
    special_functions,
    long_sums_of_gaussians,
    long_sums_that_cancel,
    exponents_of_pairs
);

const ALIASES: [&str; 3] = ["x = Vi(0,1)", "y = Vi(1,1)", "one = Vj(2,1)"];

fn compile(formula: &str, dtype: Dtype, target: Target) -> Arc<Kernel> {
    let reduction = Reduction::parse(&format!("Sum_Reduction({formula},0)"), &ALIASES).unwrap();
    Kernel::compile(&[reduction], &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap()
}

/// The formula at each `x`, `y`, with one reduced row, so that nothing is added.
fn at_single(kernel: &Kernel, x: &[f32], y: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    let shape = [x.len(), 1];
    let inputs = [ArrayRef::f32(x, &shape), ArrayRef::f32(y, &shape), ArrayRef::f32(&[1.0], &[1, 1])];
    kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &shape)], &RunOptions::default()).unwrap();
    out
}

fn at_double(kernel: &Kernel, x: &[f64], y: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    let shape = [x.len(), 1];
    let inputs = [ArrayRef::f64(x, &shape), ArrayRef::f64(y, &shape), ArrayRef::f64(&[1.0], &[1, 1])];
    kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &shape)], &RunOptions::default()).unwrap();
    out
}

/// The distance of two float32 numbers where `meant` is.
fn unit(meant: f64) -> f64 {
    let size = (meant as f32).abs().max(f32::MIN_POSITIVE);
    f64::from(f32::from_bits(size.to_bits() + 1)) - f64::from(size)
}

/// The worst error of a function so far, in units in the last place.
#[derive(Clone, Copy, Default)]
struct Worst {
    units: f64,
    at: (f64, f64),
    compared: usize,
}

impl Worst {
    fn add(&mut self, units: f64, at: (f64, f64)) {
        self.compared += 1;
        // NaN is worse than anything.
        if units > self.units || units.is_nan() {
            (self.units, self.at) = (units, at);
        }
    }

    fn report(&self, name: &str, dtype: Dtype, target: Target, bound: f64) {
        let Worst { units, at: (x, y), compared } = self;
        println!("{:9} {dtype} {name:24} {units:.3} ulp at {x:e} {y:e} ({compared} values)", target.name());
        assert!(units <= &bound, "{} {dtype} {name}: {units} ulp at {x:e} {y:e}; allowed {bound}", target.name());
    }
}

/// `RKEOPS_EXHAUSTIVE=n`: every n-th float32 number.
fn asked_step() -> Option<u32> {
    std::env::var("RKEOPS_EXHAUSTIVE").ok()?.parse().ok().filter(|&step| step > 0)
}

/// All float32 numbers, or every so manieth, in portions.
fn singles(step: u32, mut each: impl FnMut(&[f32])) {
    let step = asked_step().unwrap_or(step);
    let mut portion = Vec::new();
    for bits in (0..=u32::MAX).step_by(step as usize) {
        portion.push(f32::from_bits(bits));
        if portion.len() == 1 << 18 {
            each(&portion);
            portion.clear();
        }
    }
    each(&portion);
}

/// A function, its float64 meaning, where it is compared, and how many units in the last place it may be off.
struct Function {
    formula: &'static str,
    meaning: fn(f64) -> f64,
    domain: fn(f64) -> bool,
    bound: f64,
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x.sin() / x }
}

/// Exponentials below this may become 0.
const SMALLEST_EXPONENTIAL: f64 = 1.0 / (1u128 << 125) as f64;

fn single_precision_functions(target: Target) {
    let everywhere = |_: f64| true;
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let all = [
        Function { formula: "Exp(x)", meaning: f64::exp, domain: everywhere, bound: 1.4 },
        Function { formula: "Exp(-Abs(x))", meaning: |x| (-x.abs()).exp(), domain: everywhere, bound: 1.4 },
        Function { formula: "Exp2(x)", meaning: f64::exp2, domain: everywhere, bound: 1.5 },
        Function { formula: "Exp2(x*one)", meaning: f64::exp2, domain: everywhere, bound: 1.5 },
        Function { formula: "Log(x)", meaning: f64::ln, domain: positive, bound: 1.0 },
        Function { formula: "Sin(x)", meaning: f64::sin, domain: |x| x.abs() <= 1e6, bound: 1.9 },
        Function { formula: "Cos(x)", meaning: f64::cos, domain: |x| x.abs() <= 1e6, bound: 1.9 },
        Function { formula: "Tanh(x)", meaning: f64::tanh, domain: everywhere, bound: 1.5 },
        Function { formula: "Asin(x)", meaning: f64::asin, domain: |x| x.abs() <= 1.0, bound: 3.5 },
        Function { formula: "Acos(x)", meaning: f64::acos, domain: |x| x.abs() <= 1.0, bound: 3.5 },
        Function { formula: "Atan(x)", meaning: f64::atan, domain: everywhere, bound: 3.0 },
        Function { formula: "Log1p(x)", meaning: f64::ln_1p, domain: |x| x > -1.0 && x.is_finite(), bound: 3.0 },
        Function { formula: "Expm1(x)", meaning: f64::exp_m1, domain: everywhere, bound: 3.0 },
        Function { formula: "Erf(x)", meaning: libm::erf, domain: everywhere, bound: 3.0 },
        Function { formula: "Erfc(x)", meaning: libm::erfc, domain: everywhere, bound: 6.0 },
        Function { formula: "SinXDivX(x)", meaning: sinc, domain: |x| x.abs() <= 100.0, bound: 5.0 },
        Function { formula: "Tan(x)", meaning: f64::tan, domain: |x| x.abs() <= 1e6, bound: 5.0 },
        Function { formula: "Sinh(x)", meaning: f64::sinh, domain: everywhere, bound: 4.5 },
        Function { formula: "Cosh(x)", meaning: f64::cosh, domain: everywhere, bound: 4.5 },
        Function { formula: "Asinh(x)", meaning: libm::asinh, domain: |x| x.is_finite(), bound: 4.0 },
        Function { formula: "Acosh(x)", meaning: libm::acosh, domain: |x| x >= 1.0 && x.is_finite(), bound: 4.0 },
        Function { formula: "Atanh(x)", meaning: libm::atanh, domain: |x| x.abs() < 1.0, bound: 4.0 },
        Function { formula: "Sigmoid(x)", meaning: |x| 1.0 / (1.0 + (-x).exp()), domain: everywhere, bound: 3.5 },
        Function { formula: "Softplus(x)", meaning: |x| named("Softplus", x), domain: everywhere, bound: 4.0 },
        Function { formula: "Rsqrt(x)", meaning: |x| 1.0 / x.sqrt(), domain: positive, bound: 1.5 },
        Function { formula: "Sqrt(x)", meaning: f64::sqrt, domain: positive, bound: 0.5 },
        Function { formula: "Inv(x)", meaning: f64::recip, domain: |x| x != 0.0 && x.is_finite(), bound: 0.5 },
    ];
    for Function { formula, meaning, domain, bound } in all {
        let kernel = compile(formula, Dtype::F32, target);
        let mut worst = Worst::default();
        singles(4099, |x| {
            for (&x, found) in x.iter().zip(at_single(&kernel, x, x)) {
                let (x, found) = (f64::from(x), f64::from(found));
                let meant = meaning(x);
                let overflow = found.is_infinite() && f64::from(meant as f32) == found;
                if x.is_nan() || !domain(x) || overflow || found == meant {
                    continue;
                }
                let vanishes = ["Exp(", "Exp2", "Erfc", "Sigmoid", "Softplus"].iter().any(|f| formula.starts_with(f));
                if vanishes && meant < SMALLEST_EXPONENTIAL {
                    // From here down to 0 the absolute error is bounded.
                    let fine = (0.0..=SMALLEST_EXPONENTIAL).contains(&found);
                    assert!(fine, "{} {formula} at {x:e}: {found:e}", target.name());
                    continue;
                }
                worst.add((found - meant).abs() / unit(meant), (x, 0.0));
            }
        });
        assert!(worst.compared > 1000);
        worst.report(formula, Dtype::F32, target, bound);
    }
}

fn single_precision_powers(target: Target) {
    let kernel = compile("Powf(x,y)", Dtype::F32, target);
    let mut worst = Worst::default();
    let mut random = crate::support::random::Random::new(5);
    let portions = if asked_step().is_some() { 2000 } else { 10 };
    for portion in 0..portions {
        let bases = (0..1 << 16).map(|_| match portion % 3 {
            0 => 10f64.powf(random.between(-37.0, 38.0)),
            1 => 1.0 + random.between(-1.0, 1.0) * 10f64.powf(random.between(-6.0, 0.0)),
            _ => random.between(0.1, 10.0),
        });
        let x: Vec<f32> = bases.map(|x| x as f32).collect();
        // Results over the whole range of the format, where the base allows it.
        let y: Vec<f32> =
            x.iter().map(|&x| (random.between(-87.0, 88.0) / f64::from(x).ln()).clamp(-1e6, 1e6) as f32).collect();
        for ((&x, &y), found) in x.iter().zip(&y).zip(at_single(&kernel, &x, &y)) {
            let (x, y) = (f64::from(x), f64::from(y));
            let meant = x.powf(y);
            if x > 0.0 && (meant as f32).is_finite() {
                worst.add((f64::from(found) - meant).abs() / unit(meant), (x, y));
            }
        }
    }
    worst.report("Powf(x,y)", Dtype::F32, target, 6.5);
}

/// Name, arguments, value and what is left of it.
fn table() -> Vec<(&'static str, Vec<f64>, f64, f64)> {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        let bits = |word| f64::from_bits(u64::from_str_radix(word, 16).expect("hexadecimal digits"));
        let mut numbers: Vec<f64> = words.map(bits).collect();
        let (low, high) = (numbers.pop().unwrap(), numbers.pop().unwrap());
        (name, numbers, high, low)
    };
    include_str!("data/float64.txt").lines().map(line).collect()
}

fn double_precision_functions(target: Target) {
    let table = table();
    for (name, formula, bound) in [
        ("exp", "Exp(x)", 1.1),
        ("exp2", "Exp2(x)", 1.1),
        ("exp2", "Exp2(x*one)", 1.1),
        ("log", "Log(x)", 1.1),
        ("sin", "Sin(x)", 2.0),
        ("cos", "Cos(x)", 2.0),
        ("tanh", "Tanh(x)", 2.0),
        ("rsqrt", "Rsqrt(x)", 1.5),
        ("asin", "Asin(x)", 3.0),
        ("acos", "Acos(x)", 3.0),
        ("atan", "Atan(x)", 3.0),
        ("log1p", "Log1p(x)", 3.0),
        ("expm1", "Expm1(x)", 3.0),
        ("erf", "Erf(x)", 3.0),
        ("erfc", "Erfc(x)", 6.0),
        ("sinc", "SinXDivX(x)", 3.0),
        ("tan", "Tan(x)", 5.0),
        ("sinh", "Sinh(x)", 4.5),
        ("cosh", "Cosh(x)", 4.5),
        ("asinh", "Asinh(x)", 4.0),
        ("acosh", "Acosh(x)", 4.0),
        ("atanh", "Atanh(x)", 4.0),
        ("sigmoid", "Sigmoid(x)", 3.5),
        ("softplus", "Softplus(x)", 4.0),
        ("pow", "Powf(x,y)", 10.0),
    ] {
        let cases: Vec<_> = table.iter().filter(|case| case.0 == name).collect();
        assert!(cases.len() > 100, "{name} is in the table");
        let x: Vec<f64> = cases.iter().map(|case| case.1[0]).collect();
        let y: Vec<f64> = cases.iter().map(|case| case.1.get(1).copied().unwrap_or(1.0)).collect();
        let found = at_double(&compile(formula, Dtype::F64, target), &x, &y);
        let mut worst = Worst::default();
        for ((_, _, high, low), (found, at)) in cases.iter().zip(found.iter().zip(x.iter().zip(&y))) {
            let size = high.abs();
            let unit = f64::from_bits(size.to_bits() + 1) - size;
            worst.add((found - high - low).abs() / unit, (*at.0, *at.1));
        }
        worst.report(formula, Dtype::F64, target, bound);
    }
}

/// A function whose error has a size of its own.
struct Special {
    /// In the table of float64 values.
    name: &'static str,
    formula: &'static str,
    meaning: fn(f64) -> f64,
    /// The size of what cancels at a number; how many units in the last place are allowed there.
    cancelled: fn(f64) -> f64,
    allowed: fn(f64) -> f64,
    /// Whether it is compared left of 0 too.
    is_two_sided: bool,
}

/// Where the gamma function is reflected.
fn left(x: f64, size: f64) -> f64 {
    if x < 0.0 { size } else { 0.0 }
}

fn allowed_of_bessel(order: f64, x: f64) -> f64 {
    10.0 + order + 0.5 * x.ln().abs()
}

fn allowed_of_matern(order: f64, x: f64) -> f64 {
    let z = (2.0 * order).sqrt() * x;
    10.0 + order + z + 0.5 * z.ln().abs()
}

macro_rules! of_order {
    ($function:ident, $order:expr, $name:expr, $formula:expr, $allowed:ident) => {
        Special {
            name: $name,
            formula: $formula,
            meaning: |x| $function($order, x),
            cancelled: |_| 0.0,
            allowed: |x| $allowed($order, x),
            is_two_sided: false,
        }
    };
}

const SPECIAL: [Special; 20] = [
    Special {
        name: "lgamma",
        formula: "Lgamma(x)",
        meaning: libm::lgamma,
        cancelled: |x| left(x, 1.0),
        allowed: |x| if x < 0.0 { 8.0 } else { 5.0 },
        is_two_sided: true,
    },
    Special {
        name: "digamma",
        formula: "Digamma(x)",
        meaning: |x| polygamma(0, x),
        cancelled: |_| 1.0,
        allowed: |x| if x < 0.0 { 8.0 } else { 5.0 },
        is_two_sided: true,
    },
    Special {
        name: "polygamma1",
        formula: "Polygamma(x,1)",
        meaning: |x| polygamma(1, x),
        cancelled: |x| left(x, PI.powi(2)),
        allowed: |_| 8.0,
        is_two_sided: true,
    },
    Special {
        name: "polygamma2",
        formula: "Polygamma(x,2)",
        meaning: |x| polygamma(2, x),
        cancelled: |x| left(x, PI.powi(3)),
        allowed: |_| 12.0,
        is_two_sided: true,
    },
    Special {
        name: "polygamma5",
        formula: "Polygamma(x,5)",
        meaning: |x| polygamma(5, x),
        cancelled: |x| left(x, PI.powi(6)),
        allowed: |_| 24.0,
        is_two_sided: true,
    },
    of_order!(bessel_k, 0.0, "bessel0", "BesselK(0,x)", allowed_of_bessel),
    of_order!(bessel_k, 0.3, "bessel0.3", "BesselK(0.3,x)", allowed_of_bessel),
    of_order!(bessel_k, 0.5, "bessel0.5", "BesselK(1/2,x)", allowed_of_bessel),
    of_order!(bessel_k, 1.0, "bessel1", "BesselK(1,x)", allowed_of_bessel),
    of_order!(bessel_k, 1.75, "bessel1.75", "BesselK(-1.75,x)", allowed_of_bessel),
    of_order!(bessel_k, 2.5, "bessel2.5", "BesselK(2.5,x)", allowed_of_bessel),
    of_order!(bessel_k, 7.2, "bessel7.2", "BesselK(7.2,x)", allowed_of_bessel),
    of_order!(bessel_k, 20.0, "bessel20", "BesselK(20,x)", allowed_of_bessel),
    of_order!(matern, 0.3, "matern0.3", "Matern(0.3,x)", allowed_of_matern),
    of_order!(matern, 0.5, "matern0.5", "Matern(0.5,x)", allowed_of_matern),
    of_order!(matern, 1.0, "matern1", "Matern(1,x)", allowed_of_matern),
    of_order!(matern, 1.75, "matern1.75", "Matern(1.75,x)", allowed_of_matern),
    of_order!(matern, 2.5, "matern2.5", "Matern(2.5,-x)", allowed_of_matern),
    of_order!(matern, 7.2, "matern7.2", "Matern(7.2,x)", allowed_of_matern),
    of_order!(matern, 20.0, "matern20", "Matern(20,x)", allowed_of_matern),
];

/// Errors in parts of what is allowed.
fn special_functions(target: Target) {
    let table = table();
    for Special { name, formula, meaning, cancelled, allowed, is_two_sided } in SPECIAL {
        let cases: Vec<_> = table.iter().filter(|case| case.0 == name).collect();
        assert!(cases.len() > 100, "{name} is in the table");
        let x: Vec<f64> = cases.iter().map(|case| case.1[0]).collect();
        let found = at_double(&compile(formula, Dtype::F64, target), &x, &x);
        let mut worst = Worst::default();
        for ((_, _, high, low), (found, &at)) in cases.iter().zip(found.iter().zip(&x)) {
            let size = high.abs().max(cancelled(at)).max(f64::MIN_POSITIVE);
            let unit = f64::from_bits(size.to_bits() + 1) - size;
            if *found != *high {
                worst.add((found - high - low).abs() / unit / allowed(at), (at, *found));
            }
        }
        worst.report(formula, Dtype::F64, target, 1.0);
        let mut random = crate::support::random::Random::new(17);
        let number = |k: usize| match k % 3 {
            0 => 10f64.powf(random.between(-12.0, 2.0)),
            1 if is_two_sided => random.between(-20.0, 0.0),
            _ => random.between(0.0, 4.0),
        };
        let x: Vec<f32> = (0..3000).map(number).map(|x| x as f32).collect();
        let found = at_single(&compile(formula, Dtype::F32, target), &x, &x);
        let mut worst = Worst::default();
        for (&x, found) in x.iter().zip(found) {
            let (x, found) = (f64::from(x), f64::from(found));
            let meant = meaning(x);
            if (meant as f32).is_finite() && meant.abs() > 1e-37 {
                let unit = unit(meant.abs().max(cancelled(x)));
                worst.add((found - meant).abs() / unit / allowed(x), (x, found));
            }
        }
        assert!(worst.compared > 1000, "{formula}");
        worst.report(formula, Dtype::F32, target, 1.0);
    }
}

/// The exponent of a pair is multiplied by log2(e), itself rounded, so the error grows with the exponent.
fn exponents_of_pairs(target: Target) {
    let kernel = compile("Exp(x*one)", Dtype::F32, target);
    let mut worst = Worst::default();
    singles(1021, |x| {
        for (&x, found) in x.iter().zip(at_single(&kernel, x, x)) {
            let meant = f64::from(x).exp();
            if x.is_nan() || meant < SMALLEST_EXPONENTIAL || meant > f64::from(f32::MAX) {
                continue;
            }
            let allowed = 1.5 + 1.3 * f64::from(x).abs();
            worst.add((f64::from(found) - meant).abs() / unit(meant) / allowed, (f64::from(x), 0.0));
        }
    });
    worst.report("Exp(x*one)/(1.5+1.3|x|)", Dtype::F32, target, 1.0);
}

/// The points, their weights, and the float64 sum of a Gaussian for each of some rows.
fn gaussian(rows: usize, columns: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut random = crate::support::random::Random::new(11);
    let mut single =
        |n: usize, low: f64| -> Vec<f64> { (0..n).map(|_| f64::from(random.between(low, 1.0) as f32)).collect() };
    let (x, y, b) = (single(3 * rows, 0.0), single(3 * columns, 0.0), single(columns, 0.1));
    let row = |x: &[f64]| {
        let terms = y.chunks_exact(3).zip(&b).map(|(y, b)| {
            let square: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
            (-square).exp() * b
        });
        crate::support::oracle::exact_sum(terms)
    };
    let sums = x.chunks_exact(3).map(row).collect();
    (x, y, b, sums)
}

/// Positive sums of a million terms: 1e-6 in float32, 1e-14 in float64, with lanes along either index.
fn long_sums_of_gaussians(target: Target) {
    let columns = 1_000_000;
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"];
    let reduction = Reduction::parse("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", &aliases).unwrap();
    for rows in [2, 9] {
        let (x, y, b, meant) = gaussian(rows, columns);
        let shapes = [[rows, 3], [columns, 3], [columns, 1]];
        let single = |v: &[f64]| v.iter().map(|&v| v as f32).collect::<Vec<f32>>();
        let options = |dtype| CompileOptions { dtype, target, ..CompileOptions::default() };
        let kernel = Kernel::compile(std::slice::from_ref(&reduction), &options(Dtype::F32)).unwrap();
        let mut found = vec![0.0f32; rows];
        let arrays = [single(&x), single(&y), single(&b)];
        let inputs: Vec<_> = arrays.iter().zip(&shapes).map(|(a, s)| ArrayRef::f32(a, s)).collect();
        kernel.run(&inputs, &mut [ArrayMut::f32(&mut found, &[rows])], &RunOptions::default()).unwrap();
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        report_sums(&found, &meant, Dtype::F32, target, 1e-6);
        let kernel = Kernel::compile(std::slice::from_ref(&reduction), &options(Dtype::F64)).unwrap();
        let mut found = vec![0.0; rows];
        let inputs: Vec<_> = [&x, &y, &b].into_iter().zip(&shapes).map(|(a, s)| ArrayRef::f64(a, s)).collect();
        kernel.run(&inputs, &mut [ArrayMut::f64(&mut found, &[rows])], &RunOptions::default()).unwrap();
        report_sums(&found, &meant, Dtype::F64, target, 1e-14);
    }
}

fn report_sums(found: &[f64], meant: &[f64], dtype: Dtype, target: Target, bound: f64) {
    let off = found.iter().zip(meant).map(|(f, m)| (f - m).abs() / m.abs()).fold(0.0, f64::max);
    println!("{:9} {dtype} sum of 1e6, {} rows: relative error {off:.2e}", target.name(), found.len());
    assert!(off <= bound, "{} {dtype} {} rows: relative error {off:e}", target.name(), found.len());
}

/// A large part that cancels leaves the small one: the totals are compensated.
fn long_sums_that_cancel(target: Target) {
    let blocks = 500;
    // Within a block the terms are equal, so that the block adds up without rounding.
    let y: Vec<f32> = (0..blocks * 256)
        .map(|k| match k / 256 {
            b if b < blocks / 2 => 65_536.0,
            b if b < blocks - 1 => -65_536.0,
            _ => 0.001_953_125,
        })
        .collect();
    let meant: f64 = y.iter().map(|&v| f64::from(v)).sum();
    let kernel = compile_columns(target);
    for rows in [1, 9] {
        let x = vec![1.0f32; rows];
        let mut out = vec![0.0f32; rows];
        let inputs = [ArrayRef::f32(&x, &[rows]), ArrayRef::f32(&y, &[y.len()])];
        kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[rows])], &RunOptions::default()).unwrap();
        for found in out {
            assert!((f64::from(found) - meant).abs() <= 1e-7 * meant.abs(), "{rows} rows: {found}, expected {meant}");
        }
    }
}

fn compile_columns(target: Target) -> Arc<Kernel> {
    let reduction = Reduction::parse("Sum_Reduction(x*y,0)", &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
    Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() }).unwrap()
}
