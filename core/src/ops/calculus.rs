//! Symbolic operators: they stand for formulas that the derivative pass writes out.

use super::{Operation, Rule, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[&GRADIENT];

/// The vector-Jacobian product.
pub static GRADIENT: Operation = Operation {
    name: "Grad",
    operands: 3,
    parameters: &[],
    summary: "adjoint of the derivative of f with respect to the variable v, applied to e; it has v's dimension",
    commutative: false,
    rule: Rule::Symbolic {
        dim: |d, _| {
            if d[2] == d[0] || d[2] == 1 {
                return Ok(d[1]);
            }
            Err(format!("the cotangent has dimension {}; expected that of the formula, {}", d[2], d[0]))
        },
    },
    derivative: expanded_before,
};
