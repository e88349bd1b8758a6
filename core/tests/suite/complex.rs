//! Complex numbers as a type: what operations give, what they refuse, the meaning of each name at plain and at special
//! points, and results with real and imaginary parts. Random formulas of complex numbers are in the other suites.

use std::collections::HashMap;

use crate::support::random::Random;
use rkeops_core::{
    ArrayMut, ArrayRef, Axis, CompileOptions, Data, DataMut, Dtype, ErrorKind, Field, Formula, Kernel, Reduction,
    RunOptions, Target,
};

suite!(inverses_keep_their_digits, values_at_special_points, batches_of_complex_arrays);
suite!(devices: inverses_keep_their_digits, values_at_special_points, batches_of_complex_arrays);

const ALIASES: [&str; 6] = ["x = Vi(0,4)", "y = Vj(1,4)", "s = Vj(2,2)", "r = Vi(3,2)", "p = Pm(4,1)", "t = Vi(5,3)"];

fn parse(text: &str) -> Formula {
    Formula::parse(text, &ALIASES).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The values of the variables above.
const VALUES: [&[f64]; 6] =
    [&[1.0, 2.0, -0.5, 0.25], &[3.0, -1.0, 0.0, 2.0], &[0.5, -2.0], &[1.5, -0.75], &[2.0], &[1.0, -2.0, 0.5]];

fn value(text: &str) -> Vec<f64> {
    let assignment: HashMap<usize, &[f64]> = VALUES.iter().enumerate().map(|(k, v)| (k, *v)).collect();
    parse(text).evaluate(&assignment).unwrap()
}

#[test]
fn types() {
    use Field::{Complex, Real};
    for (text, dim, field) in [
        ("AsComplex(x)", 2, Complex),
        ("AsReal(AsComplex(x))", 4, Real),
        ("AsReal(x)", 4, Real),
        ("Complex(r, p)", 2, Complex),
        ("2j", 1, Complex),
        ("t * 1j", 3, Complex),
        ("ComplexMult(x, y)", 2, Complex),
        ("ComplexMult(x, s)", 2, Complex),
        ("ComplexRealScal(x, p)", 2, Complex),
        ("ComplexScal(s, x)", 2, Complex),
        ("ComplexSum(x)", 1, Complex),
        ("ComplexSumT(s, 6)", 3, Complex),
        ("ComplexReal(x)", 2, Real),
        ("ComplexAbs(x)", 2, Real),
        ("ComplexExp1j(t)", 3, Complex),
        ("Real2Complex(t)", 3, Complex),
        ("Sum(AsComplex(x))", 1, Complex),
        ("SqNorm2(AsComplex(x))", 1, Real),
        ("Abs(AsComplex(x))", 2, Real),
        ("AsComplex(x) | r", 1, Complex),
        ("Concat(AsComplex(x), t)", 5, Complex),
        ("Grad(ComplexMult(x, y), x, y)", 4, Real),
        ("Grad(ComplexMult(x, y), x, AsComplex(s))", 4, Real),
        ("Diff(ComplexMult(x, y), x, x)", 2, Complex),
    ] {
        let formula = parse(text);
        assert_eq!((formula.dim(), formula.field()), (dim, field), "{text}");
    }
}

/// The value with real and imaginary parts in turn, computed with the formulas of a textbook.
#[test]
fn meanings() {
    // x = (1 + 2i, -0.5 + 0.25i), y = (3 - i, 2i), s = 0.5 - 2i, r = (1.5, -0.75), p = 2, t = (1, -2, 0.5)
    let (e, c, s) = (f64::exp(0.5), f64::cos(2.0), f64::sin(2.0));
    for (text, expected) in [
        ("AsComplex(x)", vec![1.0, 2.0, -0.5, 0.25]),
        ("ComplexReal(x)", vec![1.0, -0.5]),
        ("ComplexImag(x)", vec![2.0, 0.25]),
        ("Real2Complex(r)", vec![1.5, 0.0, -0.75, 0.0]),
        ("Imag2Complex(r)", vec![0.0, 1.5, 0.0, -0.75]),
        ("Conj(x)", vec![1.0, -2.0, -0.5, -0.25]),
        ("ComplexAbs(y)", vec![10f64.sqrt(), 2.0]),
        ("Abs(AsComplex(y))", vec![10f64.sqrt(), 2.0]),
        ("ComplexSquareAbs(x)", vec![5.0, 0.3125]),
        ("ComplexAngle(y)", vec![f64::atan2(-1.0, 3.0), std::f64::consts::FRAC_PI_2]),
        ("ComplexSum(x)", vec![0.5, 2.25]),
        ("Sum(AsComplex(x))", vec![0.5, 2.25]),
        ("ComplexSumT(s, 4)", vec![0.5, -2.0, 0.5, -2.0]),
        ("ComplexAdd(x, y)", vec![4.0, 1.0, -0.5, 2.25]),
        ("ComplexAdd(s, x)", vec![1.5, 0.0, 0.0, -1.75]),
        ("ComplexSubtract(x, y)", vec![-2.0, 3.0, -0.5, -1.75]),
        ("ComplexMult(x, y)", vec![5.0, 5.0, -0.5, -1.0]),
        ("AsComplex(x) * AsComplex(y)", vec![5.0, 5.0, -0.5, -1.0]),
        ("ComplexDivide(x, y)", vec![0.1, 0.7, 0.125, 0.25]),
        ("AsComplex(x) / r", vec![1.0 / 1.5, 2.0 / 1.5, 0.5 / 0.75, -0.25 / 0.75]),
        ("1 / AsComplex(y)", vec![0.3, 0.1, 0.0, -0.5]),
        ("ComplexRealScal(p, x)", vec![2.0, 4.0, -1.0, 0.5]),
        ("ComplexRealScal(x, p)", vec![2.0, 4.0, -1.0, 0.5]),
        ("ComplexScal(s, x)", vec![4.5, -1.0, 0.25, 1.125]),
        ("ComplexScal(x, s)", vec![4.5, -1.0, 0.25, 1.125]),
        ("ComplexExp(s)", vec![e * c, -e * s]),
        ("Exp(AsComplex(s))", vec![e * c, -e * s]),
        ("ComplexExp1j(p)", vec![c, s]),
        ("ComplexExp(2j)", vec![c, s]),
        ("AsComplex(x) ** 2", vec![-3.0, 4.0, 0.1875, -0.25]),
        ("AsComplex(x) ** 3", vec![-11.0, -2.0, -0.03125, 0.171875]),
        ("AsComplex(y) ** -1", vec![0.3, 0.1, 0.0, -0.5]),
        ("AsComplex(x) ** 0", vec![1.0, 0.0, 1.0, 0.0]),
        ("r * AsComplex(x) + 1j", vec![1.5, 4.0, 0.375, 0.8125]),
        ("AsComplex(x) | AsComplex(y)", vec![4.5, 4.0]),
        ("SqNorm2(AsComplex(x))", vec![5.3125]),
        ("SqDist(AsComplex(x), 1j)", vec![1.0 + 1.0 + 0.25 + 0.5625]),
        ("IfElse(r, AsComplex(x), 2j)", vec![1.0, 2.0, 0.0, 2.0]),
        ("Extract(Concat(AsComplex(x), t), 1, 2)", vec![-0.5, 0.25, 1.0, 0.0]),
        ("MatVecMult(t, AsComplex(s))", vec![0.5, -2.0, -1.0, 4.0, 0.25, -1.0]),
        ("Interleave(r, r)", vec![1.5, 1.5, -0.75, -0.75]),
        ("EverySecond(x, 1)", vec![2.0, 0.25]),
        ("Diff(ComplexMult(x, x), x, y)", vec![10.0, 10.0, -1.0, -2.0]),
    ] {
        let found = if text.starts_with("Diff") { value_of(&parse(text).expanded().unwrap()) } else { value(text) };
        assert_eq!(found.len(), expected.len(), "{text}");
        let near = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-14 * b.abs().max(1.0));
        assert!(near, "{text}: {found:?}, expected {expected:?}");
    }
}

