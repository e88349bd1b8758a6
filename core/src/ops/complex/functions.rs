//! Elementary functions of complex numbers, each as real operations on the parts: principal values, with the cuts that
//! NumPy and C have (Kahan, "Branch cuts for complex elementary functions", 1987).

use super::Pair;
use super::meaning::{INVERSE_PARTS, divide, exp, halves, inverse, multiply, parts, polar, square_of_absolute};
use crate::ops::elementary::{ABS, COS, EXP, EXP2, LOG, SIGN, SIN, TANH};
use crate::ops::hyperbolic::{
    HYPERBOLIC_COSINE, HYPERBOLIC_SINE, INVERSE_HYPERBOLIC_COSINE, INVERSE_HYPERBOLIC_SINE, INVERSE_HYPERBOLIC_TANGENT,
};
use crate::ops::piecewise::{EQUAL, IF_ELSE};
use crate::ops::powers::{POWER_OF, RECIPROCAL_SQUARE_ROOT, SQUARE_ROOT};
use crate::ops::special::{EXP_MINUS_ONE, LOG_PLUS_ONE};
use crate::ops::structure::INTERLEAVE;
use crate::ops::trigonometry::{ANGLE, ARC_COSINE, ARC_SINE, ARC_TANGENT, TANGENT};
use crate::ops::{Algebra, Lanes, Node, Operation, Rule, Value};

/// The functions of one complex number.
type Function = fn(&mut dyn Algebra, Pair) -> Pair;

static FUNCTIONS: &[(&Operation, Function)] = &[
    (&LOG, log),
    (&LOG_PLUS_ONE, log_plus_one),
    (&EXP2, |f, z| {
        let angle = f.scale(std::f64::consts::LN_2, z.im);
        let size = f.apply(&EXP2, &[z.re], &[]);
        polar(f, size, angle)
    }),
    (&EXP_MINUS_ONE, |f, z| {
        // The cosine is one less twice the square of the sine of the half.
        let half = f.scale(0.5, z.im);
        let (sine, cosine) = (f.apply(&SIN, &[half], &[]), f.apply(&COS, &[z.im], &[]));
        let (rest, square) = (f.apply(&EXP_MINUS_ONE, &[z.re], &[]), f.square(sine));
        let (grown, missing) = (f.multiply(rest, cosine), f.scale(2.0, square));
        let size = f.apply(&EXP, &[z.re], &[]);
        let sine = f.apply(&SIN, &[z.im], &[]);
        Pair { re: f.subtract(grown, missing), im: f.multiply(size, sine) }
    }),
    (&SQUARE_ROOT, square_root),
    (&RECIPROCAL_SQUARE_ROOT, |f, z| {
        let root = square_root(f, z);
        inverse_or_zero(f, root)
    }),
    (&SIGN, |f, z| {
        let square = square_of_absolute(f, z);
        let inverse = f.apply(&RECIPROCAL_SQUARE_ROOT, &[square], &[]);
        z.map(|part| f.multiply(inverse, part))
    }),
    (&SIN, sin),
    (&COS, cos),
    (&TANGENT, |f, z| {
        // Both over the hyperbolic cosine, so that nothing leaves the number format.
        let (sine, cosine) = (f.apply(&SIN, &[z.re], &[]), f.apply(&COS, &[z.re], &[]));
        let tangent = f.apply(&TANH, &[z.im], &[]);
        let above = Pair { re: sine, im: f.multiply(cosine, tangent) };
        let product = f.multiply(sine, tangent);
        let below = Pair { re: cosine, im: f.minus(product) };
        divide(f, above, below)
    }),
    (&HYPERBOLIC_SINE, |f, z| {
        let turned = turned(f, z);
        let sine = sin(f, turned);
        turned_back(f, sine)
    }),
    (&HYPERBOLIC_COSINE, |f, z| {
        let turned = turned(f, z);
        cos(f, turned)
    }),
    (&TANH, |f, z| {
        let (sine, cosine) = (f.apply(&SIN, &[z.im], &[]), f.apply(&COS, &[z.im], &[]));
        let tangent = f.apply(&TANH, &[z.re], &[]);
        let above = Pair { re: f.multiply(cosine, tangent), im: sine };
        let below = Pair { re: cosine, im: f.multiply(sine, tangent) };
        divide(f, above, below)
    }),
    (&ARC_SINE, arc_sine),
    (&ARC_COSINE, |f, z| {
        let [below, above] = roots_beside_one(f, z);
        let half = f.apply(&ANGLE, &[below.re, above.re], &[]);
        let im = imaginary_of_product(f, above, below);
        Pair { re: f.scale(2.0, half), im: f.apply(&INVERSE_HYPERBOLIC_SINE, &[im], &[]) }
    }),
    (&ARC_TANGENT, |f, z| {
        let turned = turned(f, z);
        let tangent = inverse_tangent(f, turned);
        turned_back(f, tangent)
    }),
    (&INVERSE_HYPERBOLIC_SINE, |f, z| {
        let turned = turned(f, z);
        let sine = arc_sine(f, turned);
        turned_back(f, sine)
    }),
    (&INVERSE_HYPERBOLIC_COSINE, |f, z| {
        let one = f.constant(1.0);
        let [below, above] = [f.subtract(z.re, one), f.add(z.re, one)].map(|re| Pair { re, im: z.im });
        let [below, above] = [square_root(f, below), square_root(f, above)];
        let re = real_of_product(f, below, above);
        let half = f.apply(&ANGLE, &[below.im, above.re], &[]);
        Pair { re: f.apply(&INVERSE_HYPERBOLIC_SINE, &[re], &[]), im: f.scale(2.0, half) }
    }),
    (&INVERSE_HYPERBOLIC_TANGENT, inverse_tangent),
];

