//! Matrices and tensors of one row: their components in row-major order, the last axis fastest.

use super::{Lanes, Operation, Rule, Value};

pub(super) const FAMILY: &[&Operation] = &[&MATRIX_VECTOR, &VECTOR_MATRIX, &OUTER_PRODUCT];

/// `sum_k a_k b_k`, each product fused with its addition.
pub(super) fn product_sum(l: &mut dyn Lanes, pairs: impl Iterator<Item = (Value, Value)>) -> Value {
    let mut total = None;
    for (a, b) in pairs {
        let product = l.multiply(a, b);
        total = Some(match total {
            Some(total) => l.add(product, total),
            None => product,
        });
    }
    total.unwrap_or_else(|| l.constant(0.0))
}

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
    rule: Rule::Vector {
        dim: |d, _| other_side(d[0], d[1]),
        meaning: |a, _| a[0].chunks(a[1].len()).map(|row| row.iter().zip(a[1]).map(|(x, y)| x * y).sum()).collect(),
        lower: |l, a, _| {
            let rows = a[0].chunks(a[1].len());
            rows.map(|row| product_sum(l, row.iter().copied().zip(a[1].iter().copied()))).collect()
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
    rule: Rule::Vector {
        dim: |d, _| other_side(d[1], d[0]),
        meaning: |a, _| {
            let columns = a[1].len() / a[0].len();
            (0..columns).map(|k| a[0].iter().zip(a[1][k..].iter().step_by(columns)).map(|(x, y)| x * y).sum()).collect()
        },
        lower: |l, a, _| {
            let columns = a[1].len() / a[0].len();
            let column = |k: usize| a[1][k..].iter().copied().step_by(columns);
            (0..columns).map(|k| product_sum(l, a[0].iter().copied().zip(column(k)))).collect()
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
    rule: Rule::Vector {
        dim: |d, _| d[0].checked_mul(d[1]).ok_or_else(|| "the dimension overflows".into()),
        meaning: |a, _| a[0].iter().flat_map(|x| a[1].iter().map(move |y| x * y)).collect(),
        lower: |l, a, _| {
            let pairs: Vec<(Value, Value)> = a[0].iter().flat_map(|&x| a[1].iter().map(move |&y| (x, y))).collect();
            pairs.into_iter().map(|(x, y)| l.multiply(x, y)).collect()
        },
    },
    derivative: |f, u, which, e| {
        Some(match which {
            0 => f.apply(&MATRIX_VECTOR, &[e, u.operands[1]], &[]),
            _ => f.apply(&VECTOR_MATRIX, &[u.operands[0], e], &[]),
        })
    },
};
