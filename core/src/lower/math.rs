//! Transcendental functions as lane programs, the same for every backend.
//!
//! Ranges are reduced with two- or three-part constants (Cody and Waite, Software Manual for the Elementary
//! Functions, 1980); the polynomials are minimax in relative error on the reduced range, fitted by Remez' exchange in
//! 60 digits with the leading coefficients fixed, so that `exp(0) = 1` and `sin(x) = x` near 0 hold exactly. The
//! scheme of the logarithm is that of FDLIBM (Sun Microsystems, 1993). Bounds and their tests: `docs/accuracy.md`.

use std::f64::consts::{FRAC_2_PI, SQRT_2};

use super::builder::{Builder, Sign};
use super::constants::{DOUBLE, Format, SINGLE};
use super::exponential::{clamp, exp, one_plus, power_of_two};
use super::program::Op;
use crate::dtype::Dtype;
use crate::ops::{Lanes, Value};

/// The bits of a number in a format.
pub(super) fn bits_of(dtype: Dtype, value: f64) -> u64 {
    match dtype {
        Dtype::F32 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    }
}

/// The bit of the sign.
pub(super) fn sign_bit(dtype: Dtype) -> u64 {
    if dtype == Dtype::F32 { 1 << 31 } else { 1 << 63 }
}

fn format(dtype: Dtype) -> &'static Format {
    if dtype == Dtype::F32 { &SINGLE } else { &DOUBLE }
}

impl Builder {
    pub(super) fn format(&self) -> &'static Format {
        format(self.dtype)
    }

    /// `a * b + c`, rounded once.
    pub(super) fn multiply_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.apply(Op::MultiplyAdd, &[a, b, c])
    }

    /// `c - a * b`, rounded once.
    pub(super) fn negative_multiply_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.apply(Op::NegativeMultiplyAdd, &[a, b, c])
    }

    /// The polynomial with these coefficients, the constant one first, by Horner's rule.
    pub(super) fn polynomial(&mut self, x: Value, coefficients: &[f64]) -> Value {
        let mut rest = coefficients.iter().rev().map(|&c| bits_of(self.dtype, c)).collect::<Vec<_>>().into_iter();
        let first = rest.next().unwrap_or(0);
        let mut result = self.bits(first);
        for bits in rest {
            let coefficient = self.bits(bits);
            result = self.multiply_add(result, x, coefficient);
        }
        result
    }
}

/// A positive number as `2^exponent * (1 + f)` with `1 + f` between the roots of 1/2 and 2.
fn split(b: &mut Builder, x: Value) -> (Value, Value) {
    let format = b.format();
    let mantissa = i32::from(format.mantissa);
    // Subnormal numbers are made normal first.
    let smallest = b.constant(2f64.powi(1 - format.bias as i32));
    let (up, zero, one) = (b.constant(2f64.powi(mantissa + 1)), b.constant(0.0), b.constant(1.0));
    let tiny = b.less(x, smallest);
    let raised = b.multiply(x, up);
    let x = b.select(tiny, raised, x);
    let lowered = b.constant(-f64::from(mantissa + 1));
    let correction = b.select(tiny, lowered, zero);
    // Adding the distance from the root of 1/2 to 1 carries into the exponent where the significand is above.
    let root = bits_of(b.dtype, SQRT_2 / 2.0);
    let unit = bits_of(b.dtype, 1.0);
    let gap = b.bits(unit - root);
    let moved = b.apply(Op::IndexAdd, &[x, gap]);
    let biased = b.apply(Op::ShiftRight(format.mantissa), &[moved]);
    let fraction_mask = b.bits((1u64 << format.mantissa) - 1);
    let fraction = b.apply(Op::And, &[moved, fraction_mask]);
    let root = b.bits(root);
    let significand = b.apply(Op::IndexAdd, &[fraction, root]);
    let f = b.subtract(significand, one);
    // Small integers become numbers by way of the significand of a large one.
    let large = 2f64.powi(mantissa);
    let large_bits = b.constant(large);
    let tagged = b.apply(Op::Or, &[biased, large_bits]);
    let offset = b.constant(large + format.bias);
    let exponent = b.apply(Op::Subtract, &[tagged, offset]);
    (b.add(exponent, correction), f)
}