fn value_of(formula: &Formula) -> Vec<f64> {
    let assignment: HashMap<usize, &[f64]> = VALUES.iter().enumerate().map(|(k, v)| (k, *v)).collect();
    formula.evaluate(&assignment).unwrap()
}

/// Nothing of other kinds is mixed silently.
#[test]
fn errors() {
    let real_only = |name: &str, which: &str| {
        format!(
            "`{name}` has no meaning for complex numbers, and {which} complex; ComplexReal, ComplexImag, ComplexAbs, \
             ComplexAngle and AsReal make real operands of it"
        )
    };
    for (text, kind, message) in [
        ("Floor(ComplexMult(x,y))", ErrorKind::Argument, real_only("Floor", "operand 1 is")),
        ("AsComplex(x) < 1", ErrorKind::Argument, real_only("LessThan", "operand 1 is")),
        ("Max(AsComplex(x))", ErrorKind::Argument, real_only("Max", "operand 1 is")),
        (
            "SqNormIso(1j, AsComplex(x))",
            ErrorKind::Dimension,
            "`SqNormIso`: an operand is complex; expected a real formula".into(),
        ),
        ("Erf(1j)", ErrorKind::Argument, real_only("Erf", "operand 1 is")),
        ("Atan2(p, 1j)", ErrorKind::Argument, real_only("Atan2", "operand 2 is")),
        ("Complex(1j, 2j)", ErrorKind::Argument, real_only("Complex", "operands 1 and 2 are")),
        (
            "AsComplex(x) + t",
            ErrorKind::Dimension,
            "`Add`: operands have dimensions 2 and 3; expected equal dimensions, or 1".into(),
        ),
        (
            "ComplexMult(x, t)",
            ErrorKind::Dimension,
            "`ComplexMult`: an operand is real and has dimension 3; expected complex numbers, or a real and an imaginary \
             part for each of them, so an even dimension"
                .into(),
        ),
        (
            "ComplexAdd(x, Concat(t,t))",
            ErrorKind::Dimension,
            "`ComplexAdd`: operands have dimensions 2 and 3; expected equal dimensions, or 1".into(),
        ),
        (
            "AsComplex(1j)",
            ErrorKind::Dimension,
            "`AsComplex`: an operand is complex; expected a real formula".into(),
        ),
        (
            "ComplexExp1j(ComplexSum(x))",
            ErrorKind::Dimension,
            "`ComplexExp1j`: an operand is complex; expected a real formula".into(),
        ),
        (
            "ComplexRealScal(s, x)",
            ErrorKind::Dimension,
            "`ComplexRealScal`: neither operand is a real scalar; expected a real scalar and complex numbers".into(),
        ),
        (
            "ComplexScal(y, x)",
            ErrorKind::Dimension,
            "`ComplexScal`: both operands have 2 complex components; expected one and any number".into(),
        ),
        (
            "ComplexSumT(s, 3)",
            ErrorKind::Dimension,
            "`ComplexSumT`: parameter `n` is 3; expected an even number, two for each component".into(),
        ),
        (
            "ComplexSumT(x, 4)",
            ErrorKind::Dimension,
            "`ComplexSumT`: the operand has 2 complex components; expected one".into(),
        ),
        (
            "IfElse(1j, x, x)",
            ErrorKind::Dimension,
            "`IfElse`: an operand is complex; expected a real formula".into(),
        ),
        (
            "Interleave(x, t)",
            ErrorKind::Dimension,
            "`Interleave`: operands have dimensions 4 and 3; expected equal dimensions".into(),
        ),
        (
            "InverseParts(x, t)",
            ErrorKind::Dimension,
            "`InverseParts`: operands have dimensions 4 and 3; expected equal dimensions".into(),
        ),
        ("EverySecond(t, 0)", ErrorKind::Dimension, "`EverySecond`: the operand has dimension 3; expected an even one".into()),
        ("EverySecond(x, 2)", ErrorKind::Dimension, "`EverySecond`: parameter `start` is 2; expected 0 or 1".into()),
        (
            "Grad(x, x, ComplexSum(x))",
            ErrorKind::Dimension,
            "`Grad`: the cotangent is complex; expected a real one, as the formula is real".into(),
        ),
        (
            "Grad(ComplexMult(x,y), x, p)",
            ErrorKind::Dimension,
            "`Grad`: the cotangent has 1 real components; expected 2 complex numbers, or one, or 4 real ones, as the \
             formula is complex"
                .into(),
        ),
        (
            "Grad(ComplexMult(x,y), AsComplex(x), y)",
            ErrorKind::Argument,
            "`Grad`: the second operand is a formula; expected a variable".into(),
        ),
        (
            "Grad(ComplexMult(x,y), x+x, y)",
            ErrorKind::Argument,
            "`Grad`: the second operand is a formula; expected a variable".into(),
        ),
        (
            "Diff(ComplexMult(x,y), x, s)",
            ErrorKind::Dimension,
            "`Diff`: the direction has dimension 2; expected that of the variable, 4".into(),
        ),
    ] {
        let error = Formula::parse(text, &ALIASES).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert_eq!(error.message().lines().next().unwrap().split(" (column").next().unwrap(), message, "{text}");
    }
    for (name, text) in [("Min", "ComplexMult(x, y)"), ("ArgMax", "1j * r"), ("LogSumExp", "ComplexSum(x)")] {
        let error = Reduction::new(name, &parse(text), Axis::J).unwrap_err();
        let message = format!(
            "`{name}` has no meaning for complex values; ComplexReal, ComplexAbs and AsReal make real ones of them"
        );
        assert_eq!((error.kind(), error.message()), (ErrorKind::Argument, message.as_str()));
    }
    let error = Reduction::parse("SumSoftMaxWeight_Reduction(p, 0, AsComplex(x))", &ALIASES).unwrap_err();
    assert!(error.message().contains("the weights are complex; expected real ones"), "{error}");
    // Calls are checked as texts are.
    let error = Formula::apply("Floor", &[&parse("1j")], &[]).unwrap_err();
    assert_eq!(error.message(), real_only("Floor", "operand 1 is"));
}

