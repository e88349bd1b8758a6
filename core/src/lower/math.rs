//! Transcendental functions as lane programs, the same for every backend.
//!
//! Ranges are reduced with two- or three-part constants (Cody and Waite, Software Manual for the Elementary
//! Functions, 1980); the polynomials are minimax in relative error on the reduced range, fitted by Remez' exchange in
//! 60 digits with the leading coefficients fixed, so that `exp(0) = 1` and `sin(x) = x` near 0 hold exactly. The
//! scheme of the logarithm is that of FDLIBM (Sun Microsystems, 1993). Bounds and their tests: `docs/accuracy.md`.

use std::f64::consts::{FRAC_2_PI, LN_2, LOG2_E, SQRT_2};

use super::builder::{Builder, Sign};
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

/// What differs between the formats.
struct Format {
    /// Explicit bits of the significand.
    mantissa: u8,
    /// The exponent of 1.0.
    bias: f64,
    /// ln 2 in parts whose products with an exponent are exact, or nearly so.
    ln2: [f64; 2],
    /// pi/2 in parts.
    half_pi: [f64; 3],
    /// log2(e) in parts.
    log2e: [f64; 2],
    /// Beyond this argument sine and cosine are NaN: the reduced angle would have no correct digit left.
    largest_angle: f64,
    /// `(2^f - 1) / f` on [-1/2, 1/2].
    exp2: &'static [f64],
    /// `(e^r - 1) / r` on [-ln(2)/2, ln(2)/2].
    exp: &'static [f64],
    /// `(log((1+s)/(1-s)) - 2s) / s^3` in `s^2`.
    log: &'static [f64],
    /// `(sin(x)/x - 1) / x^2` in `x^2` on [-pi/4, pi/4].
    sin: &'static [f64],
    /// `(cos(x) - 1 + x^2/2) / x^4` in `x^2`.
    cos: &'static [f64],
    /// `(tanh(x)/x - 1) / x^2` in `x^2` on [-5/8, 5/8].
    tanh: &'static [f64],
}

#[allow(clippy::excessive_precision)]
static SINGLE: Format = Format {
    mantissa: 23,
    bias: 127.0,
    ln2: [0.6931471824645996, -1.9046542121259336e-9],
    half_pi: [1.5707963705062866, -4.371138828673793e-8, -1.7151245100058819e-15],
    log2e: [1.4426950216293335, 1.925963033500011e-8],
    largest_angle: 1e6,
    exp2: &[
        0.69314721497010189967,
        0.24022652783685932179,
        0.055503105473593645277,
        0.0096176928470299642224,
        0.0013406645100370448687,
        0.0001559471733460957032,
    ],
    exp: &[
        1.000000049643362269,
        0.50000004345431916264,
        0.16666365430340183538,
        0.041664776743508573279,
        0.0083790119093614323406,
        0.0014061276264763616843,
    ],
    log: &[0.66666665641265162174, 0.40000336223424658063, 0.2853723807466214052, 0.2358357372546306542],
    sin: &[-0.166666666416069898, 0.008333329383579792449, -0.00019839334082455916305, 2.7183042246332434615e-6],
    cos: &[
        0.041666666622793800361,
        -0.0013888883750386411936,
        0.000024799519196251628581,
        -2.7210169613480887955e-7,
    ],
    tanh: &[
        -0.33333330906685933391,
        0.133332097659207158,
        -0.05394720456369786586,
        0.021702968568859907713,
        -0.0081826768956909537897,
        0.0021475390814768570235,
    ],
};

#[allow(clippy::excessive_precision)]
static DOUBLE: Format = Format {
    mantissa: 52,
    bias: 1023.0,
    ln2: [0.6931471805599453, 2.3190468138462996e-17],
    half_pi: [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33],
    log2e: [1.4426950408889634, 2.0355273740931033e-17],
    largest_angle: 1e13,
    exp2: &[
        0.69314718055994569678,
        0.24022650695910098006,
        0.055504108664790395353,
        0.0096181291076070035577,
        0.0013333558153439666959,
        0.00015403530441570699415,
        0.000015252727385496938102,
        1.3215442675984885711e-6,
        1.0180647534133535908e-7,
        7.0725703084392948232e-9,
        4.0780903196067251948e-10,
    ],
    exp: &[
        1.0000000000000005588,
        0.50000000000000055723,
        0.16666666666657302615,
        0.041666666666573640933,
        0.0083333333377152741595,
        0.0013888888932339506512,
        0.00019841261491587042234,
        0.000024801504512266441996,
        2.7564254590727294634e-6,
        2.7626296146515571652e-7,
        2.2981415172794012069e-8,
    ],
    log: &[
        0.66666666666667348909,
        0.39999999999411119497,
        0.285714287432582123,
        0.22222198476316530762,
        0.18183569727423783572,
        0.15313903476050107341,
        0.14797506054167135625,
    ],
    sin: &[
        -0.16666666666666632029,
        0.008333333333322414224,
        -0.00019841269829808206335,
        2.755731369203676073e-6,
        -2.5050758131382692077e-8,
        1.5896796468327399043e-10,
    ],
    cos: &[
        0.041666666666666599477,
        -0.0013888888888874124101,
        0.000024801587289482287707,
        -2.7557314352361098013e-7,
        2.0875723276881267385e-9,
        -1.1359647982604962943e-11,
    ],
    tanh: &[
        -0.33333333333333332505,
        0.13333333333333163953,
        -0.053968253968132782903,
        0.021869488531783719435,
        -0.0088632354367506484734,
        0.0035921267583417591938,
        -0.0014558225021012992036,
        0.00058995031086497793737,
        -0.000238774663641087915,
        0.00009576022806587321114,
        -0.000036639569082864111609,
        0.000011807130611838669896,
        -2.2767224307887509213e-6,
    ],
};