/// What the logarithm needs of `f`: `s = f / (2 + f)`, `f^2 / 2` and `R` with `log(1 + f) = f - f^2/2 + s (f^2/2 + R)`.
fn log_parts(b: &mut Builder, f: Value) -> (Value, Value, Value) {
    let (two, half) = (b.constant(2.0), b.constant(0.5));
    let denominator = b.add(two, f);
    let s = b.divide(f, denominator);
    let z = b.multiply(s, s);
    let p = b.polynomial(z, b.format().log);
    let r = b.multiply(z, p);
    let halved = b.multiply(half, f);
    let half_square = b.multiply(halved, f);
    (s, half_square, r)
}

/// Puts the values of the logarithm at 0, at infinity, below 0 and at NaN.
fn log_ends(b: &mut Builder, x: Value, log: Value) -> Value {
    let zero = b.constant(0.0);
    let (infinity, nan) = (b.constant(f64::INFINITY), b.constant(f64::NAN));
    let minus_infinity = b.constant(f64::NEG_INFINITY);
    let finite = b.less(x, infinity);
    let log = b.select(finite, log, x);
    let positive = b.less(zero, x);
    let is_zero = b.equal(x, zero);
    let low = b.select(is_zero, minus_infinity, nan);
    b.select(positive, log, low)
}

/// `1 / sqrt(x)`, and 0 at 0. Where the machine estimates it, the estimate times the first terms of the series of
/// `(1 - e)^(-1/2)`, for `e = 1 - x y^2` of the estimate `y`.
pub(super) fn inverse_root(b: &mut Builder, x: Value) -> Value {
    let (zero, one) = (b.constant(0.0), b.constant(1.0));
    if b.machine.transcends && b.dtype == Dtype::F32 {
        let inverse = b.apply(Op::InverseRoot, &[x]);
        let at_zero = b.equal(x, zero);
        return b.select(at_zero, zero, inverse);
    }
    if !b.machine.estimates {
        let root = b.square_root(x);
        let inverse = b.divide(one, root);
        let at_zero = b.equal(x, zero);
        return b.select(at_zero, zero, inverse);
    }
    let estimate = b.apply(Op::RootEstimate, &[x]);
    let error = |b: &mut Builder, y: Value| {
        // No square of `y` leaves the range.
        let root = b.apply(Op::Multiply, &[x, y]);
        b.negative_multiply_add(root, y, one)
    };
    let e = error(b, estimate);
    let (half, next) = (b.constant(0.5), b.constant(0.375));
    let series = b.multiply_add(e, next, half);
    let correction = b.apply(Op::Multiply, &[estimate, e]);
    let mut better = b.multiply_add(correction, series, estimate);
    if b.dtype != Dtype::F32 {
        let e = error(b, better);
        let correction = b.apply(Op::Multiply, &[better, e]);
        better = b.multiply_add(correction, half, better);
    }
    // At 0, at infinity and where there is no root nothing can be corrected: 0, 0 and NaN.
    let is_number = b.equal(e, e);
    let at_ends = if b.sign(x) == Sign::Positive {
        b.minimum(zero, estimate)
    } else {
        let at_zero = b.equal(x, zero);
        b.select(at_zero, zero, estimate)
    };
    b.select(is_number, better, at_ends)
}

pub(super) fn log(b: &mut Builder, x: Value) -> Value {
    let format = b.format();
    let (exponent, f) = split(b, x);
    let (s, half_square, r) = log_parts(b, f);
    let (high, low) = (b.constant(format.ln2[0]), b.constant(format.ln2[1]));
    let inner = b.add(half_square, r);
    let small = b.multiply(exponent, low);
    let tail = b.multiply_add(s, inner, small);
    let tail = b.subtract(half_square, tail);
    let near = b.subtract(f, tail);
    let log = b.multiply_add(exponent, high, near);
    log_ends(b, x, log)
}