#[test]
fn imaginary_numbers_in_text() {
    assert_eq!(value("2j"), [0.0, 2.0]);
    assert_eq!(value("1.5 - 2.5e-1j"), [1.5, -0.25]);
    assert_eq!(value("1j * 1j"), [-1.0, 0.0]);
    assert_eq!(value("-1j ** 2"), [1.0, 0.0]);
    for (text, message) in [("2jx", "this is no number"), ("1e400j", "this number is too large")] {
        let error = Formula::parse(text, &ALIASES).unwrap_err();
        assert!(error.message().starts_with(message), "{error}");
    }
    let error = Formula::parse("x 2j", &ALIASES).unwrap_err();
    assert!(error.message().starts_with("expected the end of the formula, found `2.0j`"), "{error}");
}

/// The text of a complex formula, and of a sum of it, is read as what it was.
#[test]
fn texts_are_read_back() {
    for text in ["ComplexExp(ComplexMult(x,y))", "1j", "AsComplex(x)/AsComplex(s)", "Grad(ComplexMult(x,x),x,y)"] {
        let formula = parse(text);
        let again = parse(&formula.text().unwrap());
        assert_eq!((again.text().unwrap(), again.field()), (formula.text().unwrap(), formula.field()), "{text}");
        let sum = Reduction::new("Sum", &formula, Axis::J).unwrap();
        let again = Reduction::parse(&sum.text().unwrap(), &ALIASES).unwrap();
        assert_eq!((again.results(), again.text().unwrap()), (sum.results(), sum.text().unwrap()), "{text}");
    }
}

