//! Complex numbers as a type: what operations give, what they refuse, the meaning of each name at plain and at special
//! points, and results with real and imaginary parts. Random formulas of complex numbers are in the other suites.

use std::collections::HashMap;

use rkeops_core::{Axis, CompileOptions, ErrorKind, Field, Formula, Kernel, Reduction};

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
        ("Sqrt(1j)", ErrorKind::Argument, real_only("Sqrt", "operand 1 is")),
        ("Atan2(p, 1j)", ErrorKind::Argument, real_only("Atan2", "operand 2 is")),
        ("Complex(1j, 2j)", ErrorKind::Argument, real_only("Complex", "operands 1 and 2 are")),
        ("Powf(AsComplex(x), p)", ErrorKind::Argument, real_only("Powf", "operand 1 is")),
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