pub(super) fn sin_cos(b: &mut Builder, x: Value, cosine: bool) -> Value {
    let format = b.format();
    // The low bits of the sum count quarter turns, so it is formed by hand on every machine.
    let rounder = b.constant(1.5 * 2f64.powi(i32::from(format.mantissa)));
    let inverse = b.constant(FRAC_2_PI);
    let tagged = b.multiply_add(x, inverse, rounder);
    let turns = b.apply(Op::Subtract, &[tagged, rounder]);
    let mut angle = x;
    for part in format.half_pi {
        let part = b.constant(part);
        angle = b.negative_multiply_add(turns, part, angle);
    }
    let z = b.multiply(angle, angle);
    let p = b.polynomial(z, format.sin);
    let cube = b.multiply(z, angle);
    let sin = b.multiply_add(p, cube, angle);
    let q = b.polynomial(z, format.cos);
    let (half, one) = (b.constant(0.5), b.constant(1.0));
    let square = b.multiply(z, z);
    let flat = b.negative_multiply_add(half, z, one);
    let cos = b.multiply_add(q, square, flat);
    // Odd quarter turns exchange the two, half turns change the sign.
    let quarter = if cosine {
        let unit = b.bits(1);
        b.apply(Op::IndexAdd, &[tagged, unit])
    } else {
        tagged
    };
    let width = if b.dtype == Dtype::F32 { 32 } else { 64 };
    let lowest = b.apply(Op::ShiftLeft(width - 1), &[quarter]);
    let zero = b.bits(0);
    let odd = b.apply(Op::IndexLess, &[lowest, zero]);
    let value = b.select(odd, cos, sin);
    let high = b.apply(Op::ShiftLeft(width - 2), &[quarter]);
    let mask = b.bits(sign_bit(b.dtype));
    let flip = b.apply(Op::And, &[high, mask]);
    let value = b.apply(Op::Xor, &[value, flip]);
    let largest = b.constant(format.largest_angle);
    let nan = b.constant(f64::NAN);
    let size = b.absolute(x);
    let known = b.less_equal(size, largest);
    b.select(known, value, nan)
}

pub(super) fn tanh(b: &mut Builder, x: Value) -> Value {
    let format = b.format();
    let (one, two, bound) = (b.constant(1.0), b.constant(2.0), b.constant(0.625));
    let z = b.multiply(x, x);
    let p = b.polynomial(z, format.tanh);
    let cube = b.multiply(z, x);
    let near = b.multiply_add(p, cube, x);
    let size = b.absolute(x);
    let doubled = b.multiply(two, size);
    let power = exp(b, doubled);
    let denominator = b.add(power, one);
    let ratio = b.divide(two, denominator);
    let far = b.subtract(one, ratio);
    let mask = b.bits(sign_bit(b.dtype));
    let sign = b.apply(Op::And, &[x, mask]);
    let far = b.apply(Op::Or, &[far, sign]);
    let small = b.less(size, bound);
    b.select(small, near, far)
}