/// Equal parts of a complex and of a real result do not make one kernel of both.
#[test]
fn results_tell_what_they_are() {
    let complex = parse("ComplexMult(x, y)");
    let real = parse("AsReal(ComplexMult(x, y))");
    let output = |formula: &Formula| {
        let reduction = Reduction::new("Sum", formula, Axis::J).unwrap();
        Kernel::compile(&[reduction], &CompileOptions::default()).unwrap().outputs()[0]
    };
    for _ in 0..2 {
        assert_eq!((output(&complex).dim, output(&complex).field), (4, Field::Complex));
        assert_eq!((output(&real).dim, output(&real).field), (4, Field::Real));
    }
}

/// Beside real variables of odd dimension too, with cotangents of both kinds.
#[test]
fn gradients_have_conjugate_factors() {
    let meaning = |text: &str| value_of(&parse(text).expanded().unwrap());
    // d/dx <h, x y> = h conj(y)
    assert_eq!(meaning("Grad(ComplexMult(x, y), x, y)"), [10.0, 0.0, 4.0, 0.0]);
    assert_eq!(meaning("Grad(ComplexMult(x, y), x, AsComplex(y))"), [10.0, 0.0, 4.0, 0.0]);
    assert_eq!(meaning("Grad(ComplexMult(x, y), x, AsComplex(s))"), [3.5, -5.5, -4.0, -1.0]);
    // Of a real factor the real part remains.
    assert_eq!(meaning("Grad(ComplexRealScal(p, x), p, x)"), [5.3125]);
    assert_eq!(meaning("Grad(Real2Complex(t) * AsComplex(s), t, 1j)"), [-2.0; 3]);
    // d/dx |x| at 0 is 0.
    assert_eq!(meaning("Grad(ComplexAbs(x - x), x, r)"), [0.0; 4]);
    let sum = Reduction::new("Sum", &parse("ComplexMult(x, y)"), Axis::J).unwrap();
    for cotangent in ["x", "AsComplex(x)", "AsComplex(r)"] {
        assert_eq!(sum.gradient(&parse("y"), &parse(cotangent), &[]).unwrap().dim(), 4);
    }
    assert!(sum.gradient(&parse("y"), &parse("p"), &[]).is_err());
}

