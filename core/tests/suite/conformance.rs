//! One suite for every target: each operation alone, at ordinary and at special points, and random formulas, against
//! the float64 oracle; and machine code against the portable backend, bit for bit.

use std::f64::consts::PI;

use crate::support::approximate::{Approximate, Double};
use crate::support::case::{Case, Numbers, special};
use crate::support::check::{Count, SLACK, assert_right, check, describe, refuse};
use crate::support::expression::{
    BINARY, Expression, OF_ORDER, SYMBOLIC, TERNARY, UNARY, Variable, WITH_INTEGERS, aliases, call1, call2, call3,
    operations, with_integers,
};
use crate::support::functions::{bessel_k, erf, erfc, matern, polygamma, spherical_bessel};
use crate::support::generate::{Generator, case};
use crate::support::random::{Random, seeds, some};
use crate::support::reducing::{is_order_free, taken};
use crate::support::samples::{binary, of_integers, of_order, positive, sequences, tensors, ternary, unary};
use crate::support::shrink::shrink;
use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Formula, Kernel, Reduction, RunOptions, Target, ops};

suite!(
    operations_at_ordinary_points,
    operations_at_special_points,
    compositions_of_awkward_numbers,
    wide_vectors,
    random_formulas,
    signs_of_zeros,
    targets_agree
);
suite!(devices: random_formulas, wide_vectors, signs_of_zeros, compositions_of_awkward_numbers);

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

fn variable(dim: usize, category: usize) -> Variable {
    Variable { dim, category }
}

fn v(k: usize) -> Expression {
    Expression::Variable(k)
}

fn apply(name: &'static str, operands: &[Expression], parameters: &[i64]) -> Expression {
    Expression::Apply(name, operands.to_vec(), parameters.to_vec())
}

/// A new operation has to be made known to the oracle.
#[test]
fn the_oracle_knows_every_operation() {
    let known: Vec<&str> = operations().chain(SYMBOLIC).collect();
    for operation in ops::all() {
        assert!(known.contains(&operation.name), "the tests do not know the operation {}", operation.name);
    }
    assert_eq!(known.len(), ops::all().count());
}

/// The oracle's own functions against values of mpmath.
#[test]
#[allow(clippy::excessive_precision)]
fn functions_of_the_oracle() {
    let close = |found: f64, meant: f64| assert!((found - meant).abs() <= 1e-15 * meant.abs(), "{found:e}, {meant:e}");
    close(erf(1e-9), 1.12837916709551264e-9);
    close(erf(-0.3), -0.328626759459127416);
    close(erf(0.9), 0.79690821242283214);
    close(erf(1.1), 0.88020506957408173);
    close(erf(5.0), 0.99999999999846254);
    close(erfc(-3.0), 1.99997790950300141);
    close(erfc(-0.2), 1.22270258921047847);
    close(erfc(0.3), 0.671373240540872584);
    close(erfc(0.6), 0.396143909152074095);
    close(erfc(1.5), 0.0338948535246892729);
    close(erfc(4.0), 1.54172579002800189e-8);
    close(erfc(26.0), 5.66319240885614285e-296);
    close(spherical_bessel(0, 0.001), 0.999999833333341667);
    close(spherical_bessel(1, 1e-5), 3.33333333330000027e-6);
    close(spherical_bessel(1, 0.3), 0.0991028880406418765);
    close(spherical_bessel(2, -2.2), 0.225063297413339217);
    close(spherical_bessel(7, 0.5), 3.82592406900384739e-9);
    close(spherical_bessel(7, 6.0), 0.044722380829347935);
    close(spherical_bessel(5, 30.0), -0.0205040087368274916);
    // Sums of many terms keep some digits less.
    let near = |found: f64, meant: f64| assert!((found - meant).abs() <= 3e-14 * meant.abs(), "{found:e}, {meant:e}");
    near(polygamma(0, 0.25), -4.22745353337626541);
    near(polygamma(0, 7.5), 1.94675748424608679);
    near(polygamma(0, -1.75), -2.32269162861436065);
    near(polygamma(1, 0.01), 10001.6212135283128);
    near(polygamma(1, 40.0), 0.0253151038412910282);
    near(polygamma(2, -3.3), 68.7694454774852337);
    near(polygamma(3, 2.5), 0.223905848817252051);
    near(polygamma(7, 0.7), 87501.334721519822);
    near(bessel_k(0.0, 1e-09), 20.8391973526048235);
    near(bessel_k(0.3, 0.7), 0.689562489756975065);
    near(bessel_k(-1.7, 3.0), 0.0526055040847253992);
    near(bessel_k(1.0, 50.0), 3.44410222671755561e-23);
    near(bessel_k(2.5, 0.25), 119.082007852244409);
    near(bessel_k(7.2, 4.0), 1.93808091265457695);
    near(bessel_k(0.5, 1e-300), 1.25331413731550024e+150);
    near(matern(0.3, 1e-06), 0.999794363451529399);
    near(matern(1.0, 0.5), 0.731914476461462755);
    near(matern(2.5, 2.0), 0.138660219138504277);
    near(matern(7.2, 0.001), 0.999999419355039702);
    near(matern(0.8, 12.0), 7.24233766502087336e-7);
}

