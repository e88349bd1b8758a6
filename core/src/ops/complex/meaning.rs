//! What operations mean for complex operands: each as real operations on real and imaginary parts. A real operand among
//! complex ones stands for numbers without imaginary part.

use super::functions::of_complex;
use super::{Pair, is_zero, real};
use crate::ops::arithmetic::{ADD, DIVIDE, MINUS, MULTIPLY, SUBTRACT};
use crate::ops::calculus::{
    ADJOINT, AUTO_FACTORIZE, DIRECTIONAL, DIVERGENCE, FACTORIZE, GRADIENT, JACOBIAN, LAPLACIAN, TRACE,
};
use crate::ops::contraction::{KRONECKER, TENSOR_DOT};
use crate::ops::elementary::{ABS, COS, EXP, SIN};
use crate::ops::norms::{
    DIAGONAL_NORM, ISOTROPIC_NORM, NORM, NORMALIZE, QUADRATIC_FORM, SCALAR_PRODUCT, SQUARED_DISTANCE, SQUARED_NORM,
    WEIGHTED_DISTANCE, WEIGHTED_NORM,
};
use crate::ops::piecewise::{EQUAL, IF_ELSE, NOT_EQUAL};
use crate::ops::powers::{INVERSE, POWER, SQUARE, SQUARE_ROOT};
use crate::ops::structure::{
    CONCATENATE, ELEMENT, ELEMENT_TRANSPOSE, EXTRACT, EXTRACT_TRANSPOSE, INTERLEAVE, REPLICATE, SUM,
};
use crate::ops::tensor::{MATRIX_VECTOR, OUTER_PRODUCT, VECTOR_MATRIX};
use crate::ops::{Algebra, Lanes, Node, Operation, Rule, Shorthand, Value};

/// Linear in all operands together: the same on real as on imaginary parts.
static PART_BY_PART: &[&Operation] = &[
    &ADD,
    &SUBTRACT,
    &MINUS,
    &SUM,
    &REPLICATE,
    &CONCATENATE,
    &EXTRACT,
    &EXTRACT_TRANSPOSE,
    &ELEMENT,
    &ELEMENT_TRANSPOSE,
];

/// Linear in the first operand, while the others are real.
static LINEAR_IN_THE_FIRST: &[&Operation] = &[&DIRECTIONAL, &JACOBIAN, &DIVERGENCE, &LAPLACIAN, &TRACE];

/// Linear in each of two operands, without a conjugate.
static BILINEAR: &[&Operation] =
    &[&MULTIPLY, &SCALAR_PRODUCT, &MATRIX_VECTOR, &VECTOR_MATRIX, &OUTER_PRODUCT, &TENSOR_DOT, &KRONECKER];