/// A function of complex operands; `None` if it is none of these.
pub(super) fn of_complex(f: &mut dyn Algebra, operation: &Operation, a: &[Node]) -> Option<Node> {
    if *operation == POWER_OF {
        let [z, w] = [Pair::of(f, a[0]), Pair::of(f, a[1])];
        let log = log(f, z);
        let exponent = multiply(f, w, log);
        return Some(exp(f, exponent).node(f));
    }
    let (_, function) = FUNCTIONS.iter().find(|(known, _)| *known == operation)?;
    let z = Pair::of(f, a[0]);
    Some(function(f, z).node(f))
}

/// `i z`
fn turned(f: &mut dyn Algebra, z: Pair) -> Pair {
    Pair { re: f.minus(z.im), im: z.re }
}

/// `z / i`
fn turned_back(f: &mut dyn Algebra, z: Pair) -> Pair {
    Pair { re: z.im, im: f.minus(z.re) }
}

fn log(f: &mut dyn Algebra, z: Pair) -> Pair {
    Pair { re: f.apply(&LOG_OF_SIZE, &[z.re, z.im], &[]), im: f.apply(&ANGLE, &[z.im, z.re], &[]) }
}

fn square_root(f: &mut dyn Algebra, z: Pair) -> Pair {
    let parts = f.apply(&ROOT_PARTS, &[z.re, z.im], &[]);
    let [re, im] = halves(f, parts);
    Pair { re, im }
}

/// `1 / z`, and 0 at 0.
fn inverse_or_zero(f: &mut dyn Algebra, z: Pair) -> Pair {
    let zero = f.constant(0.0);
    let are_zero = [z.re, z.im].map(|part| f.apply(&EQUAL, &[part, zero], &[]));
    let is_zero = f.multiply(are_zero[0], are_zero[1]);
    // What is not chosen has to be finite too, for derivatives.
    let divisor = Pair { re: f.add(z.re, is_zero), im: z.im };
    let is_elsewhere = f.minus(is_zero);
    inverse(f, divisor).map(|part| f.apply(&IF_ELSE, &[is_elsewhere, part, zero], &[]))
}

/// Next to 0 from the square of the size less one, elsewhere from the size.
fn log_plus_one(f: &mut dyn Algebra, z: Pair) -> Pair {
    let (one, zero) = (f.constant(1.0), f.constant(0.0));
    let above = f.add(one, z.re);
    let far = log(f, Pair { re: above, im: z.im });
    let sizes = [z.re, z.im].map(|part| f.apply(&ABS, &[part], &[]));
    let (size, most) = (f.add(sizes[0], sizes[1]), f.constant(0.5));
    let room = f.subtract(most, size);
    // What is not chosen has to be finite too, for derivatives.
    let near = z.map(|part| f.apply(&IF_ELSE, &[room, part, zero], &[]));
    let (square, twice) = (square_of_absolute(f, near), f.scale(2.0, near.re));
    let excess = f.add(square, twice);
    let logarithm = f.apply(&LOG_PLUS_ONE, &[excess], &[]);
    let half = f.scale(0.5, logarithm);
    Pair { re: f.apply(&IF_ELSE, &[room, half, far.re], &[]), im: far.im }
}