/// Each operation on operands of every kind that broadcasting and levels allow.
fn operations_at_ordinary_points(target: Target) {
    // Two scalars and two vectors of each category.
    let variables: Vec<Variable> =
        (0..3).flat_map(|c| [variable(1, c), variable(1, c), variable(3, c), variable(3, c)]).collect();
    let mut formulas = Vec::new();
    let operands: Vec<Expression> =
        (0..12).map(v).chain([call2("Subtract", v(2), v(6)), call2("Mult", v(0), v(4))]).collect();
    for operand in &operands {
        formulas.extend(UNARY.map(|name| unary(name, operand.clone())));
        formulas.extend(WITH_INTEGERS.into_iter().flat_map(|name| of_integers(name, operand)));
        formulas.extend(OF_ORDER.into_iter().flat_map(|name| of_order(name, operand)));
    }
    for m in [-9, -3, -2, -1, 17, 64, 65, 1000] {
        formulas.push(with_integers("Pow", positive(v(0)), &[m]));
    }
    for (a, b) in (0..12).flat_map(|a| (0..12).map(move |b| (a, b))).filter(|(a, b)| a != b) {
        formulas.extend(BINARY.map(|name| binary(name, v(a), v(b))));
    }
    let triples = (0..12).flat_map(|a| [1, 4, 7].map(|step| (a, (a + step) % 12, (a + 2 * step + 1) % 12)));
    for (a, b, c) in triples {
        formulas.extend(TERNARY.map(|name| ternary(name, v(a), v(b), v(c))));
    }
    for (a, b, scalar) in [(2, 6, 0), (6, 2, 4), (2, 3, 8), (10, 6, 1), (6, 7, 5), (10, 11, 8)] {
        formulas.extend(tensors(&v(a), &v(b), &v(scalar)));
        formulas.extend(sequences(&v(a), &v(b), &v(scalar)));
    }
    formulas.extend([1, 3, 7, -4].map(|n| apply("IntInv", &[], &[n])));
    let vectors = [v(2), v(6), v(10), call2("Subtract", v(2), v(6)), call2("Mult", v(0), v(6))];
    for vector in &vectors {
        formulas.extend(["Sum", "SqNorm2", "Norm2"].map(|name| call1(name, vector.clone())));
        formulas.push(apply("Elem", std::slice::from_ref(vector), &[2]));
        formulas.push(apply("Extract", std::slice::from_ref(vector), &[1, 2]));
        formulas.push(apply("ExtractT", std::slice::from_ref(vector), &[2, 6]));
        for other in vectors.iter().chain(&[v(0), v(4), v(8)]) {
            formulas.extend(["Concat", "Scalprod", "SqDist"].map(|n| call2(n, vector.clone(), other.clone())));
        }
    }
    for k in [0, 4, 8] {
        formulas.push(apply("SumT", &[v(k)], &[4]));
        formulas.push(apply("ElemT", &[v(k)], &[5, 3]));
    }
    for (k, formula) in formulas.into_iter().enumerate() {
        for dtype in FORMATS {
            let mut case = Case::new(&variables, vec![("Sum", formula.clone())], [9, 5]);
            case.axis = k % 2;
            case.seed = k as u64;
            assert_right(&case, dtype, target);
        }
    }
}

/// The size of what cancels where a function is small.
fn cancelled(formula: &Expression) -> f64 {
    match formula {
        Expression::Apply("Digamma" | "LogSumExp", ..) => 1.0,
        Expression::Apply("Polygamma", _, parameters) => PI.powi(parameters[0] as i32 + 1),
        _ => 0.0,
    }
}

