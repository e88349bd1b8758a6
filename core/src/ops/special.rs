//! Functions that would lose their digits if they were written with others, and the error function.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::elementary::{EXP, LOG};
use super::{Algebra, Node, Operation, Rule};

pub(super) const FAMILY: &[&Operation] =
    &[&X_LOG_X, &LOG_PLUS_ONE, &EXP_MINUS_ONE, &ERROR_FUNCTION, &COMPLEMENTARY_ERROR_FUNCTION];

/// Entropy's summand.
pub static X_LOG_X: Operation = Operation {
    name: "XLogX",
    operands: 1,
    parameters: &[],
    summary: "f * log(f), and 0 at 0; NaN below",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| if a[0] == 0.0 { 0.0 } else { a[0] * a[0].ln() },
        lower: |l, a, _| {
            let zero = l.constant(0.0);
            let log = l.log(a[0]);
            let product = l.multiply(a[0], log);
            let is_zero = l.equal(a[0], zero);
            l.select(is_zero, zero, product)
        },
    },
    derivative: |f, u, _, e| {
        let log = f.apply(&LOG, u.operands, &[]);
        let one = f.constant(1.0);
        let slope = f.add(log, one);
        Some(f.multiply(e, slope))
    },
};

/// The logarithm next to 1.
pub static LOG_PLUS_ONE: Operation = Operation {
    name: "Log1p",
    operands: 1,
    parameters: &[],
    summary: "log(1 + f) without losing the digits of a small f",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].ln_1p(), lower: |l, a, _| l.log_plus_one(a[0]) },
    derivative: |f, u, _, e| {
        let one = f.constant(1.0);
        let denominator = f.add(one, u.operands[0]);
        Some(f.divide(e, denominator))
    },
};

/// The exponential next to 0.
pub static EXP_MINUS_ONE: Operation = Operation {
    name: "Expm1",
    operands: 1,
    parameters: &[],
    summary: "exp(f) - 1 without losing the digits of a small f",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].exp_m1(), lower: |l, a, _| l.exp_minus_one(a[0]) },
    derivative: |f, u, _, e| {
        let slope = f.apply(&EXP, u.operands, &[]);
        Some(f.multiply(e, slope))
    },
};

/// `2 / sqrt(pi) exp(-f^2)`
fn bell(f: &mut dyn Algebra, a: Node) -> Node {
    let square = f.square(a);
    let negated = f.minus(square);
    let power = f.apply(&EXP, &[negated], &[]);
    f.scale(FRAC_2_SQRT_PI, power)
}

/// The error function.
pub static ERROR_FUNCTION: Operation = Operation {
    name: "Erf",
    operands: 1,
    parameters: &[],
    summary: "error function",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| libm::erf(a[0]), lower: |l, a, _| l.error_function(a[0]) },
    derivative: |f, u, _, e| {
        let slope = bell(f, u.operands[0]);
        Some(f.multiply(e, slope))
    },
};

/// 1 less the error function.
pub static COMPLEMENTARY_ERROR_FUNCTION: Operation = Operation {
    name: "Erfc",
    operands: 1,
    parameters: &[],
    summary: "1 - erf(f), small values to full relative accuracy",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| libm::erfc(a[0]), lower: |l, a, _| l.complementary_error_function(a[0]) },
    derivative: |f, u, _, e| {
        let slope = bell(f, u.operands[0]);
        let product = f.multiply(e, slope);
        Some(f.minus(product))
    },
};
