//! Hyperbolic functions and their inverses, and the logistic function: accurate for small and for large arguments.

use std::f64::consts::LN_2;

use super::powers::RECIPROCAL_SQUARE_ROOT;
use super::{Lanes, Operation, Rule, Value};

pub(super) const FAMILY: &[&Operation] = &[
    &HYPERBOLIC_SINE,
    &HYPERBOLIC_COSINE,
    &INVERSE_HYPERBOLIC_SINE,
    &INVERSE_HYPERBOLIC_COSINE,
    &INVERSE_HYPERBOLIC_TANGENT,
    &LOGISTIC,
    &SOFTPLUS,
];

/// From here on the square of a number is beside 1 as if 1 were 0, and does not leave float32.
const LARGE: f64 = (1u64 << 60) as f64;

/// The value of an odd function from that for the size of its argument.
fn with_sign(l: &mut dyn Lanes, a: Value, value: Value) -> Value {
    let (zero, negative) = (l.constant(0.0), l.negate(value));
    let below = l.less(a, zero);
    l.select(below, negative, value)
}

/// `exp(a) / 2` and `exp(-a) / 2` for `a >= 0`; the first leaves the format only where the hyperbolic sine does.
fn half_exponentials(l: &mut dyn Lanes, a: Value) -> [Value; 2] {
    let (half, quarter) = (l.constant(0.5), l.constant(0.25));
    let halved = l.multiply(half, a);
    let root = l.exp(halved);
    let half_root = l.multiply(half, root);
    let large = l.multiply(half_root, root);
    [large, l.divide(quarter, large)]
}

/// The hyperbolic sine.
pub static HYPERBOLIC_SINE: Operation = Operation {
    name: "Sinh",
    operands: 1,
    parameters: &[],
    summary: "hyperbolic sine",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].sinh(),
        lower: |l, a, _| {
            let (one, half, size) = (l.constant(1.0), l.constant(0.5), l.absolute(a[0]));
            // (u + u / (u + 1)) / 2 for u = exp(a) - 1 does not cancel.
            let near = l.minimum(size, one);
            let less_one = l.exp_minus_one(near);
            let above = l.add(less_one, one);
            let quotient = l.divide(less_one, above);
            let twice = l.add(less_one, quotient);
            let near = l.multiply(half, twice);
            let [large, small] = half_exponentials(l, size);
            let far = l.subtract(large, small);
            let is_near = l.less(size, one);
            let value = l.select(is_near, near, far);
            with_sign(l, a[0], value)
        },
    },
    derivative: |f, u, _, e| {
        let slope = f.apply(&HYPERBOLIC_COSINE, u.operands, &[]);
        Some(f.multiply(e, slope))
    },
};

/// The hyperbolic cosine.
pub static HYPERBOLIC_COSINE: Operation = Operation {
    name: "Cosh",
    operands: 1,
    parameters: &[],
    summary: "hyperbolic cosine",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].cosh(),
        lower: |l, a, _| {
            let size = l.absolute(a[0]);
            let [large, small] = half_exponentials(l, size);
            l.add(large, small)
        },
    },
    derivative: |f, u, _, e| {
        let slope = f.apply(&HYPERBOLIC_SINE, u.operands, &[]);
        Some(f.multiply(e, slope))
    },
};

/// The logarithm of `1 + near` where `a` is not large, else that of `2 a`.
fn log_of_sum(l: &mut dyn Lanes, a: Value, near: Value) -> Value {
    let (large, zero, doubled) = (l.constant(LARGE), l.constant(0.0), l.constant(LN_2));
    let is_large = l.less(large, a);
    let argument = l.select(is_large, a, near);
    let log = l.log_plus_one(argument);
    let more = l.select(is_large, doubled, zero);
    l.add(log, more)
}

/// The inverse of the hyperbolic sine.
pub static INVERSE_HYPERBOLIC_SINE: Operation = Operation {
    name: "Asinh",
    operands: 1,
    parameters: &[],
    summary: "inverse of the hyperbolic sine",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| {
            let size = a[0].abs();
            if size > LARGE { (size.ln() + LN_2).copysign(a[0]) } else { a[0].asinh() }
        },
        lower: |l, a, _| {
            // log(1 + a + a^2 / (1 + sqrt(1 + a^2))), with the fraction over a so that no square is too large.
            let (one, size) = (l.constant(1.0), l.absolute(a[0]));
            let inverse = l.divide(one, size);
            let square = l.multiply(inverse, inverse);
            let radicand = l.add(square, one);
            let root = l.square_root(radicand);
            let divisor = l.add(inverse, root);
            let quotient = l.divide(size, divisor);
            let sum = l.add(size, quotient);
            let value = log_of_sum(l, size, sum);
            with_sign(l, a[0], value)
        },
    },
    derivative: |f, u, _, e| {
        let (one, square) = (f.constant(1.0), f.square(u.operands[0]));
        let sum = f.add(one, square);
        let slope = f.apply(&RECIPROCAL_SQUARE_ROOT, &[sum], &[]);
        Some(f.multiply(e, slope))
    },
};