/// All others that mean something.
static WRITTEN_OUT: &[(&Operation, Shorthand)] = &[
    (&DIVIDE, |f, a, _| {
        let [z, w] = [Pair::of(f, a[0]), Pair::of(f, a[1])];
        Ok(divide(f, z, w).node(f))
    }),
    (&INVERSE, |f, a, _| {
        let z = Pair::of(f, a[0]);
        Ok(inverse(f, z).node(f))
    }),
    (&SQUARE, |f, a, _| {
        let z = Pair::of(f, a[0]);
        Ok(square(f, z).node(f))
    }),
    (&POWER, |f, a, p| {
        let z = Pair::of(f, a[0]);
        let power = power(f, z, p[0].unsigned_abs());
        Ok(if p[0] < 0 { inverse(f, power) } else { power }.node(f))
    }),
    (&EXP, |f, a, _| {
        let z = Pair::of(f, a[0]);
        Ok(exp(f, z).node(f))
    }),
    (&ABS, |f, a, _| {
        let z = Pair::of(f, a[0]);
        Ok(absolute_value(f, z))
    }),
    (&SQUARED_NORM, |f, a, _| of_all_parts(f, &SQUARED_NORM, a[0])),
    (&NORM, |f, a, _| of_all_parts(f, &NORM, a[0])),
    (&SQUARED_DISTANCE, |f, a, _| {
        let difference = f.subtract(a[0], a[1]);
        of_all_parts(f, &SQUARED_NORM, difference)
    }),
    (&ISOTROPIC_NORM, |f, a, _| weighted_norm(f, a[0], a[1])),
    (&DIAGONAL_NORM, |f, a, _| weighted_norm(f, a[0], a[1])),
    (&QUADRATIC_FORM, |f, a, _| weighted_norm(f, a[0], a[1])),
    (&WEIGHTED_NORM, |f, a, _| weighted_norm(f, a[0], a[1])),
    (&WEIGHTED_DISTANCE, |f, a, _| {
        let difference = f.subtract(a[1], a[2]);
        weighted_norm(f, a[0], difference)
    }),
    (&NORMALIZE, |f, a, _| {
        let norm = of_all_parts(f, &NORMALIZE, a[0])?;
        let pair = Pair::read(f, norm)?;
        Ok(pair.node(f))
    }),
    (&EQUAL, |f, a, _| Ok(are_equal(f, a))),
    (&NOT_EQUAL, |f, a, _| {
        let (one, equal) = (f.constant(1.0), are_equal(f, a));
        Ok(f.subtract(one, equal))
    }),
    (&IF_ELSE, |f, a, _| {
        let condition = real(f, a[0])?;
        let (yes, no) = (Pair::of(f, a[1]), Pair::of(f, a[2]));
        let re = f.apply(&IF_ELSE, &[condition, yes.re, no.re], &[]);
        let im = f.apply(&IF_ELSE, &[condition, yes.im, no.im], &[]);
        Ok(Pair { re, im }.node(f))
    }),
    (&GRADIENT, |f, a, _| applied_to_cotangent(f, &GRADIENT, a)),
    (&ADJOINT, |f, a, _| applied_to_cotangent(f, &ADJOINT, a)),
    (&FACTORIZE, |_, a, _| Ok(a[0])),
    (&AUTO_FACTORIZE, |_, a, _| Ok(a[0])),
];

/// The formula of an operation with complex operands, whose dimensions fit as those of real ones do; `None` if the
/// operation has no meaning for them.
pub fn on_complex(
    f: &mut dyn Algebra,
    operation: &'static Operation,
    a: &[Node],
    parameters: &[i64],
) -> Option<Result<Node, String>> {
    if PART_BY_PART.contains(&operation) {
        let pairs: Vec<Pair> = a.iter().map(|&node| Pair::of(f, node)).collect();
        let [re, im] = [|pair: &Pair| pair.re, |pair: &Pair| pair.im].map(|part| {
            let parts: Vec<Node> = pairs.iter().map(part).collect();
            f.apply(operation, &parts, parameters)
        });
        return Some(Ok(Pair { re, im }.node(f)));
    }
    if BILINEAR.contains(&operation) {
        let [z, w] = [Pair::of(f, a[0]), Pair::of(f, a[1])];
        return Some(Ok(bilinear(f, operation, z, w, parameters).node(f)));
    }
    if LINEAR_IN_THE_FIRST.contains(&operation) {
        return Some(linear_in_the_first(f, operation, a));
    }
    if let Some(node) = of_complex(f, operation, a) {
        return Some(Ok(node));
    }
    let (_, build) = WRITTEN_OUT.iter().find(|(written_out, _)| *written_out == operation)?;
    Some(build(f, a, parameters))
}

fn bilinear(f: &mut dyn Algebra, operation: &'static Operation, z: Pair, w: Pair, parameters: &[i64]) -> Pair {
    let mut product = |a: Node, b: Node| {
        let product = f.apply(operation, &[a, b], parameters);
        // Not every operation sees that a factor is zero.
        if is_zero(f, a) || is_zero(f, b) {
            let dim = f.dim(product);
            return f.zero(dim);
        }
        product
    };
    let (reals, imaginaries) = (product(z.re, w.re), product(z.im, w.im));
    let (left, right) = (product(z.re, w.im), product(z.im, w.re));
    Pair { re: f.subtract(reals, imaginaries), im: f.add(left, right) }
}

pub(super) fn add(f: &mut dyn Algebra, z: Pair, w: Pair) -> Pair {
    Pair { re: f.add(z.re, w.re), im: f.add(z.im, w.im) }
}

pub(super) fn subtract(f: &mut dyn Algebra, z: Pair, w: Pair) -> Pair {
    Pair { re: f.subtract(z.re, w.re), im: f.subtract(z.im, w.im) }
}

pub(super) fn multiply(f: &mut dyn Algebra, z: Pair, w: Pair) -> Pair {
    bilinear(f, &MULTIPLY, z, w, &[])
}

