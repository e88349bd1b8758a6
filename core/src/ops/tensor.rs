//! Matrices and tensors of one row: their components in row-major order, the last axis fastest.

use super::{Contraction, Operation, Rule, Span};

pub(super) const FAMILY: &[&Operation] = &[&MATRIX_VECTOR, &VECTOR_MATRIX, &OUTER_PRODUCT];

/// How many rows or columns a matrix of so many components has beside a vector of dimension `known`.
fn other_side(components: usize, known: usize) -> Result<usize, String> {
    if components.is_multiple_of(known) {
        return Ok(components / known);
    }
    Err(format!("a matrix of {components} components does not fit a vector of dimension {known}"))
}

/// A matrix times a vector.
pub static MATRIX_VECTOR: Operation = Operation {
    name: "MatVecMult",
    operands: 2,
    parameters: &[],
    summary: "matrix f of shape (n, p), row after row, times vector g of dimension p",
    commutative: false,
    rule: Rule::Contraction {
        dim: |d, _| other_side(d[0], d[1]),
        spans: |d, _| Contraction {
            kept: vec![Span { size: d[0] / d[1], strides: [d[1], 0] }],
            summed: vec![Span { size: d[1], strides: [1, 1] }],
        },
    },
    derivative: |f, u, which, e| {
        Some(match which {
            0 => f.apply(&OUTER_PRODUCT, &[e, u.operands[1]], &[]),
            _ => f.apply(&VECTOR_MATRIX, &[e, u.operands[0]], &[]),
        })
    },
};

/// A vector times a matrix.
pub static VECTOR_MATRIX: Operation = Operation {
    name: "VecMatMult",
    operands: 2,
    parameters: &[],
    summary: "vector f of dimension n times matrix g of shape (n, p), row after row",
    commutative: false,
    rule: Rule::Contraction {
        dim: |d, _| other_side(d[1], d[0]),
        spans: |d, _| Contraction {
            kept: vec![Span { size: d[1] / d[0], strides: [0, 1] }],
            summed: vec![Span { size: d[0], strides: [1, d[1] / d[0]] }],
        },
    },
    derivative: |f, u, which, e| {
        Some(match which {
            0 => f.apply(&MATRIX_VECTOR, &[u.operands[1], e], &[]),
            _ => f.apply(&OUTER_PRODUCT, &[u.operands[0], e], &[]),
        })
    },
};

/// The outer product.
pub static OUTER_PRODUCT: Operation = Operation {
    name: "TensorProd",
    operands: 2,
    parameters: &[],
    summary: "outer product of f and g, row after row",
    commutative: false,
    rule: Rule::Contraction {
        dim: |d, _| d[0].checked_mul(d[1]).ok_or_else(|| "the dimension overflows".into()),
        spans: |d, _| Contraction {
            kept: vec![Span { size: d[0], strides: [1, 0] }, Span { size: d[1], strides: [0, 1] }],
            summed: Vec::new(),
        },
    },
    derivative: |f, u, which, e| {
        Some(match which {
            0 => f.apply(&MATRIX_VECTOR, &[e, u.operands[1]], &[]),
            _ => f.apply(&VECTOR_MATRIX, &[u.operands[0], e], &[]),
        })
    },
};
