//! The modified Bessel function of the second kind, of a real order that is known when a program is made, and the
//! correlation functions that Matern made of it.
//!
//! Two neighbouring orders, from -1/2 to 1/2 and from 1/2 to 3/2, are computed, from which the recurrence goes up.
//! Next to 0 they are Temme's series (On the numerical evaluation of the modified Bessel function of the third kind,
//! Journal of Computational Physics 19, 1975); with `w = log(2 / z) - lambda` for the `lambda` below, its three starting
//! values are `exp(order w)`, its inverse and their difference. Further away they are
//! Chebyshev series in `1 / z`, interpolated when a program is made. Each order has its own coefficients.

use std::f64::consts::{FRAC_PI_2, LN_2, PI, SQRT_2};

use super::elementary::{ABS, SIGN};
use super::gamma::series_at_two;
use super::piecewise::IF_ELSE;
use super::powers::{POWER_OF, RECIPROCAL_SQUARE_ROOT};
use super::{Algebra, Lanes, Node, Operation, Rule, Value};

pub(super) const FAMILY: &[&Operation] = &[&BESSEL_K, &MATERN];

/// The recurrence takes a step for each unit of the order.
const LARGEST_ORDER: f64 = 100.0;

/// Where the series at 0 gives way to the one at infinity: beyond, its terms would cancel.
const TURN: f64 = 1.25;

/// The modified Bessel function of the second kind.
pub static BESSEL_K: Operation = Operation {
    name: "BesselK",
    operands: 2,
    parameters: &[],
    summary: "modified Bessel function of the second kind of g, of the order f, a number; inf at 0 and NaN below",
    commutative: false,
    rule: Rule::OfOrder {
        accepts: |order| match order.abs() <= LARGEST_ORDER {
            true => Ok(()),
            false => Err(format!("the order is {order}; expected a number from -{LARGEST_ORDER} to {LARGEST_ORDER}")),
        },
        meaning: |order, x| {
            let half = (-0.5 * x).exp();
            scaled_bessel(order, x, 0.0) * half * half
        },
        lower: |l, order, x| lower_bessel(l, order.abs(), x),
    },
    // K'(x) = -K of the order below - order / x K(x), both terms of one sign.
    derivative: |f, u, which, e| {
        let order = f.number(u.operands[0])?.abs();
        let x = (which == 1).then_some(u.operands[1])?;
        let below = bessel(f, order - 1.0, x);
        let ratio = f.divide(u.output, x);
        let rest = f.scale(order, ratio);
        let size = f.add(below, rest);
        let product = f.multiply(e, size);
        Some(f.minus(product))
    },
};

/// Matern's correlation.
pub static MATERN: Operation = Operation {
    name: "Matern",
    operands: 2,
    parameters: &[],
    summary: "Matern's correlation at the distance |g|, of the smoothness f, a number above 0: 1 at 0, where the \
              derivative is 0 (2^(1-f) / Gamma(f) z^f BesselK(f, z) for z = Sqrt(2 f) |g|)",
    commutative: false,
    rule: Rule::OfOrder {
        accepts: |order| match order > 0.0 && order <= LARGEST_ORDER {
            true => Ok(()),
            false => Err(format!("the smoothness is {order}; expected a number above 0 and up to {LARGEST_ORDER}")),
        },
        meaning: |order, x| {
            let z = (2.0 * order).sqrt() * x.abs();
            // The integral of the function itself would overflow next to 0.
            if z == 0.0 || (order >= 0.5 && z < 1e-17) {
                return 1.0;
            }
            let half = (-0.5 * z).exp();
            let factor = order * z.ln() + (1.0 - order) * LN_2 - libm::lgamma(order);
            scaled_bessel(order, z, factor) * half * half
        },
        lower: lower_matern,
    },
    derivative: |f, u, which, e| {
        let order = f.number(u.operands[0])?;
        let x = (which == 1).then_some(u.operands[1])?;
        let slope = slope_of_matern(f, order, x, u.output);
        Some(f.multiply(e, slope))
    },
};

fn bessel(f: &mut dyn Algebra, order: f64, x: Node) -> Node {
    let order = f.constant(order);
    f.apply(&BESSEL_K, &[order, x], &[])
}

/// The correlation of another smoothness at a multiple of the distance.
fn matern(f: &mut dyn Algebra, order: f64, scale: f64, x: Node) -> Node {
    let order = f.constant(order);
    let scaled = f.scale(scale, x);
    f.apply(&MATERN, &[order, scaled], &[])
}

