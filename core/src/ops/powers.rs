//! Powers, roots and the inverse, component by component.

use super::elementary::LOG;
use super::{Lanes, Operation, Rule, Value};

pub(super) const FAMILY: &[&Operation] = &[&SQUARE, &POWER, &POWER_OF, &SQUARE_ROOT, &RECIPROCAL_SQUARE_ROOT, &INVERSE];

/// `f * f`
pub static SQUARE: Operation = Operation {
    name: "Square",
    operands: 1,
    parameters: &[],
    summary: "f * f",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0] * a[0], lower: |l, a, _| l.multiply(a[0], a[0]) },
    derivative: |f, u, _, e| {
        let twice = f.scale(2.0, u.operands[0]);
        Some(f.multiply(e, twice))
    },
};

/// `f` to an integer power.
pub static POWER: Operation = Operation {
    name: "Pow",
    operands: 1,
    parameters: &["m"],
    summary: "f to the integer power m, which may be negative; Pow(f, 0) is 1",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, p| a[0].powf(p[0] as f64), lower: |l, a, p| integer_power(l, a[0], p[0]) },
    derivative: |f, u, _, e| {
        let m = u.parameters[0];
        let lower = f.apply(&POWER, u.operands, &[m.checked_sub(1)?]);
        let slope = f.scale(m as f64, lower);
        Some(f.multiply(e, slope))
    },
};

/// Above this exponent repeated squaring would round more often than a logarithm does.
const LARGEST_UNROLLED_POWER: u64 = 64;

pub(super) fn integer_power(l: &mut dyn Lanes, base: Value, exponent: i64) -> Value {
    let one = l.constant(1.0);
    let mut left = exponent.unsigned_abs();
    if left > LARGEST_UNROLLED_POWER {
        let exponent = l.constant(exponent as f64);
        return l.power(base, exponent);
    }
    let (mut square, mut result) = (base, None);
    while left > 0 {
        if left & 1 == 1 {
            result = Some(result.map_or(square, |r| l.multiply(r, square)));
        }
        left >>= 1;
        if left > 0 {
            square = l.multiply(square, square);
        }
    }
    match (result, exponent < 0) {
        (None, _) => one,
        (Some(r), true) => l.divide(one, r),
        (Some(r), false) => r,
    }
}

/// `f` to a real power.
pub static POWER_OF: Operation = Operation {
    name: "Powf",
    operands: 2,
    parameters: &[],
    summary: "f to the power g, component by component; NaN where f < 0 and g is no integer",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].powf(a[1]), lower: |l, a, _| l.power(a[0], a[1]) },
    derivative: |f, u, which, e| {
        let (base, exponent) = (u.operands[0], u.operands[1]);
        let slope = if which == 0 {
            let one = f.constant(1.0);
            let lower = f.subtract(exponent, one);
            let power = f.apply(&POWER_OF, &[base, lower], &[]);
            f.multiply(exponent, power)
        } else {
            let log = f.apply(&LOG, &[base], &[]);
            f.multiply(log, u.output)
        };
        Some(f.multiply(e, slope))
    },
};

/// The square root.
pub static SQUARE_ROOT: Operation = Operation {
    name: "Sqrt",
    operands: 1,
    parameters: &[],
    summary: "square root; its derivative at 0 is 0, as KeOps has it",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].sqrt(), lower: |l, a, _| l.square_root(a[0]) },
    derivative: |f, u, _, e| {
        let root = f.apply(&RECIPROCAL_SQUARE_ROOT, u.operands, &[]);
        let slope = f.scale(0.5, root);
        Some(f.multiply(e, slope))
    },
};

/// One over the square root.
pub static RECIPROCAL_SQUARE_ROOT: Operation = Operation {
    name: "Rsqrt",
    operands: 1,
    parameters: &[],
    summary: "1 / square root, and 0 at 0, as KeOps has it",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| if a[0] == 0.0 { 0.0 } else { 1.0 / a[0].sqrt() },
        lower: |l, a, _| l.inverse_square_root(a[0]),
    },
    derivative: |f, u, _, e| {
        let cube = f.apply(&POWER, &[u.output], &[3]);
        let slope = f.scale(-0.5, cube);
        Some(f.multiply(e, slope))
    },
};

/// `1 / f`
pub static INVERSE: Operation = Operation {
    name: "Inv",
    operands: 1,
    parameters: &[],
    summary: "1 / f",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| 1.0 / a[0],
        lower: |l, a, _| {
            let one = l.constant(1.0);
            l.divide(one, a[0])
        },
    },
    derivative: |f, u, _, e| {
        let square = f.square(u.output);
        let product = f.multiply(e, square);
        Some(f.minus(product))
    },
};