/// The values of a formula of `x = Vi(0,d)` in float32, row after row, with real and imaginary parts in turn.
fn run(text: &str, dim: usize, points: &[f32], target: Target) -> Vec<f32> {
    let alias = format!("x = Vi(0,{dim})");
    let reduction = Reduction::parse(&format!("Sum_Reduction({text},0)"), &[&alias]).unwrap();
    let kernel =
        Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() })
            .unwrap();
    let (rows, columns) = (points.len() / dim, kernel.outputs()[0].dim);
    let mut found = vec![0f32; rows * columns];
    let mut outputs = [ArrayMut::f32(&mut found, &[rows, columns])];
    kernel.run(&[ArrayRef::f32(points, &[rows, dim])], &mut outputs, &RunOptions::default()).unwrap();
    found
}

/// No square of a part leaves the format, and no digits are lost. The bound is that of docs/accuracy.md.
fn inverses_keep_their_digits(target: Target) {
    let mut random = Random::new(1);
    // Both parts anywhere in the range but its ends, often of similar size.
    let part = |random: &mut Random, exponent: f64| (random.between(-2.0, 2.0) * exponent.exp2()) as f32;
    let points: Vec<f32> = (0..20_000)
        .flat_map(|_| {
            let exponent = random.between(-110.0, 110.0);
            let apart = if random.chance(0.5) { random.between(-12.0, 12.0) } else { 0.0 };
            [part(&mut random, exponent), part(&mut random, exponent + apart)]
        })
        .collect();
    let found = run("1/AsComplex(x)", 2, &points, target);
    let mut worst = 0f64;
    for (z, found) in points.chunks(2).zip(found.chunks(2)) {
        let (re, im) = (f64::from(z[0]), f64::from(z[1]));
        let square = re * re + im * im;
        for (found, right) in found.iter().zip([re / square, -im / square]) {
            if right.abs() > f64::from(f32::MIN_POSITIVE) {
                let place = 2f64.powi(right.abs().log2().floor() as i32 - 23);
                worst = worst.max((f64::from(*found) - right).abs() / place);
            }
        }
    }
    eprintln!("{}: {worst:.3} ulp", target.name());
    assert!(worst <= 3.0, "off by {worst} units in the last place");
}

