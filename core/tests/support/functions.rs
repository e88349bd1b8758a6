//! Functions that the standard library does not have, to a few units in the last place of float64, or a dozen.

use std::f64::consts::PI;

use super::scalar::Scalar;

/// `2 / sqrt(pi)`
pub const SLOPE_AT_ZERO: f64 = std::f64::consts::FRAC_2_SQRT_PI;

/// From here on the complement is a continued fraction: one less the series would lose digits.
const TURN: f64 = 0.5;

/// `exp(-x * x)` with the rounding error of the square taken back.
fn bell(x: f64) -> f64 {
    let square = x * x;
    let lost = x.mul_add(x, -square);
    (-square).exp() * (1.0 - lost)
}

/// `erf(x)` for small `x`: all terms have one sign.
fn series(x: f64) -> f64 {
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-18 * sum.abs() {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    SLOPE_AT_ZERO * bell(x) * sum
}

/// `erfc(x)` for `x` from [`TURN`] on: `exp(-x*x) / sqrt(pi) / (x + (1/2) / (x + (2/2) / (x + (3/2) / ...)))`
fn fraction(x: f64) -> f64 {
    // The levels that full accuracy takes, found by trying.
    let levels = 8 + (320.0 / (x * x)) as usize;
    let below = (1..=levels).rev().fold(x, |below, k| x + 0.5 * k as f64 / below);
    bell(x) / (PI.sqrt() * below)
}

pub fn erf(x: f64) -> f64 {
    if x.abs() < 1.0 { series(x) } else { (1.0 - erfc(x.abs())).copysign(x) }
}

pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        x
    } else if x.abs() < TURN {
        1.0 - series(x)
    } else if x < 0.0 {
        2.0 - erfc(-x)
    } else if x > 28.0 {
        0.0
    } else {
        fraction(x)
    }
}

/// The spherical Bessel function of the first kind (NIST Digital Library of Mathematical Functions, 10.51.1). NaN where
/// an angle is infinite.
pub fn spherical_bessel(n: usize, x: f64) -> f64 {
    if x.abs() < 1e-4 {
        let leading = (1..=n).fold(1.0, |product, k| product * x / (2 * k + 1) as f64);
        return leading * (1.0 - x * x / (4 * n + 6) as f64);
    }
    let first = x.sin() / x;
    let second = (first - x.cos()) / x;
    if x.abs() > 40.0 + 2.0 * n as f64 || x.is_nan() {
        // Upwards, where that is stable.
        let up = |(before, value), k: usize| (value, (2 * k + 1) as f64 / x * value - before);
        return (1..=n).fold((first, second), up).0;
    }
    // Downwards from an order where the function is nothing, up to a factor.
    let (mut above, mut value, mut wanted) = (0.0, 1e-250, 0.0);
    for k in (0..n + 30 + 2 * x.abs() as usize).rev() {
        (above, value) = (value, (2 * k + 3) as f64 / x * value - above);
        if k == n {
            wanted = value;
        }
    }
    // Small arguments spoil the second one.
    if x.abs() < 2.0 || first.abs() > second.abs() { wanted / value * first } else { wanted / above * second }
}

/// Derivative `n` of the digamma function: its recurrence to where Euler and Maclaurin's formula for the Hurwitz zeta
/// function holds (NIST Digital Library of Mathematical Functions, 5.15 and 25.11.5).
pub fn polygamma(n: usize, x: f64) -> f64 {
    if x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    if x <= 0.0 && x.fract() == 0.0 {
        return if n.is_multiple_of(2) { f64::NAN } else { f64::INFINITY };
    }
    let factorial: f64 = (1..=n).map(|k| k as f64).product();
    let (mut x, mut sum) = (x, 0.0);
    while x < 30.0 {
        sum += x.powi(-(n as i32) - 1);
        x += 1.0;
    }
    if n == 0 {
        let square = x * x;
        let tail = 1.0 / 12.0 - (1.0 / 120.0 - (1.0 / 252.0 - 1.0 / (240.0 * square)) / square) / square;
        return x.ln() - 0.5 / x - tail / square - sum;
    }
    let power = x.powi(-(n as i32));
    let mut total = power / n as f64 + 0.5 * power / x;
    let mut factor = (n + 1) as f64 * power / (x * x);
    for (k, coefficient) in [12.0, -720.0, 30240.0, -1_209_600.0, 47_900_160.0].into_iter().enumerate() {
        total += factor / coefficient;
        let s = (n + 2 * k + 2) as f64;
        factor *= s * (s + 1.0) / (x * x);
    }
    let size = factorial * (total + sum);
    if n.is_multiple_of(2) { -size } else { size }
}

/// The modified Bessel function of the second kind, as the integral of `exp(-x cosh t) cosh(order t)`.
pub fn bessel_k(order: f64, x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::INFINITY;
    }
    if x > 1e4 {
        return 0.0;
    }
    let (step, log) = (1.0 / (8.0 + 2.0 * x.sqrt()), x.ln());
    let term = |t: f64| {
        let fall = x - 0.5 * ((t + log).exp() + (log - t).exp());
        0.5 * ((fall + order * t).exp() + (fall - order * t).exp())
    };
    let largest = ((1500.0 + order.abs() * 800.0) / x).max(2.0).ln().min(760.0) + 5.0;
    let sum: f64 = 0.5 * term(0.0) + (1..(largest / step) as usize).map(|k| term(k as f64 * step)).sum::<f64>();
    let half = (-0.5 * x).exp();
    sum * step * half * half
}

/// The tangent, hyperbolic functions, their inverses, and the logistic function with its integral.
pub fn named(name: &str, x: f64) -> f64 {
    match name {
        "Tan" => x.tan(),
        "Sinh" => libm::sinh(x),
        "Cosh" => libm::cosh(x),
        "Asinh" => libm::asinh(x),
        "Acosh" => libm::acosh(x),
        "Atanh" => libm::atanh(x),
        "Sigmoid" => 1.0 / (1.0 + (-x).exp()),
        _ if x > 0.0 => x + (-x).exp().ln_1p(),
        _ => x.exp().ln_1p(),
    }
}

/// The derivative of [`named`] at `x`, where the function is `value`.
pub fn slope_of_named<S: Scalar>(name: &str, x: &S, value: &S) -> S {
    let one = S::number(1.0);
    let (below, above) = (x.subtract(&one), x.add(&one));
    match name {
        "Tan" => value.multiply(value).add(&one),
        "Sinh" => x.named("Cosh"),
        "Cosh" => x.named("Sinh"),
        "Asinh" => x.multiply(x).add(&one).rsqrt(),
        "Acosh" => below.multiply(&above).rsqrt(),
        "Atanh" => one.divide(&below.negate().multiply(&above)),
        "Sigmoid" => value.multiply(&x.negate().named("Sigmoid")),
        _ => x.named("Sigmoid"),
    }
}

/// Matern's correlation.
pub fn matern(order: f64, x: f64) -> f64 {
    let z = (2.0 * order).sqrt() * x.abs();
    if z == 0.0 || (order >= 0.5 && z < 1e-17) {
        return 1.0;
    }
    2f64.powf(1.0 - order) / libm::tgamma(order) * (z.min(1e5).powf(order) * bessel_k(order, z))
}
