//! Scalar products, norms and distances: shorthands for sums of products.

use super::powers::SQUARE_ROOT;
use super::{Algebra, Node, Operation, Rule, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[&SCALAR_PRODUCT, &SQUARED_NORM, &NORM, &SQUARED_DISTANCE];

/// The scalar product.
pub static SCALAR_PRODUCT: Operation = Operation {
    name: "Scalprod",
    operands: 2,
    parameters: &[],
    summary: "scalar product of f and g, also written f | g; a scalar operand is broadcast",
    commutative: true,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            super::common_dim(&[f.dim(a[0]), f.dim(a[1])])?;
            let product = f.multiply(a[0], a[1]);
            Ok(f.sum(product))
        },
    },
    derivative: expanded_before,
};

/// The squared Euclidean norm.
pub static SQUARED_NORM: Operation = Operation {
    name: "SqNorm2",
    operands: 1,
    parameters: &[],
    summary: "squared Euclidean norm of f",
    commutative: false,
    rule: Rule::Shorthand { build: |f, a, _| Ok(squared_norm(f, a[0])) },
    derivative: expanded_before,
};

/// The Euclidean norm.
pub static NORM: Operation = Operation {
    name: "Norm2",
    operands: 1,
    parameters: &[],
    summary: "Euclidean norm of f; its derivative at 0 is 0",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            let square = squared_norm(f, a[0]);
            Ok(f.apply(&SQUARE_ROOT, &[square], &[]))
        },
    },
    derivative: expanded_before,
};

/// The squared Euclidean distance.
pub static SQUARED_DISTANCE: Operation = Operation {
    name: "SqDist",
    operands: 2,
    parameters: &[],
    summary: "squared Euclidean distance of f and g; a scalar operand is broadcast",
    commutative: true,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            super::common_dim(&[f.dim(a[0]), f.dim(a[1])])?;
            let difference = f.subtract(a[0], a[1]);
            Ok(squared_norm(f, difference))
        },
    },
    derivative: expanded_before,
};

fn squared_norm(f: &mut dyn Algebra, a: Node) -> Node {
    let square = f.square(a);
    f.sum(square)
}
