//! Rounding, clamping, comparing and choosing, component by component. Comparisons give 1 or 0.

use super::{Algebra, Lanes, Node, Operation, Rule, Value, expanded_before, no_derivative};

pub(super) const FAMILY: &[&Operation] = &[
    &FLOOR,
    &ROUND,
    &CLAMP,
    &CLAMP_TO_INTEGERS,
    &INSIDE_INTEGERS,
    &IF_ELSE,
    &MODULO,
    &EQUAL,
    &NOT_EQUAL,
    &LESS_THAN,
    &LESS_OR_EQUAL,
];

/// The largest integer not above.
pub static FLOOR: Operation = Operation {
    name: "Floor",
    operands: 1,
    parameters: &[],
    summary: "the largest integer not above f; its derivative is 0",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].floor(), lower: |l, a, _| l.floor(a[0]) },
    derivative: no_derivative,
};

/// Decimal rounding.
pub static ROUND: Operation = Operation {
    name: "Round",
    operands: 1,
    parameters: &["d"],
    summary: "f rounded to d decimal digits, halves away from zero; its derivative is 0",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, p| {
            let scale = decimal(p[0]);
            let scaled = a[0] * scale;
            if scaled.is_finite() { scaled.round() / scale } else { a[0] }
        },
        lower: |l, a, p| {
            let (scale, zero) = (l.constant(decimal(p[0])), l.constant(0.0));
            let scaled = l.multiply(a[0], scale);
            let size = l.absolute(scaled);
            let rounded = round_half_up(l, size);
            let negated = l.negate(rounded);
            let below = l.less(scaled, zero);
            let signed = l.select(below, negated, rounded);
            let result = l.divide(signed, scale);
            // What overflows has no such digits.
            let infinity = l.constant(f64::INFINITY);
            let is_finite = l.less(size, infinity);
            l.select(is_finite, result, a[0])
        },
    },
    derivative: no_derivative,
};

/// A power of ten that numbers of both formats can be multiplied with.
fn decimal(digits: i64) -> f64 {
    10f64.powi(digits.clamp(-30, 30) as i32)
}

/// The nearest integer to a number from 0 on. Adding 1/2 first would round what lies just below it.
fn round_half_up(l: &mut dyn Lanes, size: Value) -> Value {
    let (half, one) = (l.constant(0.5), l.constant(1.0));
    let below = l.floor(size);
    let rest = l.subtract(size, below);
    let above = l.add(below, one);
    let goes_up = l.less_equal(half, rest);
    l.select(goes_up, above, below)
}

/// Between two bounds.
pub static CLAMP: Operation = Operation {
    name: "Clamp",
    operands: 3,
    parameters: &[],
    summary: "f where it lies between g and h, else the bound it passed; its derivative in f is 1 on the closed interval",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| clamp(a[0], a[1], a[2]),
        lower: |l, a, _| {
            let above = l.less(a[2], a[0]);
            let low_enough = l.select(above, a[2], a[0]);
            let below = l.less(a[0], a[1]);
            l.select(below, a[1], low_enough)
        },
    },
    derivative: |f, u, which, e| {
        let [x, low, high] = [u.operands[0], u.operands[1], u.operands[2]];
        let chosen = match which {
            0 => passes_no_bound(f, x, low, high),
            1 => f.apply(&LESS_THAN, &[x, low], &[]),
            _ => {
                let (above, not_below) = (f.apply(&LESS_THAN, &[high, x], &[]), is_not_less(f, x, low));
                f.multiply(not_below, above)
            }
        };
        Some(f.multiply(e, chosen))
    },
};

/// 1 where `a < b` does not hold, so at NaN too, else 0.
fn is_not_less(f: &mut dyn Algebra, a: Node, b: Node) -> Node {
    let (one, less) = (f.constant(1.0), f.apply(&LESS_THAN, &[a, b], &[]));
    f.subtract(one, less)
}

fn passes_no_bound(f: &mut dyn Algebra, x: Node, low: Node, high: Node) -> Node {
    let (not_below, not_above) = (is_not_less(f, x, low), is_not_less(f, high, x));
    f.multiply(not_below, not_above)
}