fn sin(f: &mut dyn Algebra, z: Pair) -> Pair {
    let (sine, cosine) = (f.apply(&SIN, &[z.re], &[]), f.apply(&COS, &[z.re], &[]));
    let (large, small) = (f.apply(&HYPERBOLIC_COSINE, &[z.im], &[]), f.apply(&HYPERBOLIC_SINE, &[z.im], &[]));
    Pair { re: f.multiply(sine, large), im: f.multiply(cosine, small) }
}

fn cos(f: &mut dyn Algebra, z: Pair) -> Pair {
    let (sine, cosine) = (f.apply(&SIN, &[z.re], &[]), f.apply(&COS, &[z.re], &[]));
    let (large, small) = (f.apply(&HYPERBOLIC_COSINE, &[z.im], &[]), f.apply(&HYPERBOLIC_SINE, &[z.im], &[]));
    let product = f.multiply(sine, small);
    Pair { re: f.multiply(cosine, large), im: f.minus(product) }
}

/// The roots of `1 - z` and `1 + z`.
fn roots_beside_one(f: &mut dyn Algebra, z: Pair) -> [Pair; 2] {
    let (one, minus) = (f.constant(1.0), f.minus(z.im));
    let (below, above) = (f.subtract(one, z.re), f.add(one, z.re));
    [square_root(f, Pair { re: below, im: minus }), square_root(f, Pair { re: above, im: z.im })]
}

/// Of the conjugate of the first times the second.
fn real_of_product(f: &mut dyn Algebra, z: Pair, w: Pair) -> Node {
    let (reals, imaginaries) = (f.multiply(z.re, w.re), f.multiply(z.im, w.im));
    f.add(reals, imaginaries)
}

/// Of the conjugate of the first times the second.
fn imaginary_of_product(f: &mut dyn Algebra, z: Pair, w: Pair) -> Node {
    let (left, right) = (f.multiply(z.re, w.im), f.multiply(z.im, w.re));
    f.subtract(left, right)
}

fn arc_sine(f: &mut dyn Algebra, z: Pair) -> Pair {
    let [below, above] = roots_beside_one(f, z);
    let (reals, imaginaries) = (f.multiply(below.re, above.re), f.multiply(below.im, above.im));
    let leg = f.subtract(reals, imaginaries);
    let im = imaginary_of_product(f, below, above);
    Pair { re: f.apply(&ANGLE, &[z.re, leg], &[]), im: f.apply(&INVERSE_HYPERBOLIC_SINE, &[im], &[]) }
}

/// Half of `log(1 + z) - log(1 - z)`.
fn inverse_tangent(f: &mut dyn Algebra, z: Pair) -> Pair {
    let (one, minus) = (f.constant(1.0), f.minus(z.im));
    let (below, above) = (f.subtract(one, z.re), f.add(one, z.re));
    let logs = [log(f, Pair { re: above, im: z.im }), log(f, Pair { re: below, im: minus })];
    let difference = Pair { re: f.subtract(logs[0].re, logs[1].re), im: f.subtract(logs[0].im, logs[1].im) };
    difference.map(|part| f.scale(0.5, part))
}

/// `max(|f|, |g|)` and the other over it.
fn larger_and_ratio(l: &mut dyn Lanes, re: Value, im: Value) -> [Value; 2] {
    let (re, im, one) = (l.absolute(re), l.absolute(im), l.constant(1.0));
    let is_steep = l.less(re, im);
    let (larger, smaller) = (l.select(is_steep, im, re), l.select(is_steep, re, im));
    let quotient = l.divide(smaller, larger);
    // Both may be zero or infinite.
    let are_equal = l.equal(smaller, larger);
    [larger, l.select(are_equal, one, quotient)]
}