pub(super) fn square_of_absolute(f: &mut dyn Algebra, z: Pair) -> Node {
    let (reals, imaginaries) = (f.square(z.re), f.square(z.im));
    f.add(reals, imaginaries)
}

pub(super) fn absolute_value(f: &mut dyn Algebra, z: Pair) -> Node {
    let square = square_of_absolute(f, z);
    f.apply(&SQUARE_ROOT, &[square], &[])
}

pub(super) fn exp(f: &mut dyn Algebra, z: Pair) -> Pair {
    let size = f.apply(&EXP, &[z.re], &[]);
    polar(f, size, z.im)
}

/// The number of a size and an angle.
pub(super) fn polar(f: &mut dyn Algebra, size: Node, angle: Node) -> Pair {
    let (cosine, sine) = (f.apply(&COS, &[angle], &[]), f.apply(&SIN, &[angle], &[]));
    Pair { re: f.multiply(size, cosine), im: f.multiply(size, sine) }
}

/// The product with the inverse, which is known as early as the divisor.
pub(super) fn divide(f: &mut dyn Algebra, z: Pair, w: Pair) -> Pair {
    if is_zero(f, w.im) {
        return z.map(|part| f.divide(part, w.re));
    }
    let inverse = inverse(f, w);
    multiply(f, z, inverse)
}

pub(super) fn inverse(f: &mut dyn Algebra, z: Pair) -> Pair {
    let parts = f.apply(&INVERSE_PARTS, &[z.re, z.im], &[]);
    let [re, im] = halves(f, parts);
    Pair { re, im }
}

/// The real parts of all numbers, then their imaginary parts.
pub(super) fn parts<T: Copy>(numbers: impl Iterator<Item = [T; 2]>) -> Vec<T> {
    let (mut real, imaginary): (Vec<T>, Vec<T>) = numbers.map(|[re, im]| (re, im)).unzip();
    real.extend(imaginary);
    real
}

pub(super) fn halves(f: &mut dyn Algebra, node: Node) -> [Node; 2] {
    let half = f.dim(node) as i64 / 2;
    [0, half].map(|start| f.apply(&EXTRACT, &[node], &[start, half]))
}

fn square(f: &mut dyn Algebra, z: Pair) -> Pair {
    let (reals, imaginaries, mixed) = (f.square(z.re), f.square(z.im), f.multiply(z.re, z.im));
    Pair { re: f.subtract(reals, imaginaries), im: f.scale(2.0, mixed) }
}

/// By squares and products, from the leading bit of the exponent on.
fn power(f: &mut dyn Algebra, z: Pair, exponent: u64) -> Pair {
    let Some(leading) = exponent.checked_ilog2() else {
        let dim = f.dim(z.re);
        let one = f.constant(1.0);
        return Pair { re: f.replicate(one, dim), im: f.zero(dim) };
    };
    (0..leading).rev().fold(z, |power, bit| {
        let squared = square(f, power);
        if exponent >> bit & 1 == 1 { multiply(f, squared, z) } else { squared }
    })
}

/// A real operation on the vector of all real and imaginary parts.
fn of_all_parts(f: &mut dyn Algebra, operation: &'static Operation, node: Node) -> Result<Node, String> {
    let all = Pair::of(f, node).interleaved(f);
    Ok(f.apply(operation, &[all], &[]))
}

/// The norm of a vector with real weights: that of the real parts and that of the imaginary ones.
fn weighted_norm(f: &mut dyn Algebra, weights: Node, node: Node) -> Result<Node, String> {
    let weights = real(f, weights)?;
    let Pair { re, im } = Pair::of(f, node).map(|part| f.apply(&WEIGHTED_NORM, &[weights, part], &[]));
    Ok(f.add(re, im))
}

/// 1 where both parts are equal, else 0.
fn are_equal(f: &mut dyn Algebra, a: &[Node]) -> Node {
    let [z, w] = [Pair::of(f, a[0]), Pair::of(f, a[1])];
    let (reals, imaginaries) = (f.apply(&EQUAL, &[z.re, w.re], &[]), f.apply(&EQUAL, &[z.im, w.im], &[]));
    f.multiply(reals, imaginaries)
}

