//! Inverse trigonometric functions, logarithms and exponentials next to 1, and the error function as lane programs.
//!
//! The arctangent is reduced to [0, tan(pi/8)]. The complementary error function is `exp(-x^2) / (1 + 2x)` times a
//! polynomial in `(x - k) / (x + k)` (Shepherd and Laframboise, Chebyshev approximation of (1+2x) exp(x^2) erfc x in
//! 0 <= x < infinity, 1981). Polynomials interpolate at Chebyshev nodes in 50 digits. Bounds: `docs/accuracy.md`.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, LN_2, LOG2_E, PI};

use super::builder::Builder;
use super::exponential::{clamp, exp, power_of_two};
use super::math::{log, sign_bit};
use super::program::Op;
use crate::dtype::Dtype;
use crate::ops::{Lanes, Value};

/// What differs between the formats.
struct Format {
    /// `(atan(t)/t - 1) / t^2` in `t^2` on [0, tan(pi/8)].
    arctangent: &'static [f64],
    /// What float32 or float64 leaves of pi/2 and of pi.
    half_pi_rest: f64,
    /// `(exp(r) - 1 - r) / r^2` on [-ln(2)/2, ln(2)/2].
    exponential: &'static [f64],
    /// `erf(x)/x` in `x^2` on [0, 1].
    error: &'static [f64],
    /// `(1 + 2x) exp(x^2) erfc(x)` in `(x - 3.75) / (x + 3.75)` for x from 1/2 on.
    complementary_error: &'static [f64],
}

#[allow(clippy::excessive_precision, clippy::approx_constant)]
static SINGLE: Format = Format {
    arctangent: &[
        -0.33333331753816968908,
        0.19999538794771921465,
        -0.14263897112598675462,
        0.10743099667674570264,
        -0.06449835224591495918,
    ],
    half_pi_rest: -4.371138828673793e-8,
    exponential: &[
        0.50000000135387298866,
        0.16666666681704215043,
        0.041666464197405692315,
        0.0083333108446478625642,
        0.0013933730715792082502,
        0.00019891080463998842039,
    ],
    error: &[
        1.128379165848350946,
        -0.37612626666720331023,
        0.11283594715160217732,
        -0.026854212010626412443,
        0.0051890874234339739861,
        -0.00080168642871658695293,
        0.000078758750626854883411,
    ],
    complementary_error: &[
        1.2375126310208121436,
        -0.14024067241574248718,
        0.0035853909511835199984,
        0.082279052798647007459,
        -0.10880379176833038194,
        0.092283604138663310783,
        -0.058690715910511015963,
        0.028440484517832023722,
        -0.0097689182483988211299,
        0.0016184572702094795959,
        0.00035020316942193419471,
        -0.00018656399005585877861,
    ],
};

#[allow(clippy::excessive_precision, clippy::approx_constant)]
static DOUBLE: Format = Format {
    arctangent: &[
        -0.33333333333333333216,
        0.19999999999999802534,
        -0.14285714285659327298,
        0.11111111105106705143,
        -0.090909087510766358766,
        0.076922963049744700568,
        -0.066664236280692575788,
        0.05878914544400621696,
        -0.052303478730160741827,
        0.045511081263251718832,
        -0.034558092551413796109,
        0.016271944751624060358,
    ],
    half_pi_rest: 6.123233995736766e-17,
    exponential: &[
        0.5,
        0.1666666666666667103,
        0.041666666666666669783,
        0.0083333333333260831202,
        0.0013888888888883711167,
        0.00019841269875002278793,
        0.0000248015873256774619,
        2.7557255170000887438e-6,
        2.7557273478718580474e-7,
        2.5105312729622101787e-8,
        2.09147553258932022e-9,
    ],
    error: &[
        1.1283791670955125738,
        -0.37612638903183748056,
        0.11283791670954878666,
        -0.026866170645076793248,
        0.0052239776248180144673,
        -0.00085483269808337899052,
        0.00012055331111642710923,
        -0.000014925595266831181565,
        1.6461000484121368033e-6,
        -1.6350312701054695011e-7,
        1.4659775274047435814e-8,
        -1.137284885679167367e-9,
        5.9571761477489114044e-11,
    ],
    complementary_error: &[
        1.2375126308378275826,
        -0.14024059858554701913,
        0.0035854154854633671692,
        0.082276738490151542679,
        -0.10880393014168700992,
        0.092304321160160814062,
        -0.058693398591049796973,
        0.028362277422526547289,
        -0.0097465795413833853154,
        0.0017556258186400841798,
        0.00029371355088848310485,
        -0.00029015387026978811909,
        0.000051649590010613579984,
        0.00002238337577009186048,
        -0.000011445475445508327071,
        -9.711585302910651637e-7,
        1.7538460873594971802e-6,
        -6.1680613975175993354e-8,
        -2.606523977388043808e-7,
        2.8559768124792096375e-8,
        3.912404498574976442e-8,
        -7.3677437579190425658e-9,
        -4.497772869804887239e-9,
        1.3966141185837307052e-9,
    ],
};