/// The derivative of `z^f K_f(z)` is `-z^f K_(f-1)(z)`: above 1 a correlation again.
fn slope_of_matern(f: &mut dyn Algebra, order: f64, x: Node, output: Node) -> Node {
    if order > 1.0 {
        let square = order / (order - 1.0);
        let lower = matern(f, order - 1.0, square.sqrt(), x);
        let factor = f.scale(-square, x);
        return f.multiply(factor, lower);
    }
    let size = f.apply(&ABS, &[x], &[]);
    if order == 1.0 {
        // -2 x K_0(sqrt(2) |x|), which is 0 at 0 although K_0 is infinite there.
        let scaled = f.scale(SQRT_2, size);
        let lower = bessel(f, 0.0, scaled);
        let (zero, negated) = (f.constant(0.0), f.minus(size));
        let finite = f.apply(&IF_ELSE, &[negated, zero, lower], &[]);
        let product = f.multiply(x, finite);
        return f.scale(-2.0, product);
    }
    let sign = f.apply(&SIGN, &[x], &[]);
    if order == 0.5 {
        let slope = f.multiply(sign, output);
        return f.minus(slope);
    }
    // z^f K_(1-f)(z) is a power of z times the correlation of smoothness 1 - f. An infinite slope at 0 counts as 0.
    let opposite = 1.0 - order;
    let lower = matern(f, opposite, (order / opposite).sqrt(), x);
    let exponent = 2.0 * order - 1.0;
    let (base, exponent_size) = match exponent > 0.0 {
        true => (size, exponent),
        false => {
            let square = f.square(x);
            (f.apply(&RECIPROCAL_SQUARE_ROOT, &[square], &[]), -exponent)
        }
    };
    let exponent_size = f.constant(exponent_size);
    let power = f.apply(&POWER_OF, &[base, exponent_size], &[]);
    let factor = -(2.0 * order).powf(order) * 2f64.powf(-exponent) * libm::tgamma(opposite) / libm::tgamma(order);
    let product = f.multiply(power, lower);
    let signed = f.multiply(sign, product);
    f.scale(factor, signed)
}

/// `exp(x) K(x)` times the exponential of `factor` in float64, by the trapezoidal rule for the integral of
/// `exp(-x (cosh t - 1)) cosh(order t)`, which converges like `exp(-pi^2 / step)` (NIST Digital Library of Mathematical
/// Functions, 10.32.9 and 3.5.i).
fn scaled_bessel(order: f64, x: f64, factor: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 || x.is_infinite() {
        return if x == 0.0 { f64::INFINITY } else { 0.0 };
    }
    let step = 0.5 / (4.0 + x).sqrt();
    // At most this far the integrand may rise.
    let peak = (x + 2.0 * order.abs()).ln() - x.ln();
    let mut sum = 0.0;
    for k in 0.. {
        let t = f64::from(k) * step;
        let half = x.sqrt() * (0.5 * t).sinh();
        let fall = factor - 2.0 * half * half;
        let term = 0.5 * ((fall + order * t).exp() + (fall - order * t).exp());
        sum += if k == 0 { 0.5 * term } else { term };
        if t > peak && (term <= 1e-18 * sum || sum.is_nan()) {
            break;
        }
    }
    sum * step
}

/// The polynomial in `v` that interpolates `exp(x) sqrt(x) K(x)` for `x = 2 TURN / (1 + v)`, `v` from -1 to 1.
fn far_polynomial(order: f64, epsilon: f64) -> Vec<f64> {
    const NODES: usize = 40;
    // The cosine of so many of the angles between a node and the next one's middle: exact multiples are reduced exactly.
    let cosine = |steps: usize| {
        let steps = steps % (4 * NODES);
        let steps = steps.min(4 * NODES - steps);
        let sign = if steps > NODES { -1.0 } else { 1.0 };
        sign * (FRAC_PI_2 * steps.min(2 * NODES - steps) as f64 / NODES as f64).cos()
    };
    let value = |k: usize| {
        let x = 2.0 * TURN / (1.0 + cosine(2 * k + 1));
        scaled_bessel(order, x, 0.0) * x.sqrt()
    };
    let values: Vec<f64> = (0..NODES).map(value).collect();
    // The discrete cosine transform, as far as it matters; then powers in place of Chebyshev's polynomials.
    let coefficient = |j: usize| {
        let sum: f64 = values.iter().enumerate().map(|(k, v)| v * cosine(j * (2 * k + 1))).sum();
        sum * if j == 0 { 1.0 } else { 2.0 } / NODES as f64
    };
    let (mut before, mut chebyshev) = (vec![0.0; NODES], vec![0.0; NODES]);
    chebyshev[0] = 1.0;
    let mut powers = vec![0.0; NODES];
    let mut used = 0;
    for j in 0..NODES {
        let coefficient = coefficient(j);
        if coefficient.abs() > 0.05 * epsilon {
            used = j + 1;
            powers.iter_mut().zip(&chebyshev).for_each(|(p, c)| *p += coefficient * c);
        }
        let next = |k: usize| {
            let raised = if k == 0 { 0.0 } else { chebyshev[k - 1] };
            if j == 0 { raised } else { 2.0 * raised - before[k] }
        };
        let next = (0..NODES).map(next).collect();
        before = std::mem::replace(&mut chebyshev, next);
    }
    powers.truncate(used);
    powers
}

