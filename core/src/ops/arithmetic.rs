//! Addition, subtraction, multiplication, division and negation, component by component.

use super::{Operation, Rule};

pub(super) const FAMILY: &[&Operation] = &[&ADD, &SUBTRACT, &MULTIPLY, &DIVIDE, &MINUS];

/// `f + g`
pub static ADD: Operation = Operation {
    name: "Add",
    operands: 2,
    parameters: &[],
    summary: "f + g, component by component; a scalar is broadcast",
    commutative: true,
    rule: Rule::Elementwise { meaning: |a, _| a[0] + a[1], lower: |l, a, _| l.add(a[0], a[1]) },
    derivative: |_, _, _, e| Some(e),
};

/// `f - g`
pub static SUBTRACT: Operation = Operation {
    name: "Subtract",
    operands: 2,
    parameters: &[],
    summary: "f - g, component by component; a scalar is broadcast",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0] - a[1], lower: |l, a, _| l.subtract(a[0], a[1]) },
    derivative: |f, _, which, e| Some(if which == 0 { e } else { f.minus(e) }),
};

/// `f * g`
pub static MULTIPLY: Operation = Operation {
    name: "Mult",
    operands: 2,
    parameters: &[],
    summary: "f * g, component by component; a scalar is broadcast",
    commutative: true,
    rule: Rule::Elementwise { meaning: |a, _| a[0] * a[1], lower: |l, a, _| l.multiply(a[0], a[1]) },
    derivative: |f, u, which, e| Some(f.multiply(e, u.operands[1 - which])),
};

/// `f / g`
pub static DIVIDE: Operation = Operation {
    name: "Divide",
    operands: 2,
    parameters: &[],
    summary: "f / g, component by component; a scalar is broadcast",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0] / a[1], lower: |l, a, _| l.divide(a[0], a[1]) },
    derivative: |f, u, which, e| {
        let quotient = f.divide(e, u.operands[1]);
        if which == 0 {
            return Some(quotient);
        }
        let product = f.multiply(quotient, u.output);
        Some(f.minus(product))
    },
};

/// `-f`
pub static MINUS: Operation = Operation {
    name: "Minus",
    operands: 1,
    parameters: &[],
    summary: "-f",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| -a[0], lower: |l, a, _| l.negate(a[0]) },
    derivative: |f, _, _, e| Some(f.minus(e)),
};