fn format(b: &Builder) -> &'static Format {
    if b.dtype == Dtype::F32 { &SINGLE } else { &DOUBLE }
}

/// A size with the sign of another number.
fn with_sign_of(b: &mut Builder, size: Value, number: Value) -> Value {
    let mask = b.bits(sign_bit(b.dtype));
    let sign = b.apply(Op::And, &[number, mask]);
    b.apply(Op::Or, &[size, sign])
}

/// The angle of the point `(x, y)`, from -pi to pi. Zeros and infinities as in IEEE 754.
pub(super) fn atan2(b: &mut Builder, y: Value, x: Value) -> Value {
    let format = format(b);
    let zero = b.constant(0.0);
    let (width, height) = (b.absolute(x), b.absolute(y));
    let is_steep = b.less(width, height);
    let (large, small) = (b.select(is_steep, height, width), b.select(is_steep, width, height));
    // Beyond pi/8 the angle is counted from the diagonal, so that the tangent stays small.
    let limit = b.constant((PI / 8.0).tan());
    let bound = b.multiply(limit, large);
    let is_diagonal = b.less(bound, small);
    let (difference, total) = (b.apply(Op::Subtract, &[small, large]), b.add(small, large));
    let (above, below) = (b.select(is_diagonal, difference, small), b.select(is_diagonal, total, large));
    let tangent = b.divide(above, below);
    // Two zeros have no quotient, nor have two infinities.
    let is_equal = b.equal(small, large);
    let tangent = b.select(is_equal, zero, tangent);
    let is_origin = b.equal(large, zero);
    let quarter = b.constant(FRAC_PI_4);
    let start = b.select(is_diagonal, quarter, zero);
    let diagonal = b.select(is_origin, zero, quarter);
    let start = b.select(is_equal, diagonal, start);
    let z = b.multiply(tangent, tangent);
    let p = b.polynomial(z, format.arctangent);
    let cube = b.multiply(z, tangent);
    let angle = b.multiply_add(p, cube, tangent);
    let angle = b.add(start, angle);
    let (right, rest) = (b.constant(FRAC_PI_2), b.constant(format.half_pi_rest));
    let left = b.subtract(angle, rest);
    let steep = b.subtract(right, left);
    let angle = b.select(is_steep, steep, angle);
    let (straight, rest) = (b.constant(PI), b.constant(2.0 * format.half_pi_rest));
    let left = b.subtract(angle, rest);
    let behind = b.subtract(straight, left);
    let no_bits = b.bits(0);
    let is_behind = b.apply(Op::IndexLess, &[x, no_bits]);
    let angle = b.select(is_behind, behind, angle);
    let angle = with_sign_of(b, angle, y);
    // NaN has lost its way through the comparisons.
    let both = b.add(x, y);
    let is_number = b.equal(x, x);
    let y_is_number = b.equal(y, y);
    let is_number = b.both(is_number, y_is_number);
    b.select(is_number, angle, both)
}

/// `log(1 + x)`: the rounding error of `1 + x` is put back (Higham, Accuracy and Stability, 2002, section 1.14.1).
pub(super) fn log1p(b: &mut Builder, x: Value) -> Value {
    let (zero, one, infinity) = (b.constant(0.0), b.constant(1.0), b.constant(f64::INFINITY));
    let sum = b.apply(Op::Add, &[x, one]);
    let rounded = b.apply(Op::Subtract, &[sum, one]);
    let lost = b.apply(Op::Subtract, &[x, rounded]);
    let correction = b.divide(lost, sum);
    let log = log(b, sum);
    let corrected = b.add(log, correction);
    let (above, below) = (b.less(zero, sum), b.less(sum, infinity));
    let is_ordinary = b.both(above, below);
    let value = b.select(is_ordinary, corrected, log);
    // A zero keeps its sign.
    let is_zero = b.equal(x, zero);
    b.select(is_zero, x, value)
}