/// What Temme's series multiplies its three starting values with, as polynomials in `z^2 / 4`, as far as they matter up
/// to [`TURN`]: first for `K(z)` of the
/// lower order, then for `z K(z)` of the higher.
fn near_polynomials(order: f64, epsilon: f64) -> [[Vec<f64>; 3]; 2] {
    let mut all: [[Vec<f64>; 3]; 2] = Default::default();
    // The three parts of f; the parts of p and q; one over the factorial.
    let (mut f, mut p, mut q, mut inverse) = ([1.0, 0.0, 0.0], 1.0, 1.0, 1.0);
    for k in 0.. {
        let number = f64::from(k);
        if k > 0 {
            let divisor = number * number - order * order;
            f = [number * f[0] / divisor, (number * f[1] + p) / divisor, (number * f[2] + q) / divisor];
            p /= number - order;
            q /= number + order;
            inverse /= number;
        }
        let higher = [-number * f[0], p - number * f[1], -number * f[2]];
        let reach = inverse * (0.25 * TURN * TURN).powi(k);
        if f.iter().chain(&higher).all(|part| (part * reach).abs() < 0.05 * epsilon) {
            return all;
        }
        for (polynomials, parts) in all.iter_mut().zip([f, higher.map(|part| 2.0 * part)]) {
            polynomials.iter_mut().zip(parts).for_each(|(polynomial, part)| polynomial.push(part * inverse));
        }
    }
    all
}

/// `lambda`: half the logarithm of `Gamma(1 - order) / Gamma(1 + order)`, over the order; Euler's constant at 0.
fn lambda(order: f64) -> f64 {
    let series = series_at_two(f64::EPSILON);
    let odd = series.iter().step_by(2).rev().fold(0.0, |sum, c| sum * order * order + c);
    let ratio = if order == 0.0 { 1.0 } else { order.atanh() / order };
    ratio - odd
}

/// Functions of two neighbouring orders at `z`, the lower one from -1/2 to 1/2.
struct Neighbours {
    /// `K` of the lower order.
    lower: Value,
    /// `z K` of the higher order.
    higher: Value,
    /// `z` to the power of the lower order.
    power: Value,
    /// What all results are still to be multiplied with, so that large orders do not vanish early.
    rest: Value,
}

fn neighbours(l: &mut dyn Lanes, order: f64, z: Value) -> Neighbours {
    let epsilon = l.epsilon();
    let (zero, one) = (l.constant(0.0), l.constant(1.0));
    // Half of the exponential; the other half comes last.
    let half = l.constant(-0.5);
    let halved = l.multiply(half, z);
    let fall = l.exp(halved);
    let root = l.square_root(z);
    let inverse_root = l.divide(one, root);
    if order == -0.5 {
        // Both orders are one function, and an elementary one.
        let scale = l.constant(FRAC_PI_2.sqrt());
        let scaled = l.multiply(scale, fall);
        let (lower, higher) = (l.multiply(scaled, inverse_root), l.multiply(scaled, root));
        return Neighbours { lower, higher, power: inverse_root, rest: fall };
    }
    // exp(order w), exp(-order w) and half their difference over the order.
    let (log, center) = (l.log(z), l.constant(LN_2 - lambda(order)));
    let w = l.subtract(center, log);
    let (up, down, difference) = if order == 0.0 {
        (one, one, w)
    } else {
        let (factor, scale) = (l.constant(order.abs()), l.constant(0.5 / order.abs()));
        let exponent = l.multiply(factor, w);
        let size = l.absolute(exponent);
        let less_one = l.exp_minus_one(size);
        let large = l.add(one, less_one);
        let small = l.divide(one, large);
        let less_small = l.multiply(less_one, small);
        let sum = l.add(less_one, less_small);
        let difference = l.multiply(scale, sum);
        let negated = l.negate(difference);
        let is_negative = l.less(w, zero);
        let (above, below) = (l.select(is_negative, small, large), l.select(is_negative, large, small));
        let (up, down) = if order > 0.0 { (above, below) } else { (below, above) };
        (up, down, l.select(is_negative, negated, difference))
    };
    let sinc = if order == 0.0 { 1.0 } else { (PI * order).sin() / (PI * order) };
    let gamma = 1.0 / sinc.sqrt();
    let starts = [(difference, gamma), (up, 0.5 * gamma), (down, 0.5 * gamma)];
    let (square, quarter) = (l.multiply(z, z), l.constant(0.25));
    let square = l.multiply(square, quarter);
    let [near_lower, near_higher] = near_polynomials(order, epsilon).map(|polynomials| {
        polynomials.iter().zip(starts).fold(zero, |sum, (polynomial, (start, scale))| {
            let scaled: Vec<f64> = polynomial.iter().map(|c| c * scale).collect();
            let value = l.polynomial(square, &scaled);
            let product = l.multiply(value, start);
            if sum == zero { product } else { l.add(product, sum) }
        })
    });
    // v = 2 TURN / z - 1
    let (turn, twice) = (l.constant(TURN), l.constant(2.0 * TURN));
    let quotient = l.divide(twice, z);
    let v = l.subtract(quotient, one);
    let scale = l.multiply(fall, inverse_root);
    let [far_lower, far_higher] = [order, order + 1.0].map(|order| {
        let value = l.polynomial(v, &far_polynomial(order, epsilon));
        l.multiply(value, scale)
    });
    let far_higher = l.multiply(far_higher, z);
    let is_far = l.less(turn, z);
    let scale = l.constant((order * (LN_2 - lambda(order))).exp());
    Neighbours {
        lower: l.select(is_far, far_lower, near_lower),
        higher: l.select(is_far, far_higher, near_higher),
        power: l.multiply(scale, down),
        rest: l.select(is_far, fall, one),
    }
}