fn clamp(x: f64, low: f64, high: f64) -> f64 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// Between two integers.
pub static CLAMP_TO_INTEGERS: Operation = Operation {
    name: "ClampInt",
    operands: 1,
    parameters: &["a", "b"],
    summary: "Clamp(f, a, b) for integers a and b",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, p| {
            let (low, high) = (f.constant(p[0] as f64), f.constant(p[1] as f64));
            Ok(f.apply(&CLAMP, &[a[0], low, high], &[]))
        },
    },
    derivative: expanded_before,
};

/// Whether between two integers.
pub static INSIDE_INTEGERS: Operation = Operation {
    name: "DiffClampInt",
    operands: 1,
    parameters: &["a", "b"],
    summary: "0 where f < a or f > b, else 1: so 1 at both bounds and at NaN",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, p| {
            let (low, high) = (f.constant(p[0] as f64), f.constant(p[1] as f64));
            Ok(passes_no_bound(f, a[0], low, high))
        },
    },
    derivative: expanded_before,
};

/// The choice by a sign.
pub static IF_ELSE: Operation = Operation {
    name: "IfElse",
    operands: 3,
    parameters: &[],
    summary: "g where f >= 0, so at -0 too, else h, so at NaN too; its derivative in f is 0",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| if a[0] >= 0.0 { a[1] } else { a[2] },
        lower: |l, a, _| {
            let zero = l.constant(0.0);
            let mask = l.less_equal(zero, a[0]);
            l.select(mask, a[1], a[2])
        },
    },
    derivative: |f, u, which, e| {
        let zero = f.constant(0.0);
        match which {
            0 => None,
            1 => Some(f.apply(&IF_ELSE, &[u.operands[0], e, zero], &[])),
            _ => Some(f.apply(&IF_ELSE, &[u.operands[0], zero, e], &[])),
        }
    },
};

/// The remainder.
pub static MODULO: Operation = Operation {
    name: "Mod",
    operands: 3,
    parameters: &[],
    summary: "f - g * Floor((f - h) / g): f moved by multiples of g to the interval from h to h + g",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            super::common_dim(&[f.dim(a[0]), f.dim(a[1]), f.dim(a[2])])?;
            let distance = f.subtract(a[0], a[2]);
            let periods = f.divide(distance, a[1]);
            let whole = f.apply(&FLOOR, &[periods], &[]);
            let moved = f.multiply(a[1], whole);
            Ok(f.subtract(a[0], moved))
        },
    },
    derivative: expanded_before,
};

/// Equality.
pub static EQUAL: Operation = Operation {
    name: "Equal",
    operands: 2,
    parameters: &[],
    summary: "1 where f == g, else 0; its derivative is 0",
    commutative: true,
    rule: Rule::Elementwise {
        meaning: |a, _| f64::from(u8::from(a[0] == a[1])),
        lower: |l, a, _| {
            let mask = l.equal(a[0], a[1]);
            one_where(l, mask)
        },
    },
    derivative: no_derivative,
};

/// Inequality.
pub static NOT_EQUAL: Operation = Operation {
    name: "NotEqual",
    operands: 2,
    parameters: &[],
    summary: "1 where f and g differ, so at NaN too, else 0; its derivative is 0",
    commutative: true,
    rule: Rule::Elementwise {
        meaning: |a, _| f64::from(u8::from(a[0] != a[1])),
        lower: |l, a, _| {
            let mask = l.equal(a[0], a[1]);
            let (zero, one) = (l.constant(0.0), l.constant(1.0));
            l.select(mask, zero, one)
        },
    },
    derivative: no_derivative,
};

/// Strictly below.
pub static LESS_THAN: Operation = Operation {
    name: "LessThan",
    operands: 2,
    parameters: &[],
    summary: "1 where f < g, else 0; its derivative is 0",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| f64::from(u8::from(a[0] < a[1])),
        lower: |l, a, _| {
            let mask = l.less(a[0], a[1]);
            one_where(l, mask)
        },
    },
    derivative: no_derivative,
};

/// Below or equal.
pub static LESS_OR_EQUAL: Operation = Operation {
    name: "LessOrEqual",
    operands: 2,
    parameters: &[],
    summary: "1 where f <= g, else 0; its derivative is 0",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| f64::from(u8::from(a[0] <= a[1])),
        lower: |l, a, _| {
            let mask = l.less_equal(a[0], a[1]);
            one_where(l, mask)
        },
    },
    derivative: no_derivative,
};

fn one_where(l: &mut dyn Lanes, mask: Value) -> Value {
    let (zero, one) = (l.constant(0.0), l.constant(1.0));
    l.select(mask, one, zero)
}