/// `x^y = 2^(y log2 x)`, the logarithm in two parts so that its error is not multiplied by `y`.
pub(super) fn power(b: &mut Builder, x: Value, y: Value) -> Value {
    let format = b.format();
    let (zero, half, one) = (b.constant(0.0), b.constant(0.5), b.constant(1.0));
    let nan = b.constant(f64::NAN);
    let size = b.absolute(x);
    let (high, low) = log2_parts(b, size);
    // y log2|x|, in two parts.
    let product = b.apply(Op::Multiply, &[y, high]);
    let error = b.apply(Op::MultiplySubtract, &[y, high, product]);
    let error = b.multiply_add(y, low, error);
    // Powers of 1 are 1, for an infinite exponent too.
    let is_one = b.equal(high, zero);
    let [product, error] = [product, error].map(|part| b.select(is_one, zero, part));
    let limit = 2.0 * format.bias - 2.0;
    let clamped = clamp(b, product, [-limit, limit].map(Some));
    let inside = b.equal(clamped, product);
    let error = b.select(inside, error, zero);
    let whole = b.rounded(clamped, 0.0).whole;
    let fraction = b.apply(Op::Subtract, &[clamped, whole]);
    let fraction = b.add(fraction, error);
    let p = one_plus(b, fraction, format.exp2);
    // Two halves of the exponent, so that results up to the ends of the range are reached.
    let halved = b.multiply(whole, half);
    let first = b.floor(halved);
    let second = b.subtract(whole, first);
    let (first, second) = (power_of_two(b, first), power_of_two(b, second));
    let scaled = b.apply(Op::Multiply, &[p, first]);
    let result = b.apply(Op::Multiply, &[scaled, second]);
    // Negative bases have a real power for integers only.
    let floor = b.floor(y);
    let integral = b.equal(floor, y);
    let halved = b.multiply(y, half);
    let half_floor = b.floor(halved);
    let even = b.equal(half_floor, halved);
    let negated = b.negate(result);
    let signed = b.select(even, result, negated);
    let sign_bits = b.bits(0);
    let negative = b.apply(Op::IndexLess, &[x, sign_bits]);
    let at_integer = b.select(negative, signed, result);
    let below = b.less(x, zero);
    // Minus infinity counts as a limit: its size decides where the exponent is no integer.
    let minus_infinity = b.constant(f64::NEG_INFINITY);
    let finite = b.less(minus_infinity, x);
    let otherwise = b.select(finite, nan, result);
    let not_real = b.select(integral, at_integer, otherwise);
    let value = b.select(below, not_real, at_integer);
    // A negative zero keeps its sign at odd integers only.
    let is_zero = b.equal(x, zero);
    let size_of_result = b.absolute(result);
    let unsigned = b.select(integral, value, size_of_result);
    let value = b.select(is_zero, unsigned, value);
    let y_is_number = b.equal(y, y);
    let value = b.select(y_is_number, value, nan);
    let always_one = b.equal(y, zero);
    let base_one = b.equal(x, one);
    let always_one = b.either(always_one, base_one);
    b.select(always_one, one, value)
}

/// log2 of a number above 0 in two parts; -infinity at 0, infinity at infinity.
fn log2_parts(b: &mut Builder, x: Value) -> (Value, Value) {
    let format = b.format();
    let (exponent, f) = split(b, x);
    let (two, zero) = (b.constant(2.0), b.constant(0.0));
    let denominator = b.add(two, f);
    let s = b.divide(f, denominator);
    // The parts of s: what the division and the rounding of its denominator left over.
    let part_of_f = b.apply(Op::Subtract, &[denominator, two]);
    let denominator_error = b.apply(Op::Subtract, &[f, part_of_f]);
    let left = b.negative_multiply_add(s, denominator, f);
    let left = b.negative_multiply_add(s, denominator_error, left);
    let s_low = b.divide(left, denominator);
    let z = b.multiply(s, s);
    let p = b.polynomial(z, format.log);
    let z_s = b.multiply(z, s);
    // log(1 + f) = 2 s + s^3 p, in two parts.
    let twice = b.multiply(two, s);
    let tail = b.multiply(z_s, p);
    let twice_low = b.multiply(two, s_low);
    let tail = b.add(tail, twice_low);
    let high = b.apply(Op::Add, &[twice, tail]);
    let gone = b.apply(Op::Subtract, &[high, twice]);
    let low = b.apply(Op::Subtract, &[tail, gone]);
    // Times log2(e), plus the exponent.
    let (e_high, e_low) = (b.constant(format.log2e[0]), b.constant(format.log2e[1]));
    let log_high = b.apply(Op::Multiply, &[high, e_high]);
    let error = b.apply(Op::MultiplySubtract, &[high, e_high, log_high]);
    let error = b.multiply_add(high, e_low, error);
    let log_low = b.multiply_add(low, e_high, error);
    let sum = b.apply(Op::Add, &[exponent, log_high]);
    let gone = b.apply(Op::Subtract, &[sum, exponent]);
    let sum_error = b.apply(Op::Subtract, &[log_high, gone]);
    let low = b.add(sum_error, log_low);
    let high = log_ends(b, x, sum);
    let ordinary = b.equal(high, sum);
    (high, b.select(ordinary, low, zero))
}