fn format(dtype: Dtype) -> &'static Format {
    if dtype == Dtype::F32 { &SINGLE } else { &DOUBLE }
}

impl Builder {
    fn format(&self) -> &'static Format {
        format(self.dtype)
    }

    /// `a * b + c`, rounded once.
    fn multiply_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.apply(Op::MultiplyAdd, &[a, b, c])
    }

    /// `c - a * b`, rounded once.
    fn negative_multiply_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.apply(Op::NegativeMultiplyAdd, &[a, b, c])
    }

    /// The polynomial with these coefficients, the constant one first, by Horner's rule.
    fn polynomial(&mut self, x: Value, coefficients: &[f64]) -> Value {
        let mut rest = coefficients.iter().rev().map(|&c| bits_of(self.dtype, c)).collect::<Vec<_>>().into_iter();
        let first = rest.next().unwrap_or(0);
        let mut result = self.bits(first);
        for bits in rest {
            let coefficient = self.bits(bits);
            result = self.multiply_add(result, x, coefficient);
        }
        result
    }

    /// The nearest integer.
    fn round(&mut self, x: Value) -> Value {
        self.apply_signed(Op::Round, &[x], self.sign(x))
    }
}

/// A number whose addition rounds to an integer and leaves it, plus `offset`, in the low bits.
pub(super) fn rounder(dtype: Dtype, offset: f64) -> u64 {
    bits_of(dtype, 1.5 * 2f64.powi(i32::from(format(dtype).mantissa)) + offset)
}

/// The exponent of 1.0 and the bits below the exponent.
pub(super) fn exponent(dtype: Dtype) -> (f64, u8) {
    (format(dtype).bias, format(dtype).mantissa)
}

/// `2^n` for integral `n` inside the range of normal numbers; 0 below.
pub(super) fn power_of_two(b: &mut Builder, n: Value) -> Value {
    let one = b.constant(1.0);
    let lowest = b.constant(-b.format().bias);
    let n = b.maximum(lowest, n);
    b.apply_signed(Op::Scale, &[one, n], Sign::Positive)
}

/// `p * 2^n`, where `n` came from an argument of this sign that was clamped by `bounded`.
fn scaled(b: &mut Builder, p: Value, n: Value, sign: Sign) -> Value {
    let op = if sign == Sign::Negative { Op::ScaleDown } else { Op::Scale };
    b.apply_signed(op, &[p, n], Sign::Positive)
}

/// Clamps an exponent of two to where its power is 0 and, if it may be positive, to where it is infinite.
fn bounded(b: &mut Builder, x: Value, unit: f64) -> Value {
    let bias = b.format().bias;
    match b.sign(x) {
        Sign::Negative => clamp(b, x, -bias * unit, None),
        _ => clamp(b, x, (1.0 - bias) * unit, Some((bias + 2.0) * unit)),
    }
}

/// `1 + x * p(x)`
fn one_plus(b: &mut Builder, x: Value, p: &[f64]) -> Value {
    let coefficients: Vec<f64> = std::iter::once(1.0).chain(p.iter().copied()).collect();
    b.polynomial(x, &coefficients)
}

/// Clamps by comparisons that let NaN through.
fn clamp(b: &mut Builder, x: Value, lowest: f64, highest: Option<f64>) -> Value {
    let lowest = b.constant(lowest);
    let x = b.maximum(lowest, x);
    match highest {
        Some(highest) => {
            let highest = b.constant(highest);
            b.minimum(highest, x)
        }
        None => x,
    }
}

pub(super) fn exp2(b: &mut Builder, x: Value) -> Value {
    let sign = b.sign(x);
    let x = bounded(b, x, 1.0);
    let whole = b.round(x);
    let fraction = b.apply(Op::Subtract, &[x, whole]);
    let p = one_plus(b, fraction, b.format().exp2);
    scaled(b, p, whole, sign)
}

pub(super) fn exp(b: &mut Builder, x: Value) -> Value {
    let format = b.format();
    let sign = b.sign(x);
    let x = bounded(b, x, LN_2);
    let log2e = b.constant(LOG2_E);
    let exponent = b.apply(Op::Multiply, &[x, log2e]);
    let whole = b.round(exponent);
    let (high, low) = (b.constant(format.ln2[0]), b.constant(format.ln2[1]));
    let reduced = b.negative_multiply_add(whole, high, x);
    let reduced = b.negative_multiply_add(whole, low, reduced);
    let p = one_plus(b, reduced, format.exp);
    scaled(b, p, whole, sign)
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
    let rounder = b.bits(rounder(b.dtype, 0.0));
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
    let limit = 2.0 * format.bias - 2.0;
    let clamped = clamp(b, product, -limit, Some(limit));
    let inside = b.equal(clamped, product);
    let error = b.select(inside, error, zero);
    let whole = b.round(clamped);
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