/// `exp(x) - 1`: with `x = n ln 2 + r` it is `2^n (exp(r) - 1) + (2^n - 1)`.
pub(super) fn expm1(b: &mut Builder, x: Value) -> Value {
    let format = b.format();
    let one = b.constant(1.0);
    // Outside, one of the two terms is nothing beside the other.
    let limit = f64::from(format.mantissa) + 8.0;
    let inside = clamp(b, x, [-limit * LN_2, limit * LN_2].map(Some));
    let log2e = b.constant(LOG2_E);
    let rounder = b.constant(1.5 * 2f64.powi(i32::from(format.mantissa)));
    let biased = b.multiply_add(inside, log2e, rounder);
    let whole = b.apply(Op::Subtract, &[biased, rounder]);
    let (high, low) = (b.constant(format.ln2[0]), b.constant(format.ln2[1]));
    let reduced = b.negative_multiply_add(whole, high, inside);
    let reduced = b.negative_multiply_add(whole, low, reduced);
    let p = b.polynomial(reduced, self::format(b).exponential);
    let square = b.apply(Op::Multiply, &[reduced, reduced]);
    let small = b.multiply_add(square, p, reduced);
    let power = power_of_two(b, whole);
    let power_less_one = b.apply(Op::Subtract, &[power, one]);
    let near = b.multiply_add(power, small, power_less_one);
    let whole_power = exp(b, x);
    let far = b.apply(Op::Subtract, &[whole_power, one]);
    let bound = b.constant((limit - 1.0) * LN_2);
    let is_large = b.less(bound, x);
    let value = b.select(is_large, far, near);
    let zero = b.constant(0.0);
    let is_zero = b.equal(x, zero);
    b.select(is_zero, x, value)
}

/// `erf(x)` for |x| up to 1.
fn error_near(b: &mut Builder, x: Value) -> Value {
    let z = b.multiply(x, x);
    let p = b.polynomial(z, format(b).error);
    b.multiply(x, p)
}

/// `erfc(x)` for `x` from 1/2 on.
fn complementary_error_far(b: &mut Builder, x: Value) -> Value {
    let (center, one, two) = (b.constant(3.75), b.constant(1.0), b.constant(2.0));
    // Beyond, the result is 0, and infinity has no quotient.
    let largest = b.constant(if b.dtype == Dtype::F32 { 16.0 } else { 32.0 });
    let x = b.minimum(largest, x);
    let (above, below) = (b.subtract(x, center), b.add(x, center));
    let t = b.divide(above, below);
    let p = b.polynomial(t, format(b).complementary_error);
    // The square in two parts: the exponential multiplies its error.
    let square = b.apply(Op::Multiply, &[x, x]);
    let rest = b.apply(Op::MultiplySubtract, &[x, x, square]);
    let negated = b.negate(square);
    let power = exp(b, negated);
    let correction = b.negative_multiply_add(power, rest, power);
    let denominator = b.multiply_add(two, x, one);
    let ratio = b.divide(p, denominator);
    b.multiply(correction, ratio)
}

/// The error function.
pub(super) fn erf(b: &mut Builder, x: Value) -> Value {
    let one = b.constant(1.0);
    let size = b.absolute(x);
    let near = error_near(b, x);
    let tail = complementary_error_far(b, size);
    let far = b.subtract(one, tail);
    let far = with_sign_of(b, far, x);
    let is_large = b.less(one, size);
    let value = b.select(is_large, far, near);
    let is_number = b.equal(x, x);
    b.select(is_number, value, x)
}

/// The complementary error function, with its small values to full relative accuracy.
pub(super) fn erfc(b: &mut Builder, x: Value) -> Value {
    let (half, one, two, minus_one) = (b.constant(0.5), b.constant(1.0), b.constant(2.0), b.constant(-1.0));
    let near = error_near(b, x);
    let near = b.subtract(one, near);
    let size = b.absolute(x);
    let tail = complementary_error_far(b, size);
    let opposite = b.subtract(two, tail);
    let is_right = b.less(half, x);
    let is_left = b.less(x, minus_one);
    let value = b.select(is_right, tail, near);
    let value = b.select(is_left, opposite, value);
    let is_number = b.equal(x, x);
    b.select(is_number, value, x)
}