/// Whether a result stands for the value that float64 gives. Rounding to the format is part of the meaning.
fn stands_for(found: f64, meant: f64, formula: &Expression, dtype: Dtype) -> bool {
    let (meant, tolerance, flushed) = match dtype {
        Dtype::F32 => (f64::from(meant as f32), 1e-5, 2f64.powi(-125)),
        _ => (meant, 1e-13, 2f64.powi(-1021)),
    };
    if meant.is_nan() || meant.is_infinite() {
        return found == meant || (found.is_nan() && meant.is_nan());
    }
    (found - meant).abs() <= tolerance * meant.abs().max(cancelled(formula))
        || (meant.abs() <= flushed && found.abs() <= flushed)
}

/// The formula with each variable known per pair.
fn at_pair(formula: &Expression) -> Expression {
    match formula {
        Expression::Variable(_) => call2("Mult", formula.clone(), v(2)),
        Expression::Apply(name, operands, parameters) => {
            Expression::Apply(name, operands.iter().map(at_pair).collect(), parameters.clone())
        }
        other => other.clone(),
    }
}

/// Far angles may be NaN: docs/accuracy.md.
fn is_far(formula: &Expression, a: f64) -> bool {
    matches!(formula, Expression::Apply("Sin" | "Cos" | "Tan" | "SinXDivX" | "SphericalBesselJ", ..)) && a.abs() > 1e5
}

/// Where the meaning depends on the range of the format.
fn is_left_open(formula: &Expression, a: f64, b: f64, dtype: Dtype) -> bool {
    let normal = match dtype {
        Dtype::F32 => f64::from(f32::MIN_POSITIVE)..f64::from(f32::MAX),
        _ => f64::MIN_POSITIVE..f64::MAX,
    };
    match formula {
        // The square of a norm has to be inside the format.
        Expression::Apply("Norm2" | "Normalize", ..) => a.is_finite() && !(1e-30..1e30).contains(&(a * a)),
        // A subnormal denominator has no inverse: docs/accuracy.md.
        Expression::Apply("Divide", ..) => b != 0.0 && b.abs() < normal.start,
        // The quotient and its multiple have to be inside the format.
        Expression::Apply("Mod", ..) => [a, b].iter().any(|v| v.is_finite() && *v != 0.0 && !normal.contains(&(v * v))),
        _ => false,
    }
}

/// Each operation on variables 0 and 1, which are scalars.
fn formulas_at_special_points() -> Vec<Expression> {
    let number = Expression::Number;
    let mut formulas: Vec<Expression> = UNARY.map(|n| call1(n, v(0))).into();
    let plain = WITH_INTEGERS.into_iter().filter(|name| *name != "Polygamma");
    formulas.extend(plain.flat_map(|name| of_integers(name, &v(0))));
    formulas.extend([0, 1, 2].map(|n| with_integers("Polygamma", v(0), &[n])));
    formulas.extend([0.0, 0.3, 0.5, 2.5].map(|order| call2("BesselK", number(order), v(0))));
    formulas.extend([0.3, 0.5, 1.0, 2.3].map(|order| call2("Matern", number(order), v(0))));
    formulas.extend((-4..5).chain([31, 64, 65, -65]).map(|m| with_integers("Pow", v(0), &[m])));
    formulas.extend([2.0, 1.0, 0.5, -0.5, 3.0, 0.0].map(|p| call2("Powf", v(0), number(p))));
    formulas.extend(["SqNorm2", "Norm2", "Sum", "Max", "ArgMin", "Normalize"].map(|n| call1(n, v(0))));
    formulas.extend(BINARY.map(|n| call2(n, v(0), v(1))));
    formulas.push(call3("Clamp", v(0), number(-0.5), v(1)));
    formulas.push(call3("Clamp", v(0), v(1), number(2.0)));
    formulas.push(call3("IfElse", v(0), v(1), number(2.0)));
    formulas.push(call3("IfElse", v(0), number(2.0), v(1)));
    formulas.push(call3("Mod", v(0), number(2.0), v(1)));
    formulas.push(call3("Mod", v(0), v(1), number(0.5)));
    let pair = call2("Concat", v(0), v(1));
    let around = call2("Concat", number(0.5), call2("Concat", v(0), v(1)));
    for vector in [pair, around] {
        formulas.extend(["Max", "Min", "ArgMax", "ArgMin", "LogSumExp"].map(|n| call1(n, vector.clone())));
        formulas.push(with_integers("Elem", call1("Softmax", vector.clone()), &[1]));
    }
    let chosen = |k: i64| with_integers("Elem", with_integers("OneHot", v(0), &[4]), &[k]);
    formulas.extend([0, 1, 3].map(chosen));
    formulas
}