fn values_at_special_points(target: Target) {
    use std::f32::consts::PI;
    let (zero, one, inf, nan) = (0f32, 1f32, f32::INFINITY, f32::NAN);
    let same = |a: f32, b: f32| a == b || (a.is_nan() && b.is_nan());
    for (text, z, expected) in [
        ("1/AsComplex(x)", [zero, zero], [nan, nan]),
        ("1/AsComplex(x)", [inf, one], [zero, zero]),
        ("1/AsComplex(x)", [one, -inf], [zero, zero]),
        ("1/AsComplex(x)", [inf, inf], [nan, nan]),
        ("1/AsComplex(x)", [nan, one], [nan, nan]),
        ("1/AsComplex(x)", [2.0, zero], [0.5, zero]),
        ("ComplexDivide(x, x)", [1e30, 1e30], [one, zero]),
        ("ComplexDivide(x, x)", [1e-30, -1e-30], [one, zero]),
        ("ComplexExp(x)", [-inf, one], [zero, zero]),
        ("ComplexExp(x)", [zero, zero], [one, zero]),
        ("ComplexExp(x)", [one, inf], [nan, nan]),
        ("Complex(ComplexAbs(x), ComplexAngle(x))", [zero, zero], [zero, zero]),
        ("Complex(ComplexAbs(x), ComplexAngle(x))", [zero, -inf], [inf, -std::f32::consts::FRAC_PI_2]),
        ("Log(AsComplex(x))", [-one, zero], [zero, PI]),
        ("Log(AsComplex(x))", [-one, -zero], [zero, -PI]),
        ("Log(AsComplex(x))", [zero, zero], [-inf, zero]),
        ("Log(AsComplex(x))", [3e30, 4e30], [5e30f32.ln(), (4f32 / 3.0).atan()]),
        ("Sqrt(AsComplex(x))", [-4.0, zero], [zero, 2.0]),
        ("Sqrt(AsComplex(x))", [-4.0, -zero], [zero, -2.0]),
        ("Sqrt(AsComplex(x))", [zero, zero], [zero, zero]),
        ("Sqrt(AsComplex(x))", [zero, 8.0], [2.0, 2.0]),
        ("Rsqrt(AsComplex(x))", [-4.0, zero], [zero, -0.5]),
        ("Rsqrt(AsComplex(x))", [-4.0, -zero], [zero, 0.5]),
        ("Rsqrt(AsComplex(x))", [zero, zero], [zero, zero]),
        ("Rsqrt(AsComplex(x))", [inf, one], [zero, zero]),
        ("Rsqrt(AsComplex(x))*1e18", [3e37, 4e37], [0.126_491_1, -0.063_245_55]),
        ("Grad(Rsqrt(AsComplex(x)),x,1+x)", [zero, zero], [zero, zero]),
        ("Grad(Grad(Sqrt(AsComplex(x)),x,1+x),x,1+x)", [zero, zero], [zero, zero]),
        ("Sign(AsComplex(x))", [3.0, -4.0], [0.6, -0.8]),
        ("Sign(AsComplex(x))", [zero, zero], [zero, zero]),
        ("Grad(Sign(AsComplex(x)),x,1+x)", [zero, zero], [zero, zero]),
        ("Exp2(AsComplex(x))", [3.0, zero], [8.0, zero]),
        ("Exp2(AsComplex(x))", [-inf, one], [zero, zero]),
        ("Expm1(AsComplex(x)*1e-20)*1e20", [one, 2.0], [one, 2.0]),
        ("Expm1(AsComplex(x))", [-inf, one], [-one, zero]),
        ("Log1p(AsComplex(x)*1e-20)*1e20", [one, 2.0], [one, 2.0]),
        ("Log1p(AsComplex(x))", [-one, zero], [-inf, zero]),
        ("Log1p(AsComplex(x))", [-2.0, -zero], [zero, -PI]),
        ("Log1p(AsComplex(x))", [3e30, 4e30], [5e30f32.ln(), (4f32 / 3.0).atan()]),
        ("Grad(Log1p(AsComplex(x)),x,Complex(1,0))", [-2.0, zero], [-one, zero]),
        ("Complex(Equal(AsComplex(x),1+2j),NotEqual(AsComplex(x),1+2j))", [one, 2.0], [one, zero]),
        ("Complex(Equal(AsComplex(x),1+2j),NotEqual(AsComplex(x),1+2j))", [one, nan], [zero, one]),
        ("Complex(Equal(AsComplex(x),1),NotEqual(AsComplex(x),1))", [one, -zero], [one, zero]),
        ("Sqrt(AsComplex(x))/1e18", [3e37, 4e37], [6.324555, 3.162278]),
        ("Asin(AsComplex(x))", [2.0, zero], [PI / 2.0, 1.316_958]),
        ("Asin(AsComplex(x))", [2.0, -zero], [PI / 2.0, -1.316_958]),
        ("Acos(AsComplex(x))", [2.0, zero], [zero, -1.316_958]),
        ("Acosh(AsComplex(x))", [-2.0, zero], [1.316_958, PI]),
        ("Acosh(AsComplex(x))", [0.5, zero], [zero, PI / 3.0]),
        ("Atanh(AsComplex(x))", [2.0, zero], [0.5493061, PI / 2.0]),
        ("Atanh(AsComplex(x))", [one, zero], [inf, zero]),
        ("Log(AsComplex(x))", [inf, inf], [inf, PI / 4.0]),
        ("Atan(AsComplex(x))", [zero, 0.5], [zero, 0.5493061]),
        ("Asinh(AsComplex(x))", [zero, 2.0], [1.316_958, PI / 2.0]),
        ("Tanh(AsComplex(x))", [1e5, one], [one, zero]),
        ("Tan(AsComplex(x))", [one, -1e5], [zero, -one]),
        ("Cosh(AsComplex(x))", [zero, PI], [-one, zero]),
        ("Powf(AsComplex(x),0.5)", [-4.0, zero], [zero, 2.0]),
        ("Powf(AsComplex(x),AsComplex(x))", [zero, one], [(-PI / 2.0).exp(), zero]),
        ("Powf(-1,AsComplex(x))", [0.5, zero], [zero, one]),
        ("ComplexMult(x, Complex(0, 1))", [inf, one], [-one, inf]),
    ] {
        let found = run(text, 2, &z, target);
        let near = found.iter().zip(expected).all(|(&a, b)| same(a, b) || (a - b).abs() < 2e-6 * b.abs().max(1.0));
        assert!(near, "{text} of {z:?}: {found:?}, expected {expected:?}");
    }
}

