//! Kernels times vectors, which KeOps knew by these names before its version 2: shorthands, so that the programs of those
//! days, those for MATLAB among them, find them.

use super::norms::SQUARED_DISTANCE;
use super::{Algebra, EXP, INVERSE, Node, Operation, Rule, SCALAR_PRODUCT, SQUARE_ROOT, Shorthand, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[
    &GAUSSIAN,
    &LAPLACIAN,
    &CAUCHY,
    &INVERSE_MULTIQUADRIC,
    &SUM_OF_GAUSSIANS,
    &DIVERGENCE_FREE,
    &CURL_FREE,
    &INVARIANT,
];

const fn kernel(name: &'static str, operands: usize, summary: &'static str, build: Shorthand) -> Operation {
    let rule = Rule::Shorthand { build };
    Operation { name, operands, parameters: &[], summary, commutative: false, rule, derivative: expanded_before }
}

/// The Gaussian kernel.
pub static GAUSSIAN: Operation =
    kernel("GaussKernel", 4, "exp(-f |g - h|^2) k for a scalar f, points g and h, and a vector k", |f, a, _| {
        scalar(f, a[0], "f")?;
        let value = gaussian(f, a[0], a[1], a[2])?;
        Ok(f.multiply(value, a[3]))
    });

/// The exponential kernel.
pub static LAPLACIAN: Operation = kernel("LaplaceKernel", 4, "exp(-f |g - h|) k for a scalar f", |f, a, _| {
    scalar(f, a[0], "f")?;
    let square = squared_distance(f, a[1], a[2])?;
    let distance = f.apply(&SQUARE_ROOT, &[square], &[]);
    let value = decay(f, a[0], distance);
    Ok(f.multiply(value, a[3]))
});

/// The kernel of Cauchy's distribution.
pub static CAUCHY: Operation = kernel("CauchyKernel", 4, "k / (1 + f |g - h|^2) for a scalar f", |f, a, _| {
    scalar(f, a[0], "f")?;
    let square = squared_distance(f, a[1], a[2])?;
    let (scaled, one) = (f.multiply(a[0], square), f.constant(1.0));
    let sum = f.add(one, scaled);
    Ok(f.divide(a[3], sum))
});

/// Hardy's inverse multiquadric.
pub static INVERSE_MULTIQUADRIC: Operation =
    kernel("InverseMultiquadricKernel", 4, "k / sqrt(1 / f + |g - h|^2) for a scalar f", |f, a, _| {
        scalar(f, a[0], "f")?;
        let square = squared_distance(f, a[1], a[2])?;
        let inverse = f.apply(&INVERSE, &[a[0]], &[]);
        let sum = f.add(inverse, square);
        let root = f.apply(&SQUARE_ROOT, &[sum], &[]);
        Ok(f.divide(a[3], root))
    });

/// A mixture of Gaussians.
pub static SUM_OF_GAUSSIANS: Operation = kernel(
    "SumGaussKernel",
    5,
    "sum over l of g_l exp(-f_l |h - k|^2), times m, for vectors f and g of one dimension, points h and k, and a vector m",
    |f, a, _| {
        super::common_dim(&[f.dim(a[0]), f.dim(a[1])])?;
        let values = gaussian(f, a[0], a[2], a[3])?;
        let value = f.apply(&SCALAR_PRODUCT, &[a[1], values], &[]);
        Ok(f.multiply(value, a[4]))
    },
);

/// Vector fields without sources (Micheli and Glaunès, Matrix-valued kernels for shape deformation analysis, 2014).
pub static DIVERGENCE_FREE: Operation = kernel(
    "DivFreeGaussKernel",
    4,
    "exp(-f |r|^2) (((d - 1) / (2 f) - |r|^2) k + (k | r) r) for a scalar f and r = g - h, of dimension d as k is: as a field \
     over g without divergence",
    |f, a, _| Ok(Field::new(f, a)?.without_divergence(f)),
);

/// Vector fields without curls, from the same source.
pub static CURL_FREE: Operation = kernel(
    "CurlFreeGaussKernel",
    4,
    "exp(-f |r|^2) (k / (2 f) - (k | r) r) for a scalar f and r = g - h, of the dimension of k: as a field over g a gradient",
    |f, a, _| Ok(Field::new(f, a)?.without_curl(f)),
);

/// What commutes with translations and rotations, from the same source.
pub static INVARIANT: Operation = kernel(
    "TRIGaussKernel",
    5,
    "f DivFreeGaussKernel(g, h, k, m) + (1 - f) CurlFreeGaussKernel(g, h, k, m) for a scalar f",
    |f, a, _| {
        scalar(f, a[0], "f")?;
        let field = Field::new(f, &a[1..])?;
        let (one, first, second) = (f.constant(1.0), field.without_divergence(f), field.without_curl(f));
        let rest = f.subtract(one, a[0]);
        let (first, second) = (f.multiply(a[0], first), f.multiply(rest, second));
        Ok(f.add(first, second))
    },
);

/// What both kinds of fields have in common.
struct Field {
    dim: usize,
    /// `exp(-c |r|^2)`
    value: Node,
    /// `1 / (2 c)`
    width: Node,
    square: Node,
    vector: Node,
    /// `(b | r) r`
    along: Node,
}

impl Field {
    fn new(f: &mut dyn Algebra, a: &[Node]) -> Result<Self, String> {
        let &[scale, x, y, vector] = a else { return Err("expected four operands".into()) };
        scalar(f, scale, "the factor of the squared distance")?;
        let square = squared_distance(f, x, y)?;
        let difference = f.subtract(x, y);
        let dim = f.dim(difference);
        if f.dim(vector) != dim {
            return Err(format!("the vector has dimension {}; expected {dim}, as the points have", f.dim(vector)));
        }
        let value = decay(f, scale, square);
        let two = f.constant(2.0);
        let twice = f.multiply(two, scale);
        let width = f.apply(&INVERSE, &[twice], &[]);
        let product = f.apply(&SCALAR_PRODUCT, &[vector, difference], &[]);
        let along = f.multiply(product, difference);
        Ok(Field { dim, value, width, square, vector, along })
    }

    fn without_divergence(&self, f: &mut dyn Algebra) -> Node {
        let others = f.constant(self.dim as f64 - 1.0);
        let scaled = f.multiply(others, self.width);
        let factor = f.subtract(scaled, self.square);
        let across = f.multiply(factor, self.vector);
        let sum = f.add(across, self.along);
        f.multiply(self.value, sum)
    }

    fn without_curl(&self, f: &mut dyn Algebra) -> Node {
        let scaled = f.multiply(self.width, self.vector);
        let rest = f.subtract(scaled, self.along);
        f.multiply(self.value, rest)
    }
}

fn scalar(f: &dyn Algebra, a: Node, name: &str) -> Result<(), String> {
    match f.dim(a) {
        1 => Ok(()),
        dim => Err(format!("{name} has dimension {dim}; expected 1")),
    }
}

fn squared_distance(f: &mut dyn Algebra, x: Node, y: Node) -> Result<Node, String> {
    super::common_dim(&[f.dim(x), f.dim(y)])?;
    Ok(f.apply(&SQUARED_DISTANCE, &[x, y], &[]))
}

/// `exp(-c |x - y|^2)` for each component of c.
fn gaussian(f: &mut dyn Algebra, c: Node, x: Node, y: Node) -> Result<Node, String> {
    let square = squared_distance(f, x, y)?;
    Ok(decay(f, c, square))
}

/// `exp(-c a)`
fn decay(f: &mut dyn Algebra, c: Node, a: Node) -> Node {
    let product = f.multiply(c, a);
    let negated = f.minus(product);
    f.apply(&EXP, &[negated], &[])
}
