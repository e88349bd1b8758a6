//! Complex numbers as a type: what operations give, what they refuse, the meaning of each name at plain and at special
//! points, and results with real and imaginary parts. Random formulas of complex numbers are in the other suites.

use std::collections::HashMap;

use rkeops_core::{Field, Formula};

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
