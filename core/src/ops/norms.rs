//! Scalar products, norms and distances: shorthands for sums of products.

use super::powers::{RECIPROCAL_SQUARE_ROOT, SQUARE_ROOT};
use super::tensor::MATRIX_VECTOR;
use super::{Algebra, Node, Operation, Rule, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[
    &SCALAR_PRODUCT,
    &SQUARED_NORM,
    &NORM,
    &NORMALIZE,
    &SQUARED_DISTANCE,
    &ISOTROPIC_NORM,
    &DIAGONAL_NORM,
    &QUADRATIC_FORM,
    &WEIGHTED_NORM,
    &WEIGHTED_DISTANCE,
];

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

/// The direction of a vector.
pub static NORMALIZE: Operation = Operation {
    name: "Normalize",
    operands: 1,
    parameters: &[],
    summary: "f divided by its Euclidean norm; 0 at 0",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            let square = squared_norm(f, a[0]);
            let inverse = f.apply(&RECIPROCAL_SQUARE_ROOT, &[square], &[]);
            Ok(f.multiply(inverse, a[0]))
        },
    },
    derivative: expanded_before,
};

/// The squared norm with one weight.
pub static ISOTROPIC_NORM: Operation = Operation {
    name: "SqNormIso",
    operands: 2,
    parameters: &[],
    summary: "scalar f times the squared Euclidean norm of g",
    commutative: false,
    rule: Rule::Shorthand { build: |f, a, _| weighted_norm(f, a[0], a[1], &[1]) },
    derivative: expanded_before,
};

/// The squared norm with a weight for each component.
pub static DIAGONAL_NORM: Operation = Operation {
    name: "SqNormDiag",
    operands: 2,
    parameters: &[],
    summary: "sum over k of f_k g_k^2",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            let dim = f.dim(a[1]);
            weighted_norm(f, a[0], a[1], &[dim])
        },
    },
    derivative: expanded_before,
};

/// The quadratic form of a matrix.
pub static QUADRATIC_FORM: Operation = Operation {
    name: "SymSqNorm",
    operands: 2,
    parameters: &[],
    summary: "sum over k and l of f_kl g_k g_l for a matrix f, row after row",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            let dim = f.dim(a[1]);
            weighted_norm(f, a[0], a[1], &[dim * dim])
        },
    },
    derivative: expanded_before,
};

/// The squared norm with weights.
pub static WEIGHTED_NORM: Operation = Operation {
    name: "WeightedSqNorm",
    operands: 2,
    parameters: &[],
    summary: "SqNormIso, SqNormDiag or SymSqNorm of f and g, as the dimension of f tells",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            let dim = f.dim(a[1]);
            weighted_norm(f, a[0], a[1], &[1, dim, dim * dim])
        },
    },
    derivative: expanded_before,
};

/// The squared distance with weights.
pub static WEIGHTED_DISTANCE: Operation = Operation {
    name: "WeightedSqDist",
    operands: 3,
    parameters: &[],
    summary: "WeightedSqNorm(f, g - h)",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            super::common_dim(&[f.dim(a[1]), f.dim(a[2])])?;
            let difference = f.subtract(a[1], a[2]);
            let dim = f.dim(difference);
            weighted_norm(f, a[0], difference, &[1, dim, dim * dim])
        },
    },
    derivative: expanded_before,
};

/// The squared norm with weights of one of the dimensions that fit: one, one for each component, or a matrix.
fn weighted_norm(f: &mut dyn Algebra, weights: Node, a: Node, fitting: &[usize]) -> Result<Node, String> {
    let (found, dim) = (f.dim(weights), f.dim(a));
    if !fitting.contains(&found) {
        let shown: Vec<String> = fitting.iter().map(usize::to_string).collect();
        return Err(format!(
            "the weights have dimension {found}; expected {} for a vector of dimension {dim}",
            shown.join(" or ")
        ));
    }
    if found == 1 {
        let square = squared_norm(f, a);
        return Ok(f.multiply(weights, square));
    }
    let weighted = match found == dim {
        true => f.multiply(weights, a),
        false => f.apply(&MATRIX_VECTOR, &[weights, a], &[]),
    };
    let product = f.multiply(weighted, a);
    Ok(f.sum(product))
}