/// The real part of a logarithm. No square leaves the number format.
pub static LOG_OF_SIZE: Operation = Operation {
    name: "LogHypot",
    operands: 2,
    parameters: &[],
    summary: "logarithm of the size of f + i g, -inf where both are 0; its derivative there is NaN",
    commutative: true,
    rule: Rule::Elementwise {
        meaning: |a, _| {
            let (re, im) = (a[0].abs(), a[1].abs());
            let (larger, smaller) = if re < im { (im, re) } else { (re, im) };
            let ratio = if larger == smaller { 1.0 } else { smaller / larger };
            larger.ln() + 0.5 * (ratio * ratio).ln_1p()
        },
        lower: |l, a, _| {
            let [larger, ratio] = larger_and_ratio(l, a[0], a[1]);
            let (half, square, log) = (l.constant(0.5), l.multiply(ratio, ratio), l.log(larger));
            let rest = l.log_plus_one(square);
            let rest = l.multiply(half, rest);
            l.add(log, rest)
        },
    },
    derivative: |f, u, which, e| {
        // The parts of the inverse, without its sign.
        let dim = u.operands.iter().map(|&o| f.dim(o)).max().unwrap_or(1);
        let wide =
            [0, 1].map(|k| if f.dim(u.operands[k]) == dim { u.operands[k] } else { f.replicate(u.operands[k], dim) });
        let parts = f.apply(&INVERSE_PARTS, &wide, &[]);
        let [re, im] = halves(f, parts);
        let slope = if which == 0 { re } else { f.minus(im) };
        Some(f.multiply(e, slope))
    },
};

/// The parts of a square root. That of the part that is larger comes first; the other one is over it.
pub static ROOT_PARTS: Operation = Operation {
    name: "SqrtParts",
    operands: 2,
    parameters: &[],
    summary: "the real parts of the square root of f + i g, which are not negative, then the imaginary ones, which have \
              the sign of g; its derivative at 0 is 0",
    commutative: false,
    rule: Rule::Vector {
        dim: |d, p| INTERLEAVE.dim(d, p),
        meaning: |a, _| parts(a[0].iter().zip(a[1]).map(|(&re, &im)| root_of(re, im))),
        lower: |l, a, _| parts(a[0].iter().zip(a[1]).map(|(&re, &im)| lower_root(l, re, im))),
    },
    derivative: |f, u, which, e| {
        // The derivative is a half of the inverse; its conjugate multiplies the cotangent.
        let [re, im] = halves(f, u.output);
        let slope = inverse_or_zero(f, Pair { re, im }).map(|part| f.scale(0.5, part));
        let [of_re, of_im] = halves(f, e);
        Some(match which {
            0 => real_of_product(f, slope, Pair { re: of_re, im: of_im }),
            _ => imaginary_of_product(f, slope, Pair { re: of_re, im: of_im }),
        })
    },
};

fn root_of(re: f64, im: f64) -> [f64; 2] {
    let size = 0.5 * re.abs() + 0.5 * re.hypot(im);
    let larger = size.sqrt();
    let smaller = if larger == 0.0 { 0.0 } else { 0.5 * im.abs() / larger };
    if re < 0.0 { [smaller, larger.copysign(im)] } else { [larger, smaller.copysign(im)] }
}

fn lower_root(l: &mut dyn Lanes, re: Value, im: Value) -> [Value; 2] {
    let (zero, half, one) = (l.constant(0.0), l.constant(0.5), l.constant(1.0));
    let [larger, ratio] = larger_and_ratio(l, re, im);
    let square = l.multiply(ratio, ratio);
    let radicand = l.add(square, one);
    let factor = l.square_root(radicand);
    let (re_size, im_size, half_larger) = (l.absolute(re), l.absolute(im), l.multiply(half, larger));
    let (half_re, half_size) = (l.multiply(half, re_size), l.multiply(half_larger, factor));
    let sum = l.add(half_size, half_re);
    let root = l.square_root(sum);
    let half_im = l.multiply(half, im_size);
    let quotient = l.divide(half_im, root);
    let is_zero = l.equal(root, zero);
    let other = l.select(is_zero, zero, quotient);
    let is_left = l.less(re, zero);
    let (real, imaginary) = (l.select(is_left, other, root), l.select(is_left, root, other));
    // A zero tells its sign as a divisor.
    let inverse = l.divide(one, im);
    let (below, behind) = (l.less(im, zero), l.less(inverse, zero));
    let is_below = l.either(below, behind);
    let negative = l.negate(imaginary);
    [real, l.select(is_below, negative, imaginary)]
}
