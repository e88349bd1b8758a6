//! Functions that the standard library does not have, to a few units in the last place of float64.

use std::f64::consts::PI;

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
