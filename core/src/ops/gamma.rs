//! The logarithm of the gamma function and its derivatives.
//!
//! Next to 2 the logarithm is its Taylor series, from where it is carried to the left and right by one logarithm of a
//! product; far away all functions are their asymptotic series (Abramowitz and Stegun, Handbook of Mathematical
//! Functions, 6.1.41 and 6.4.11), to which the derivatives are carried by their recurrence (6.4.6). Left of 0 they are
//! reflected (6.1.17, 6.4.7).

use std::f64::consts::PI;

use super::powers::integer_power;
use super::structure::{LARGEST_DIM, position};
use super::{Lanes, Operation, Rule, Value, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[&LOG_GAMMA, &DIGAMMA, &POLYGAMMA];

/// The logarithm of the size of the gamma function.
pub static LOG_GAMMA: Operation = Operation {
    name: "Lgamma",
    operands: 1,
    parameters: &[],
    summary: "logarithm of the absolute value of the gamma function; inf at 0 and at negative integers",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| libm::lgamma(a[0]), lower: |l, a, _| lower_log_gamma(l, a[0]) },
    derivative: |f, u, _, e| {
        let slope = f.apply(&POLYGAMMA, u.operands, &[0]);
        Some(f.multiply(e, slope))
    },
};

/// The logarithmic derivative of the gamma function.
pub static DIGAMMA: Operation = Operation {
    name: "Digamma",
    operands: 1,
    parameters: &[],
    summary: "derivative of Lgamma; NaN at 0 and at negative integers",
    commutative: false,
    rule: Rule::Shorthand { build: |f, a, _| Ok(f.apply(&POLYGAMMA, a, &[0])) },
    derivative: expanded_before,
};

/// The derivatives of the digamma function.
pub static POLYGAMMA: Operation = Operation {
    name: "Polygamma",
    operands: 1,
    parameters: &["n"],
    summary: "derivative number n of Digamma; at 0 and at negative integers NaN for an even n, inf for an odd one",
    commutative: false,
    rule: Rule::Vector {
        dim: |d, p| position(p[0], "n").map(|_| d[0]),
        meaning: |a, p| a[0].iter().map(|&x| polygamma(p[0], x)).collect(),
        lower: |l, a, p| a[0].iter().map(|&x| lower_polygamma(l, x, p[0])).collect(),
    },
    derivative: |f, u, _, e| {
        let next = (u.parameters[0] + 1).min(LARGEST_DIM);
        let slope = f.apply(&POLYGAMMA, u.operands, &[next]);
        Some(f.multiply(e, slope))
    },
};

/// The Bernoulli numbers of even order from 2 on.
const BERNOULLI: [f64; 15] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174_611.0 / 330.0,
    854_513.0 / 138.0,
    -236_364_091.0 / 2730.0,
    8_553_103.0 / 6.0,
    -23_749_461_029.0 / 870.0,
    8_615_841_276_005.0 / 14322.0,
];

/// Beyond this order the values leave every format, so that how they are computed no longer matters.
const LARGEST_ORDER: i64 = 200;

fn factorial(n: i64) -> f64 {
    (2..=n).fold(1.0, |product, k| product * k as f64)
}

/// Where the asymptotic series of a derivative starts to be accurate to `epsilon`.
fn asymptotic_start(n: i64, epsilon: f64) -> i64 {
    n.min(LARGEST_ORDER) / 2 + if epsilon < 1e-10 { 10 } else { 4 }
}

/// The coefficients of the asymptotic series of derivative `n`, times a power of its argument, in the inverse square of
/// the argument: those that matter from `start` on.
fn asymptotic(n: i64, start: f64, epsilon: f64) -> Vec<f64> {
    let leading = factorial((n - 1).max(0));
    let (mut coefficients, mut rising) = (Vec::new(), leading);
    for (k, bernoulli) in (1..).zip(BERNOULLI) {
        // (2k + n - 1)! / (2k)!
        rising *= ((2 * k + n - 1) * (2 * k + n - 2).max(1)) as f64 / ((2 * k) * (2 * k - 1)) as f64;
        let coefficient = bernoulli * rising;
        if coefficient.abs() < 0.1 * epsilon * leading * start.powi(2 * k as i32) {
            break;
        }
        coefficients.push(coefficient);
    }
    coefficients
}

/// The coefficients of derivative `n` of `pi cot(pi x)`, over a power of pi, as a polynomial in the cotangent.
fn cotangent_derivative(n: i64) -> Vec<f64> {
    let mut polynomial = vec![0.0, 1.0];
    for _ in 0..n.min(LARGEST_ORDER) {
        // The derivative of the cotangent is -(1 + cot^2).
        let slope: Vec<f64> = polynomial.iter().enumerate().skip(1).map(|(k, c)| -c * k as f64).collect();
        polynomial = vec![0.0; slope.len() + 2];
        for (k, c) in slope.iter().enumerate() {
            polynomial[k] += c;
            polynomial[k + 2] += c;
        }
    }
    polynomial
}