/// Complex arrays with axes of a batch, in any direction, beside real ones of the same numbers.
fn batches_of_complex_arrays(target: Target) {
    let (batch, rows, others) = (2, 3, 4);
    let mut random = Random::new(7);
    let mut numbers = |count: usize| (0..count).map(|_| random.between(-1.0, 1.0)).collect::<Vec<f64>>();
    let (x, y) = (numbers(batch * rows * 4), numbers(others * 4));
    let reductions = ["ComplexMult(x, y)", "ComplexAbs(ComplexAdd(x, y))"]
        .map(|text| Reduction::new("Sum", &Formula::parse(text, &ALIASES[..2]).unwrap(), Axis::J).unwrap());
    let kernel =
        Kernel::compile(&reductions, &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() })
            .unwrap();
    let results = |inputs: [ArrayRef<'_>; 2], is_complex: bool| {
        let (mut products, mut sizes) = (vec![0.0; batch * rows * 4], vec![0.0; batch * rows * 2]);
        let sizes_view = ArrayMut::f64(&mut sizes, &[batch, rows, 2]);
        let products_view = match is_complex {
            false => ArrayMut::f64(&mut products, &[batch, rows, 4]),
            true => ArrayMut {
                data: DataMut::C128(&mut products),
                origin: 0,
                shape: vec![batch, rows, 2].into(),
                strides: vec![2 * rows as isize, 2, 1].into(),
            },
        };
        kernel.run(&inputs, &mut [products_view, sizes_view], &RunOptions::default()).unwrap();
        (products, sizes)
    };
    let right = results([ArrayRef::f64(&x, &[batch, rows, 4]), ArrayRef::f64(&y, &[others, 4])], false);
    // The components of y the other way round in memory, and read backwards.
    let backwards: Vec<f64> = y.chunks(4).flat_map(|row| [row[2], row[3], row[0], row[1]]).collect();
    let complex = |data, origin, shape: &[usize], strides: &[isize]| ArrayRef {
        data: Data::C128(data),
        origin,
        shape: shape.to_vec().into(),
        strides: strides.to_vec().into(),
    };
    let found = results(
        [complex(&x, 0, &[batch, rows, 2], &[2 * rows as isize, 2, 1]), complex(&backwards, 1, &[others, 2], &[2, -1])],
        true,
    );
    assert_eq!(found, right);
    assert!(right.0.iter().chain(&right.1).all(|v| v.is_finite() && *v != 0.0));
}

/// A derivative of a sum of complex values along a direction is complex, a gradient is real.
#[test]
fn derivatives_of_sums() {
    let sum = Reduction::new("Sum", &parse("ComplexMult(x, y)"), Axis::J).unwrap();
    let gradient = sum.gradient(&parse("x"), &parse("AsComplex(x)"), &[]).unwrap();
    assert_eq!((gradient.dim(), gradient.results()[0].field), (4, Field::Real));
    let along = sum.directional(&parse("x"), &parse("x"), &[]).unwrap();
    assert_eq!((along.dim(), along.results()[0].field), (4, Field::Complex));
    // In two variables at once it is that of both.
    let both = Reduction::parse("Diff(Sum_Reduction(ComplexMult(x,y),0),(x,y),(x,1))", &ALIASES).unwrap();
    assert_eq!(
        both.formula().text().unwrap(),
        parse("AsReal(Diff(ComplexMult(x,y),(x,y),(x,1)))").expanded().unwrap().text().unwrap()
    );
}