/// A derivative of both parts. Variables and directions are real.
fn linear_in_the_first(f: &mut dyn Algebra, operation: &'static Operation, a: &[Node]) -> Result<Node, String> {
    for &node in &a[1..] {
        real(f, node)?;
    }
    let dims: Vec<usize> = a.iter().map(|&node| f.dim(node)).collect();
    operation.dim(&dims, &[])?;
    let z = Pair::of(f, a[0]);
    Ok(z.map(|part| f.apply(operation, &[&[part], &a[1..]].concat(), &[])).node(f))
}

/// The gradient of the real scalar product of all parts with those of the cotangent, so that the factors of a product
/// come conjugated.
fn applied_to_cotangent(f: &mut dyn Algebra, operation: &'static Operation, a: &[Node]) -> Result<Node, String> {
    let Some([re, im]) = f.parts(a[0]) else {
        return Err("the cotangent is complex; expected a real one, as the formula is real".into());
    };
    let dim = f.dim(re);
    let expected = |found: String| {
        let numbers = if dim == 1 { "a complex scalar".into() } else { format!("{dim} complex numbers, or one,") };
        format!("the cotangent has {found}; expected {numbers} or {} real ones, as the formula is complex", 2 * dim)
    };
    let e = match (f.parts(a[2]), f.dim(a[2])) {
        (Some([re, im]), found) if found == dim || found == 1 => Pair { re, im },
        (None, found) if found == 2 * dim => Pair::read(f, a[2])?,
        (Some(_), found) => return Err(expected(format!("{found} complex components"))),
        (None, found) => return Err(expected(format!("{found} real components"))),
    };
    let of_real = f.apply(operation, &[re, a[1], e.re], &[]);
    let of_imaginary = f.apply(operation, &[im, a[1], e.im], &[]);
    Ok(f.add(of_real, of_imaginary))
}

/// The parts of `1 / (f + i g)`. The smaller part is divided by the larger one first, so that no square leaves the
/// number format (Smith, Algorithm 116, Communications of the ACM 5, 1962).
pub static INVERSE_PARTS: Operation = Operation {
    name: "InverseParts",
    operands: 2,
    parameters: &[],
    summary: "the real parts of 1/(f + i g), then the imaginary ones; NaN where f and g are both 0 or both infinite, \
              and 0 where one of them is infinite",
    commutative: false,
    rule: Rule::Vector {
        dim: |d, p| INTERLEAVE.dim(d, p),
        meaning: |a, _| parts(a[0].iter().zip(a[1]).map(|(&re, &im)| inverse_of(re, im))),
        lower: |l, a, _| parts(a[0].iter().zip(a[1]).map(|(&re, &im)| lower_inverse(l, re, im))),
    },
    derivative: |f, u, which, e| {
        // The derivative is minus the square of the inverse.
        let [re, im] = halves(f, u.output);
        let Pair { re, im } = square(f, Pair { re, im });
        let ([of_re, of_im], minus_re) = (halves(f, e), f.minus(re));
        let (first, second) = match which {
            0 => (f.multiply(minus_re, of_re), f.multiply(im, of_im)),
            _ => (f.multiply(minus_re, of_im), f.multiply(im, of_re)),
        };
        Some(if which == 0 { f.subtract(first, second) } else { f.add(first, second) })
    },
};

fn inverse_of(re: f64, im: f64) -> [f64; 2] {
    let [larger, smaller] = if re.abs() < im.abs() { [im, re] } else { [re, im] };
    let ratio = smaller / larger;
    let inverse = 1.0 / (larger + smaller * ratio);
    if re.abs() < im.abs() { [ratio * inverse, -inverse] } else { [inverse, -(ratio * inverse)] }
}

fn lower_inverse(l: &mut dyn Lanes, re: Value, im: Value) -> [Value; 2] {
    let (re_size, im_size) = (l.absolute(re), l.absolute(im));
    let is_steep = l.less(re_size, im_size);
    let (larger, smaller) = (l.select(is_steep, im, re), l.select(is_steep, re, im));
    let ratio = l.divide(smaller, larger);
    let product = l.multiply(smaller, ratio);
    let (one, whole) = (l.constant(1.0), l.add(product, larger));
    let inverse = l.divide(one, whole);
    let minor = l.multiply(ratio, inverse);
    let imaginary = l.select(is_steep, inverse, minor);
    [l.select(is_steep, minor, inverse), l.negate(imaginary)]
}