/// The distance from the nearest integer.
fn beyond_integer(x: f64) -> f64 {
    x - (x + 0.5).floor()
}

/// Derivative `n` of the digamma function in float64.
pub(super) fn polygamma(n: i64, x: f64) -> f64 {
    let sign = if n % 2 == 0 { -1.0 } else { 1.0 };
    if x <= 0.0 {
        let rest = beyond_integer(x);
        if rest == 0.0 {
            return if n % 2 == 0 { f64::NAN } else { f64::INFINITY };
        }
        let cotangent = 1.0 / (PI * rest).tan();
        let coefficients = cotangent_derivative(n).into_iter().rev();
        let reflected = coefficients.reduce(|sum, c| sum * cotangent + c).unwrap_or(0.0);
        return -sign * polygamma(n, 1.0 - x) - PI.powi(n as i32 + 1) * reflected;
    }
    let start = asymptotic_start(n, f64::EPSILON);
    let power = |x: f64| x.powi(-(n as i32) - 1);
    let (mut far, mut sum) = (x, 0.0);
    while far < start as f64 {
        sum += power(far);
        far += 1.0;
    }
    let inverse = 1.0 / (far * far);
    let series = asymptotic(n, start as f64, f64::EPSILON).iter().rev().fold(0.0, |sum, c| (sum + c) * inverse);
    let first = 0.5 * factorial(n) / far + series;
    let tail = if n == 0 { first - far.ln() } else { (factorial(n - 1) + first) * far.powi(-(n as i32)) };
    sign * (tail + factorial(n) * sum)
}

/// What is chosen left and right of a bound.
fn choose(l: &mut dyn Lanes, x: Value, bound: f64, below: Value, otherwise: Value) -> Value {
    let bound = l.constant(bound);
    let is_below = l.less(x, bound);
    l.select(is_below, below, otherwise)
}

/// `x` as an integer and the rest, which lies between -1/2 and 1/2.
fn split(l: &mut dyn Lanes, x: Value) -> (Value, Value) {
    let half = l.constant(0.5);
    let moved = l.add(x, half);
    let whole = l.floor(moved);
    (whole, l.subtract(x, whole))
}

fn lower_polygamma(l: &mut dyn Lanes, x: Value, n: i64) -> Value {
    let epsilon = l.epsilon();
    let start = asymptotic_start(n, epsilon);
    let (zero, one) = (l.constant(0.0), l.constant(1.0));
    let is_reflected = l.less_equal(x, zero);
    let opposite = l.subtract(one, x);
    let near = l.select(is_reflected, opposite, x);
    // The recurrence, where the argument is small.
    let mut sum = None;
    for k in 0..start {
        let k = l.constant(k as f64);
        let moved = l.add(near, k);
        let power = integer_power(l, moved, -n - 1);
        sum = Some(sum.map_or(power, |sum| l.add(sum, power)));
    }
    let sum = sum.unwrap_or(zero);
    let steps = l.constant(start as f64);
    let moved = l.add(near, steps);
    let far = choose(l, near, start as f64, moved, near);
    let sum = choose(l, near, start as f64, sum, zero);
    // The asymptotic series.
    let inverse = l.divide(one, far);
    let square = l.multiply(inverse, inverse);
    let series = l.polynomial(square, &asymptotic(n, start as f64, epsilon));
    let series = l.multiply(series, square);
    let half = l.constant(0.5 * factorial(n));
    let first = l.multiply(half, inverse);
    let first = l.add(first, series);
    let tail = if n == 0 {
        let log = l.log(far);
        l.subtract(first, log)
    } else {
        let leading = l.constant(factorial(n - 1));
        let bracket = l.add(first, leading);
        let power = integer_power(l, far, -n);
        l.multiply(bracket, power)
    };
    let factor = l.constant(factorial(n));
    let recurrence = l.multiply(factor, sum);
    let size = l.add(recurrence, tail);
    let value = if n % 2 == 0 { l.negate(size) } else { size };
    // The reflection.
    let (_, rest) = split(l, x);
    let pi = l.constant(PI);
    let angle = l.multiply(pi, rest);
    let (sine, cosine) = (l.sin(angle), l.cos(angle));
    let cotangent = l.divide(cosine, sine);
    // The polynomial is even or odd.
    let square = l.multiply(cotangent, cotangent);
    let skipped = ((n + 1) % 2) as usize;
    let polynomial: Vec<f64> = cotangent_derivative(n).into_iter().skip(skipped).step_by(2).collect();
    let mut reflected = l.polynomial(square, &polynomial);
    if skipped == 1 {
        reflected = l.multiply(reflected, cotangent);
    }
    let scale = l.constant(PI.powi(n as i32 + 1));
    let reflected = l.multiply(scale, reflected);
    let same = if n % 2 == 0 { value } else { l.negate(value) };
    let opposite = l.subtract(same, reflected);
    let is_pole = l.equal(rest, zero);
    let pole = l.constant(if n % 2 == 0 { f64::NAN } else { f64::INFINITY });
    let opposite = l.select(is_pole, pole, opposite);
    l.select(is_reflected, opposite, value)
}

