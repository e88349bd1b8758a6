//! Elementary functions and piecewise functions of one number.

use super::{Operation, Rule, no_derivative};

pub(super) const FAMILY: &[&Operation] = &[&EXP, &EXP2, &LOG, &SIN, &COS, &TANH, &ABS, &SIGN, &STEP, &RELU];

/// The exponential.
pub static EXP: Operation = Operation {
    name: "Exp",
    operands: 1,
    parameters: &[],
    summary: "e to the f",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].exp(), lower: |l, a, _| l.exp(a[0]) },
    derivative: |f, u, _, e| Some(f.multiply(e, u.output)),
};

/// The power of two, which the plan makes of exponentials.
pub static EXP2: Operation = Operation {
    name: "Exp2",
    operands: 1,
    parameters: &[],
    summary: "2 to the f",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].exp2(), lower: |l, a, _| l.exp2(a[0]) },
    derivative: |f, u, _, e| {
        let slope = f.scale(std::f64::consts::LN_2, u.output);
        Some(f.multiply(e, slope))
    },
};

/// The natural logarithm.
pub static LOG: Operation = Operation {
    name: "Log",
    operands: 1,
    parameters: &[],
    summary: "natural logarithm; -inf at 0, NaN below",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].ln(), lower: |l, a, _| l.log(a[0]) },
    derivative: |f, u, _, e| Some(f.divide(e, u.operands[0])),
};

/// The sine.
pub static SIN: Operation = Operation {
    name: "Sin",
    operands: 1,
    parameters: &[],
    summary: "sine of an angle in radians",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].sin(), lower: |l, a, _| l.sin(a[0]) },
    derivative: |f, u, _, e| {
        let cos = f.apply(&COS, u.operands, &[]);
        Some(f.multiply(e, cos))
    },
};

/// The cosine.
pub static COS: Operation = Operation {
    name: "Cos",
    operands: 1,
    parameters: &[],
    summary: "cosine of an angle in radians",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].cos(), lower: |l, a, _| l.cos(a[0]) },
    derivative: |f, u, _, e| {
        let sin = f.apply(&SIN, u.operands, &[]);
        let product = f.multiply(e, sin);
        Some(f.minus(product))
    },
};

/// The hyperbolic tangent.
pub static TANH: Operation = Operation {
    name: "Tanh",
    operands: 1,
    parameters: &[],
    summary: "hyperbolic tangent",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].tanh(), lower: |l, a, _| l.tanh(a[0]) },
    derivative: |f, u, _, e| {
        let one = f.constant(1.0);
        let square = f.square(u.output);
        let slope = f.subtract(one, square);
        Some(f.multiply(e, slope))
    },
};

/// The absolute value.
pub static ABS: Operation = Operation {
    name: "Abs",
    operands: 1,
    parameters: &[],
    summary: "absolute value; its derivative at 0 is 0",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].abs(), lower: |l, a, _| l.absolute(a[0]) },
    derivative: |f, u, _, e| {
        let sign = f.apply(&SIGN, u.operands, &[]);
        Some(f.multiply(e, sign))
    },
};

/// The sign.
pub static SIGN: Operation = Operation {
    name: "Sign",
    operands: 1,
    parameters: &[],
    summary: "-1, 0 or 1; 0 at 0 and at NaN",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| f64::from(i8::from(a[0] > 0.0) - i8::from(a[0] < 0.0)),
        lower: |l, a, _| {
            let (zero, one, minus) = (l.constant(0.0), l.constant(1.0), l.constant(-1.0));
            let (above, below) = (l.less(zero, a[0]), l.less(a[0], zero));
            let negative = l.select(below, minus, zero);
            l.select(above, one, negative)
        },
    },
    derivative: no_derivative,
};

/// The Heaviside step.
pub static STEP: Operation = Operation {
    name: "Step",
    operands: 1,
    parameters: &[],
    summary: "0 where f < 0, else 1: so 1 at 0 and at NaN",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| if a[0] < 0.0 { 0.0 } else { 1.0 },
        lower: |l, a, _| {
            let (zero, one) = (l.constant(0.0), l.constant(1.0));
            let below = l.less(a[0], zero);
            l.select(below, zero, one)
        },
    },
    derivative: no_derivative,
};

/// The rectifier.
pub static RELU: Operation = Operation {
    name: "ReLU",
    operands: 1,
    parameters: &[],
    summary: "0 where f < 0, else f; its derivative is Step(f), so 1 at 0",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| if a[0] < 0.0 { 0.0 } else { a[0] },
        lower: |l, a, _| {
            let zero = l.constant(0.0);
            let below = l.less(a[0], zero);
            l.select(below, zero, a[0])
        },
    },
    derivative: |f, u, _, e| {
        let step = f.apply(&STEP, u.operands, &[]);
        Some(f.multiply(e, step))
    },
};