/// How many steps an order is above the lower one of its neighbours, and that one.
fn steps(order: f64) -> (u32, f64) {
    let steps = (order + 0.5).floor();
    (steps as u32, order - steps)
}

/// No function here has anything left beyond.
fn limited(l: &mut dyn Lanes, z: Value) -> Value {
    let limit = l.constant(4000.0);
    l.minimum(limit, z)
}

fn lower_bessel(l: &mut dyn Lanes, order: f64, x: Value) -> Value {
    let (steps, lowest) = steps(order);
    let (one, zero, infinity) = (l.constant(1.0), l.constant(0.0), l.constant(f64::INFINITY));
    let x = limited(l, x);
    let Neighbours { lower, higher, rest, .. } = neighbours(l, lowest, x);
    let (mut before, mut value) = (lower, l.divide(higher, x));
    let inverse = l.divide(one, x);
    for k in 1..steps {
        let factor = l.constant(2.0 * (f64::from(k) + lowest));
        let factor = l.multiply(factor, inverse);
        let product = l.multiply(factor, value);
        (before, value) = (value, l.add(product, before));
    }
    let value = if steps == 0 { lower } else { value };
    let value = l.multiply(value, rest);
    let is_zero = l.equal(x, zero);
    l.select(is_zero, infinity, value)
}

fn lower_matern(l: &mut dyn Lanes, order: f64, x: Value) -> Value {
    let (steps, lowest) = steps(order);
    let (one, zero, scale) = (l.constant(1.0), l.constant(0.0), l.constant((2.0 * order).sqrt()));
    let size = l.absolute(x);
    let z = l.multiply(scale, size);
    let z = limited(l, z);
    let Neighbours { lower, higher, power, rest } = neighbours(l, lowest, z);
    // 2^(1-a) / Gamma(a) z^a K_a(z), whose recurrence has positive terms of ordinary size only.
    let normal = |a: f64| 2f64.powf(1.0 - a) / libm::tgamma(a);
    let mut value = if steps == 0 {
        let (product, scale) = (l.multiply(lower, power), l.constant(normal(lowest)));
        l.multiply(scale, product)
    } else {
        let (product, scale) = (l.multiply(higher, power), l.constant(normal(lowest + 1.0)));
        l.multiply(scale, product)
    };
    if steps > 1 {
        // The first step by the function itself, whose Gamma may have a pole.
        let (z_power, z_lower) = (l.multiply(z, power), l.multiply(z, lower));
        let (product, scale) = (l.multiply(z_power, z_lower), l.constant(normal(lowest + 2.0)));
        let first = l.multiply(scale, product);
        let mut before = value;
        value = l.add(value, first);
        let square = l.multiply(z, z);
        for k in 2..steps {
            let a = f64::from(k) + lowest;
            let factor = l.constant(0.25 / (a * (a - 1.0)));
            let factor = l.multiply(factor, square);
            let product = l.multiply(factor, before);
            (before, value) = (value, l.add(product, value));
        }
    }
    let value = l.multiply(value, rest);
    let is_zero = l.equal(z, zero);
    l.select(is_zero, one, value)
}