/// The Taylor coefficients of the logarithm at 2 from order 1 on, as many as half a unit away from there matters.
pub(super) fn series_at_two(epsilon: f64) -> Vec<f64> {
    // The difference of 1 and Euler's constant, which the recurrence would not give to the last digit.
    let first = 0.422_784_335_098_467_14;
    let mut coefficients = vec![first];
    for k in 2.. {
        if 0.25f64.powi(k as i32) / (k as f64) < 0.1 * epsilon {
            break;
        }
        coefficients.push(polygamma(k - 1, 2.0) / factorial(k));
    }
    coefficients
}

/// From here on the logarithm is its asymptotic series.
const FAR: i64 = 8;

fn lower_log_gamma(l: &mut dyn Lanes, x: Value) -> Value {
    let epsilon = l.epsilon();
    let (zero, half, one) = (l.constant(0.0), l.constant(0.5), l.constant(1.0));
    // Reflected where neither the series nor its neighbours reach.
    let left = l.constant(-0.5);
    let is_reflected = l.less(x, left);
    let size = l.absolute(x);
    let near = l.select(is_reflected, size, x);
    // The series at 2 for the distance from the nearest integer, and the product that leads there from that integer.
    let (whole, rest) = split(l, near);
    let series = l.polynomial(rest, &series_at_two(epsilon));
    let series = l.multiply(series, rest);
    let mut product = one;
    for k in 1..FAR - 2 {
        let factor = l.constant(k as f64);
        let factor = l.subtract(near, factor);
        let longer = l.multiply(product, factor);
        let bound = k as f64 + 1.5;
        product = choose(l, near, bound, product, longer);
    }
    let next = l.add(near, one);
    let below = l.multiply(near, next);
    let below = l.absolute(below);
    let low = choose(l, whole, 0.5, below, near);
    let product = choose(l, whole, 1.5, low, product);
    let is_far = l.constant(FAR as f64 - 0.5);
    let is_far = l.less_equal(is_far, near);
    let argument = l.select(is_far, near, product);
    let log = l.log(argument);
    let (lowered, raised) = (l.subtract(series, log), l.add(series, log));
    let middle = choose(l, whole, 1.5, lowered, raised);
    // The asymptotic series: (x - 1/2) (log x - 1) and what is left of it.
    let inverse = l.divide(one, near);
    let square = l.multiply(inverse, inverse);
    let coefficients: Vec<f64> = (1..).zip(BERNOULLI).map(|(k, b)| b / (2 * k * (2 * k - 1)) as f64).collect();
    let start = FAR as f64 - 0.5;
    let used = (1..).zip(&coefficients).take_while(|(k, c)| c.abs() > 0.1 * epsilon * start.powi(2 * k)).count();
    let stirling = l.polynomial(square, &coefficients[..used]);
    let stirling = l.multiply(stirling, inverse);
    let constant = l.constant(0.5 * (2.0 * PI).ln() - 0.5);
    let stirling = l.add(stirling, constant);
    let less_one = l.subtract(log, one);
    let less_half = l.subtract(near, half);
    let leading = l.multiply(less_half, less_one);
    let far = l.add(leading, stirling);
    let value = l.select(is_far, far, middle);
    // The reflection: log(pi / |x sin(pi x)|) less the logarithm at |x|. Beyond the integers there are only poles.
    let (_, rest) = split(l, x);
    let rest = choose(l, x, -1e18, zero, rest);
    let pi = l.constant(PI);
    let angle = l.multiply(pi, rest);
    let sine = l.sin(angle);
    let product = l.multiply(sine, x);
    let product = l.absolute(product);
    let log = l.log(product);
    let log_of_pi = l.constant(PI.ln());
    let reflected = l.subtract(log_of_pi, log);
    let reflected = l.subtract(reflected, value);
    let pole = l.equal(sine, zero);
    let infinity = l.constant(f64::INFINITY);
    let reflected = l.select(pole, infinity, reflected);
    l.select(is_reflected, reflected, value)
}