/// Zeros of both signs, infinities, NaN, the ends of the format: the class of the result is that of float64.
fn operations_at_special_points(target: Target) {
    let one = variable(1, 0);
    for dtype in FORMATS {
        let points = special(dtype);
        let mut wrong = Vec::new();
        for formula in formulas_at_special_points() {
            // Known per row and, by a factor that is 1, per pair.
            for per_pair in [false, true] {
                let variables = [one, one, variable(1, 1)];
                let used = if per_pair { at_pair(&formula) } else { formula.clone() };
                let mut case = Case::new(&variables, vec![("Sum", used.clone())], [points.len() * points.len(), 1]);
                case.numbers = Numbers::Special;
                let results = case.run(dtype, target, 1).expect("a formula that fits");
                for (row, &found) in results[0].numbers().iter().enumerate() {
                    let pair = case.pair(row, 0, dtype);
                    let meant = formula.evaluate(&pair)[0];
                    let (a, b) = (pair[0][0], pair[1][0]);
                    if is_left_open(&formula, a, b, dtype) {
                        continue;
                    }
                    if !(stands_for(found, meant, &formula, dtype) || is_far(&formula, a) && found.is_nan()) {
                        wrong.push(format!("{} at {a:e}, {b:e}: got {found:e}; expected {meant:e}", used.text()));
                        break;
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} {dtype}:\n{}", target.name(), wrong.join("\n"));
    }
}

/// The value of a formula for one pair, as the library has it.
fn evaluated(formula: &Expression, variables: &[Variable], pair: &[Vec<f64>]) -> Vec<f64> {
    let aliases = aliases(variables);
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    let formula = Formula::parse(&formula.text(), &aliases).unwrap_or_else(|e| panic!("{e}\n{formula:?}"));
    let assignment = pair.iter().enumerate().map(|(k, values)| (k, &values[..])).collect();
    formula.evaluate_at(&assignment, [0, 0]).unwrap()
}

/// What constants are folded with, and what a formula gives without a kernel.
#[test]
fn values_without_a_kernel() {
    let variables = [variable(1, 0), variable(1, 0)];
    let points = special(Dtype::F64);
    for formula in formulas_at_special_points() {
        for (&a, &b) in points.iter().flat_map(|a| points.iter().map(move |b| (a, b))) {
            let pair = [vec![a], vec![b]];
            let (found, meant) = (evaluated(&formula, &variables, &pair)[0], formula.evaluate(&pair)[0]);
            let open = is_left_open(&formula, a, b, Dtype::F64);
            let text = formula.text();
            assert!(
                open || stands_for(found, meant, &formula, Dtype::F64),
                "{text} at {a:e}, {b:e}: {found:e}, not {meant:e}"
            );
        }
    }
    for seed in seeds(1, 1000) {
        let case = case(seed);
        for (_, formula) in &case.reductions {
            let formula = taken(formula).0.unmasked().0;
            let pair = case.pair(0, 0, Dtype::F64);
            let exact: Vec<Vec<_>> = pair.iter().map(|v| v.iter().map(|&v| Approximate::exact(v)).collect()).collect();
            let meant: Vec<Approximate<Double>> = formula.evaluate(&exact);
            for (found, meant) in evaluated(formula, &case.variables, &pair).iter().zip(meant) {
                let close = meant.error.is_infinite() || (found - meant.value).abs() <= SLACK * meant.error;
                assert!(close, "seed {seed} {}: {found:e}, not {meant:?}", formula.text());
            }
        }
    }
}

/// What a formula gives where the result of each operation is the nearest number of the format.
fn rounded(formula: &Expression, pair: &[Vec<f64>], dtype: Dtype) -> Vec<f64> {
    let Expression::Apply(name, operands, parameters) = formula else { return formula.evaluate(pair) };
    let values: Vec<Vec<f64>> = operands.iter().map(|operand| rounded(operand, pair, dtype)).collect();
    let alone = Expression::Apply(name, (0..values.len()).map(v).collect(), parameters.clone());
    let nearest = |exact: f64| if dtype == Dtype::F32 { f64::from(exact as f32) } else { exact };
    alone.evaluate(&values).into_iter().map(nearest).collect()
}

/// Whether both are finite, the same infinity, or NaN.
fn is_alike(found: f64, meant: f64) -> bool {
    (found.is_nan() && meant.is_nan()) || found == meant || (found.is_finite() && meant.is_finite())
}

/// Formulas of two or three operations on infinities, zeros and NaN, with each variable used once so that no identity
/// applies: finite where float64 is finite, and infinite or NaN where it is. Where rounding to the format makes the difference, as
/// for the root of -1 - tanh(-12), which is that of 0 in float32, a result may be what correctly rounded operations give.
fn compositions_of_awkward_numbers(target: Target) {
    let variables = [variable(2, 0), variable(2, 1), variable(1, 0), variable(1, 2)];
    let names = ["Square", "Abs", "Exp", "Tanh", "ReLU", "Step", "Sign", "Sqrt", "Log", "Minus", "Sin"];
    for seed in seeds(1, 300) {
        let mut random = Random::new(seed);
        let mut operands: Vec<Expression> = (0..4).map(v).collect();
        while operands.len() > 1 {
            let (a, b) = (operands.remove(0), operands.remove(random.below(operands.len())));
            let joined = call2(["Add", "Subtract", "Mult"][random.below(3)], a, b);
            operands.push(if random.chance(0.5) { call1(names[random.below(names.len())], joined) } else { joined });
        }
        for dtype in FORMATS {
            let mut case = Case::new(&variables, vec![("Sum", operands[0].clone())], [150, 1]);
            case.numbers = Numbers::Awkward;
            case.seed = seed;
            let results = case.run(dtype, target, 1).expect("a formula that fits");
            for row in 0..150 {
                let pair = case.pair(row, 0, dtype);
                // Products of tiny numbers vanish in the format, not in float64.
                if pair.iter().flatten().any(|v| *v != 0.0 && v.abs() < 1e-30) {
                    continue;
                }
                let meant = operands[0].evaluate(&pair);
                let rounded = rounded(&operands[0], &pair, dtype);
                for (k, &meant) in meant.iter().enumerate() {
                    let found = results[0].numbers()[2 * row + k];
                    let same = is_alike(found, meant) || is_alike(found, rounded[k]);
                    let far = meant.is_finite() && meant.abs() > 1e30;
                    assert!(
                        same || far,
                        "seed {seed} {} {dtype} row {row}: got {found:e}; expected {meant:e}\n{}\n{pair:?}",
                        target.name(),
                        describe(&case),
                    );
                }
            }
        }
    }
}

/// Vectors that need more planes than a tile has room for at full width.
fn wide_vectors(target: Target) {
    for (dim, columns) in some(&[(20, 3), (100, 100), (1500, 1), (257, 2), (64, 1)]) {
        let variables = [variable(dim, 0), variable(dim, 1), variable(columns, 1), variable(dim, 2)];
        let distance = call2("SqDist", v(0), v(1));
        let exponent = call2("Divide", call1("Minus", distance.clone()), Expression::Number(dim as f64));
        let gaussian = call2("Mult", call1("Exp", exponent), v(2));
        let product = call2("Scalprod", call2("Mult", v(0), v(3)), v(1));
        let copy = call2("Subtract", v(0), v(1));
        let reductions = vec![("Sum", gaussian), ("ArgMin", distance), ("LogSumExp", product), ("Max", copy)];
        for (rows, axis) in [([70, 9], 1), ([3, 70], 1), ([9, 70], 0)] {
            for dtype in FORMATS {
                let mut case = Case::new(&variables, reductions.clone(), rows);
                case.axis = axis;
                assert_right(&case, dtype, target);
            }
        }
    }
}

fn random_formulas(target: Target) {
    let mut count = Count::default();
    for seed in seeds(1, 300) {
        let case = case(seed);
        for dtype in FORMATS {
            if let Err(what) = check(&case, dtype, target, &mut count) {
                let (small, what) = shrink(&case, what, &|c| check(c, dtype, target, &mut Count::default()).err());
                panic!("RKEOPS_TEST_SEED={seed} {} {dtype}: {what}\n{}", target.name(), describe(&small));
            }
        }
    }
    assert!(count.known * 100 > count.compared * 90, "the oracle knew too little: {count:?}");
}

/// Where machine code and the portable backend differ, if anywhere: the programs are the same, so are the results;
/// where few rows are kept sums are added in another order, which the oracle bounds.
fn difference(case: &Case, dtype: Dtype, target: Target) -> Option<String> {
    let found = case.run(dtype, target, 1);
    let options = CompileOptions { dtype, target, ..CompileOptions::default() };
    let reference = case.parse().and_then(|reductions| Kernel::compile_reference(&reductions, &options));
    let reference = reference.and_then(|kernel| case.run_kernel(&kernel, dtype, 1));
    let (found, reference) = match (found, reference) {
        (Ok(found), Ok(reference)) => (found, reference),
        (found, reference) => return Some(format!("{:?} and portable {:?}", found.err(), reference.err())),
    };
    let spread = case.kept() < 8;
    for (k, (a, b)) in found.iter().zip(&reference).enumerate() {
        let is_free = spread && !is_order_free(case.outputs()[k].0);
        if !is_free && !a.same(b, !spread) {
            return Some(format!("result {k} is {a:?}; the portable backend gives {b:?}"));
        }
    }
    let ordinary = case.numbers != Numbers::Awkward;
    if spread && ordinary { refuse(case, dtype, &found, &mut Count::default()) } else { None }
}

/// The machine code of every target gives what its lane programs give on the portable backend, awkward numbers included.
fn targets_agree(target: Target) {
    for seed in seeds(1_000_000, 300) {
        let mut case = case(seed);
        if seed % 4 == 0 && !case.takes_integers() {
            case.numbers = Numbers::Awkward;
        }
        for dtype in FORMATS {
            if let Some(what) = difference(&case, dtype, target) {
                let (small, what) = shrink(&case, what, &|c| difference(c, dtype, target));
                panic!("RKEOPS_TEST_SEED={seed} {} {dtype}: {what}\n{}", target.name(), describe(&small));
            }
        }
    }
}

/// The sign of a zero difference or root decides which infinity its inverse is, whichever index is reduced.
fn signs_of_zeros(target: Target) {
    let points = [0.0f64, 2.0, 4.0];
    let one = |formula: &str, x: &[f64], y: &[f64]| {
        let reduction = Reduction::parse(formula, &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
        let kernel =
            Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() })
                .unwrap();
        let inputs = [ArrayRef::f64(x, &[x.len(), 1]), ArrayRef::f64(y, &[y.len(), 1])];
        let mut out = [0.0];
        kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &[1, 1])], &RunOptions::default()).unwrap();
        out[0]
    };
    for formula in ["Inv(x-y)", "Inv(y-x)", "Inv((x-y)*2)", "Inv(-(y-x))+0*x"] {
        let expected = if formula.contains("-(") { f64::NEG_INFINITY } else { f64::INFINITY };
        let [largest, smallest] = ["Max", "Min"].map(|name| {
            [
                one(&format!("{name}_Reduction({formula},0)"), &[0.0], &points),
                one(&format!("{name}_Reduction({formula},1)"), &points, &[0.0]),
            ]
        });
        let found = if expected > 0.0 { largest } else { smallest };
        assert_eq!(found, [expected; 2], "{formula}");
    }
    assert_eq!(one("Sum_Reduction(Exp(-Inv(Sqrt(x*y))),0)", &[-0.0], &[1.0]), f64::INFINITY);
}

/// The generator makes what it promises: formulas of the asked dimension, and of every operation.
#[test]
fn the_generator_reaches_every_operation() {
    let mut seen = std::collections::BTreeSet::new();
    fn collect(e: &Expression, seen: &mut std::collections::BTreeSet<&'static str>) {
        if let Expression::Apply(name, operands, _) = e {
            seen.insert(name);
            operands.iter().for_each(|o| collect(o, seen));
        }
    }
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let variables = crate::support::generate::variables(&mut random);
        let mut generator = Generator { random, variables: &variables, smooth: false, integers: true };
        let dim = 1 + generator.random.below(4);
        let formula = generator.formula(4, dim);
        assert_eq!(formula.dim(&variables), dim, "{}", formula.text());
        collect(&formula, &mut seen);
        case(seed).reductions.iter().for_each(|(_, formula)| collect(formula, &mut seen));
    }
    for name in operations().chain(["IntInv"]) {
        assert!(seen.contains(name), "no random formula uses {name}");
    }
}