/// The inverse of the hyperbolic cosine.
pub static INVERSE_HYPERBOLIC_COSINE: Operation = Operation {
    name: "Acosh",
    operands: 1,
    parameters: &[],
    summary: "inverse of the hyperbolic cosine, NaN below 1; its derivative at 1 is 0, as that of Acos is",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| {
            let rest = a[0] - 1.0;
            let sum = rest + rest.sqrt() * (a[0] + 1.0).sqrt();
            if sum > LARGE { a[0].ln() + LN_2 } else { sum.ln_1p() }
        },
        lower: |l, a, _| {
            let one = l.constant(1.0);
            let (below, above) = (l.subtract(a[0], one), l.add(a[0], one));
            let (left, right) = (l.square_root(below), l.square_root(above));
            let product = l.multiply(left, right);
            let sum = l.add(product, below);
            log_of_sum(l, a[0], sum)
        },
    },
    derivative: |f, u, _, e| {
        let one = f.constant(1.0);
        let (below, above) = (f.subtract(u.operands[0], one), f.add(u.operands[0], one));
        let product = f.multiply(below, above);
        let slope = f.apply(&RECIPROCAL_SQUARE_ROOT, &[product], &[]);
        Some(f.multiply(e, slope))
    },
};

/// The inverse of the hyperbolic tangent.
pub static INVERSE_HYPERBOLIC_TANGENT: Operation = Operation {
    name: "Atanh",
    operands: 1,
    parameters: &[],
    summary: "inverse of the hyperbolic tangent, infinite at -1 and 1, NaN beyond",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].atanh(),
        lower: |l, a, _| {
            let (one, half, size) = (l.constant(1.0), l.constant(0.5), l.absolute(a[0]));
            let (doubled, rest) = (l.add(size, size), l.subtract(one, size));
            let quotient = l.divide(doubled, rest);
            let log = l.log_plus_one(quotient);
            let value = l.multiply(half, log);
            with_sign(l, a[0], value)
        },
    },
    derivative: |f, u, _, e| {
        let one = f.constant(1.0);
        let (below, above) = (f.subtract(one, u.operands[0]), f.add(one, u.operands[0]));
        let product = f.multiply(below, above);
        Some(f.divide(e, product))
    },
};

/// The logistic function.
pub static LOGISTIC: Operation = Operation {
    name: "Sigmoid",
    operands: 1,
    parameters: &[],
    summary: "1 / (1 + exp(-f))",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| {
            let power = (-a[0].abs()).exp();
            if a[0] < 0.0 { power / (1.0 + power) } else { 1.0 / (1.0 + power) }
        },
        lower: |l, a, _| {
            let (zero, one, size) = (l.constant(0.0), l.constant(1.0), l.absolute(a[0]));
            let exponent = l.negate(size);
            let power = l.exp(exponent);
            let whole = l.add(power, one);
            let below = l.less(a[0], zero);
            let part = l.select(below, power, one);
            l.divide(part, whole)
        },
    },
    derivative: |f, u, _, e| {
        // 1 less the value is the value at the other side, with all its digits.
        let opposite = f.minus(u.operands[0]);
        let rest = f.apply(&LOGISTIC, &[opposite], &[]);
        let slope = f.multiply(u.output, rest);
        Some(f.multiply(e, slope))
    },
};

/// The integral of the logistic function.
pub static SOFTPLUS: Operation = Operation {
    name: "Softplus",
    operands: 1,
    parameters: &[],
    summary: "log(1 + exp(f)), whatever the size of f",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| if a[0] < 0.0 { a[0].exp().ln_1p() } else { a[0] + (-a[0]).exp().ln_1p() },
        lower: |l, a, _| {
            let (zero, size) = (l.constant(0.0), l.absolute(a[0]));
            let exponent = l.negate(size);
            let power = l.exp(exponent);
            let rest = l.log_plus_one(power);
            let below = l.less(a[0], zero);
            let linear = l.select(below, zero, a[0]);
            l.add(linear, rest)
        },
    },
    derivative: |f, u, _, e| {
        let slope = f.apply(&LOGISTIC, u.operands, &[]);
        Some(f.multiply(e, slope))
    },
};
