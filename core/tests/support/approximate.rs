//! Float64 with a bound on what rounding may do.

use std::f64::consts::PI;
use std::marker::PhantomData;

use super::functions::{
    SLOPE_AT_ZERO, bessel_k, erf, erfc, matern, named, polygamma, slope_of_named, spherical_bessel,
};
use super::scalar::{Comparison, Scalar};

/// A number format whose rounding is bounded.
pub trait Format: Clone + Copy {
    /// Half the distance from 1 to the next number.
    const UNIT: f64;
    /// What may be lost where a result is too small for the format, products of small factors included.
    const SMALL: f64;
    /// Beyond this, factors that are multiplied in another order might overflow.
    const LARGE: f64;
    /// Beyond this, sine and cosine are not defined.
    const ANGLE: f64;
}

/// IEEE binary32.
#[derive(Clone, Copy, Debug)]
pub struct Single;
/// IEEE binary64.
#[derive(Clone, Copy, Debug)]
pub struct Double;

impl Format for Single {
    const UNIT: f64 = 1.0 / 16_777_216.0;
    const SMALL: f64 = 1e-35;
    const LARGE: f64 = 1e15;
    const ANGLE: f64 = 1e5;
}

impl Format for Double {
    const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;
    const SMALL: f64 = 1e-290;
    const LARGE: f64 = 1e100;
    const ANGLE: f64 = 1e9;
}

/// A value computed in float64, and how far a computation of the same formula in the format `F` may be from it, to
/// first order: each operation passes on the errors of its operands and adds its own rounding. Where first order
/// says nothing (next to a pole or a jump, or out of range) the error is infinite and the value is not compared.
#[derive(Clone, Copy, Debug)]
pub struct Approximate<F> {
    pub value: f64,
    pub error: f64,
    format: PhantomData<F>,
}

impl<F: Format> Approximate<F> {
    /// A value with an error that its operands bring, and `units` roundings of its own.
    pub fn new(value: f64, inherited: f64, units: f64) -> Self {
        let error = inherited + units * F::UNIT * value.abs() + F::SMALL;
        let known = value.is_finite() && value.abs() < F::LARGE && !error.is_nan();
        Approximate { value, error: if known { error } else { f64::INFINITY }, format: PhantomData }
    }

    /// A number that the format holds.
    pub fn exact(value: f64) -> Self {
        Approximate { value, error: 0.0, format: PhantomData }
    }

    /// The absolute value.
    pub fn magnitude(&self) -> Self {
        Approximate { value: self.value.abs(), ..*self }
    }

    /// Whether sums and products with numbers of this kind are exact in every format.
    fn is_small_integer(&self) -> bool {
        self.error == 0.0 && self.value.fract() == 0.0 && self.value.abs() <= 1024.0
    }

    /// Whether the error is small beside the distance to 0.
    fn is_away_from_zero(&self) -> bool {
        self.error * 16.0 < self.value.abs()
    }

    /// What a function with this slope makes of the error.
    fn passed_on(&self, slope: f64) -> f64 {
        // An exact argument stays exact where the slope is infinite.
        if self.error == 0.0 { 0.0 } else { self.error * slope.abs() }
    }

    /// Whether a pole at 0 or at a negative integer may be near.
    fn is_near_pole(&self) -> bool {
        self.value < 0.5 && (self.value - self.value.round()).abs() <= 16.0 * self.error
    }

    fn unless(self, unknown: bool) -> Self {
        if unknown { Approximate { error: f64::INFINITY, ..self } } else { self }
    }
}

impl<F: Format> Scalar for Approximate<F> {
    fn number(value: f64) -> Self {
        let exact = Self::exact(value);
        if exact.is_small_integer() { exact } else { Self::new(value, 0.0, 1.0) }
    }
    fn value(&self) -> f64 {
        self.value
    }
    fn add(&self, b: &Self) -> Self {
        if self.is_small_integer() && b.is_small_integer() {
            return Self::exact(self.value + b.value);
        }
        Self::new(self.value + b.value, self.error + b.error, 1.0)
    }
    fn multiply(&self, b: &Self) -> Self {
        if (self.is_nothing() && b.error.is_finite()) || (b.is_nothing() && self.error.is_finite()) {
            return Self::exact(0.0);
        }
        if self.is_small_integer() && b.is_small_integer() {
            return Self::exact(self.value * b.value);
        }
        // Factors may be multiplied in another order, and the errors of both may meet.
        let inherited = self.error * b.value.abs() + b.error * self.value.abs() + self.error * b.error;
        Self::new(self.value * b.value, inherited, 2.0)
    }
    fn divide(&self, b: &Self) -> Self {
        let value = self.value / b.value;
        Self::new(value, (self.error + b.error * value.abs()) / b.value.abs(), 4.0).unless(!b.is_away_from_zero())
    }
    fn exp(&self) -> Self {
        // The argument may be scaled by log2(e) and rounded before the power of two.
        let value = self.value.exp();
        Self::new(value, self.error * value, 4.0 + 2.0 * self.value.abs()).unless(self.error > 0.1)
    }
    fn exp2(&self) -> Self {
        let value = self.value.exp2();
        Self::new(value, self.error * value, 4.0).unless(self.error > 0.1)
    }
    fn log(&self) -> Self {
        let known = self.value > 0.0 && self.is_away_from_zero();
        Self::new(self.value.ln(), self.error / self.value.abs(), 4.0).unless(!known)
    }
    fn sin(&self) -> Self {
        let reduction = 0.1 * F::UNIT * self.value.abs();
        Self::new(self.value.sin(), self.error + reduction, 4.0).unless(self.value.abs() > F::ANGLE)
    }
    fn cos(&self) -> Self {
        let reduction = 0.1 * F::UNIT * self.value.abs();
        Self::new(self.value.cos(), self.error + reduction, 4.0).unless(self.value.abs() > F::ANGLE)
    }
    fn tanh(&self) -> Self {
        Self::new(self.value.tanh(), self.error * (1.0 - self.value.tanh().powi(2)) + self.error.powi(2), 4.0)
    }
    fn asin(&self) -> Self {
        let slope = 1.0 / (1.0 - self.value * self.value).sqrt();
        let is_near_end = 1.0 - self.value.abs() < 16.0 * self.error;
        Self::new(self.value.asin(), self.passed_on(slope), 4.0).unless(is_near_end)
    }
    fn acos(&self) -> Self {
        let slope = 1.0 / (1.0 - self.value * self.value).sqrt();
        let is_near_end = 1.0 - self.value.abs() < 16.0 * self.error;
        Self::new(self.value.acos(), self.passed_on(slope), 4.0).unless(is_near_end)
    }
    fn atan(&self) -> Self {
        Self::new(self.value.atan(), self.error / (1.0 + self.value * self.value), 4.0)
    }
    fn atan2(&self, abscissa: &Self) -> Self {
        let (y, x) = (self.value, abscissa.value);
        let radius = x.hypot(y);
        let inherited = (self.error * x.abs() + abscissa.error * y.abs()) / (radius * radius);
        // The angle jumps across the negative axis, and the sign of a zero is not known here.
        let is_near_jump = x < 0.0 && !self.is_away_from_zero();
        let is_near_origin = 16.0 * (self.error + abscissa.error) >= radius;
        Self::new(y.atan2(x), inherited, 6.0).unless(is_near_jump || is_near_origin)
    }
    fn log1p(&self) -> Self {
        let whole = 1.0 + self.value;
        Self::new(self.value.ln_1p(), self.error / whole, 4.0).unless(16.0 * self.error >= whole)
    }
    fn expm1(&self) -> Self {
        let units = 4.0 + 2.0 * self.value.max(0.0);
        Self::new(self.value.exp_m1(), self.error * self.value.exp(), units).unless(self.error > 0.1)
    }
    fn erf(&self) -> Self {
        let slope = SLOPE_AT_ZERO * (-self.value * self.value).exp();
        Self::new(erf(self.value), self.error * slope, 4.0).unless(self.error * (1.0 + self.value.abs()) > 0.1)
    }
    fn erfc(&self) -> Self {
        // Rounding the square in the exponent is allowed.
        let units = 4.0 + 4.0 * self.value.max(0.0).powi(2);
        let slope = SLOPE_AT_ZERO * (-self.value * self.value).exp();
        Self::new(erfc(self.value), self.error * slope, units).unless(self.error * (1.0 + self.value.abs()) > 0.1)
    }
    fn named(&self, name: &str) -> Self {
        let value = named(name, self.value);
        let slope = slope_of_named(name, &self.value, &value);
        let (edge, own) = match name {
            "Tan" => (1.0 / slope.sqrt(), 0.1 * F::UNIT * self.value.abs() * slope),
            "Acosh" => (self.value - 1.0, 0.0),
            "Atanh" => (1.0 - self.value.abs(), 0.0),
            "Sinh" | "Cosh" => (1.0, 0.0),
            _ => (f64::INFINITY, 0.0),
        };
        let inherited = self.passed_on(slope) + own;
        // Where the slope changes within the error.
        let is_near = 16.0 * self.error > edge || name == "Tan" && self.value.abs() > F::ANGLE;
        Self::new(value, inherited, 8.0).unless(is_near)
    }
    fn x_log_x(&self) -> Self {
        if self.is_nothing() {
            return Self::exact(0.0);
        }
        let log = self.value.ln();
        let known = self.value > 0.0 && self.is_away_from_zero();
        Self::new(self.value * log, self.error * (log.abs() + 1.0), 6.0).unless(!known)
    }
    fn spherical_bessel(&self, n: usize) -> Self {
        // The slope is nowhere above a half. A recurrence that starts with sine and cosine keeps their errors.
        let recurrence = if self.value.abs() < 0.5 { 0.0 } else { 4.0 * (n + 1) as f64 / self.value.abs().max(1.0) };
        let value = spherical_bessel(n, self.value);
        let inherited = 0.5 * self.error + recurrence * F::UNIT;
        Self::new(value, inherited, 6.0 + n as f64).unless(self.value.abs() > F::ANGLE)
    }
    fn log_gamma(&self) -> Self {
        let own = 16.0 * F::UNIT * if self.value < 0.0 { 4.0 + self.value.abs() } else { 0.0 };
        let value = libm::lgamma(self.value);
        Self::new(value, self.passed_on(polygamma(0, self.value)) + own, 16.0).unless(self.is_near_pole())
    }
    fn polygamma(&self, n: usize) -> Self {
        // The reflection cancels, and so does the recurrence next to the zero of the digamma function.
        let size = if self.value <= 0.0 { PI.powi(n as i32 + 1) } else { f64::from(u8::from(n == 0)) };
        let (units, value) = (8.0 * (n + 2) as f64, polygamma(n, self.value));
        let inherited = self.passed_on(polygamma(n + 1, self.value)) + units * F::UNIT * size;
        Self::new(value, inherited, units).unless(self.is_near_pole() || self.value.abs() > F::ANGLE)
    }
    fn bessel_k(&self, order: f64) -> Self {
        let (order, value) = (order.abs(), bessel_k(order, self.value));
        let slope = bessel_k(order - 1.0, self.value) + order / self.value * value;
        let known = self.value > 0.0 && self.is_away_from_zero();
        Self::new(value, self.passed_on(slope), 24.0 + 2.0 * order + self.value.ln().abs()).unless(!known)
    }
    fn matern(&self, order: f64) -> Self {
        let scale = (2.0 * order).sqrt();
        let (z, value) = (scale * self.value.abs(), matern(order, self.value));
        // Above 1/2 the slope is bounded; below, it is largest where the argument is smallest.
        let least = if order < 0.5 { z - scale * self.error } else { z.max(1e-30) };
        let slope =
            scale * 2f64.powf(1.0 - order) / libm::tgamma(order) * least.powf(order) * bessel_k(order - 1.0, least);
        let known = self.error == 0.0 || order >= 0.5 || self.is_away_from_zero();
        Self::new(value, self.passed_on(slope), 24.0 + 2.0 * (order + z) + 0.5 * z.max(1e-30).ln().abs()).unless(!known)
    }
    fn sqrt(&self) -> Self {
        if self.is_nothing() {
            return Self::exact(0.0);
        }
        let value = self.value.sqrt();
        Self::new(value, self.error / value, 1.0).unless(self.value < 0.0 || !self.is_away_from_zero())
    }
    fn rsqrt(&self) -> Self {
        if self.is_nothing() {
            return Self::exact(0.0);
        }
        let value = Scalar::rsqrt(&self.value);
        let known = self.value > 0.0 && self.is_away_from_zero();
        Self::new(value, value * self.error / self.value.abs(), 4.0).unless(!known)
    }
    fn power(&self, exponent: i64) -> Self {
        let m = exponent as f64;
        if exponent == 0 {
            return Self::exact(1.0);
        }
        let inherited = m.abs() * self.value.powf(m - 1.0).abs() * self.error;
        let known = self.is_away_from_zero() || (exponent > 0 && self.error < 1e-3);
        Self::new(self.value.powf(m), inherited + self.error.powi(2), m.abs() + 4.0).unless(!known)
    }
    fn power_of(&self, exponent: &Self) -> Self {
        let value = self.value.powf(exponent.value);
        let by_base = (exponent.value * value / self.value).abs() * self.error;
        let by_exponent = (self.value.ln() * value).abs() * exponent.error;
        let known = self.value > 0.0 && self.is_away_from_zero();
        Self::new(value, by_base + by_exponent, 4.0).unless(!known)
    }
    fn step_of(&self, step: fn(f64) -> f64) -> Self {
        let (below, above) = (step(self.value - self.error), step(self.value + self.error));
        Self::exact(step(self.value)).unless(below != above || self.error.is_infinite())
    }
    fn choose(&self, holds: Comparison, b: &Self, yes: &Self, no: &Self) -> Self {
        let (chosen, other) = if holds(self.value, b.value) { (yes, no) } else { (no, yes) };
        let reach = 2.0 * (self.error + b.error);
        if reach == 0.0 || (self.value - b.value).abs() > reach {
            return *chosen;
        }
        // Either may be taken: known only where they meet, as the branches of a continuous function do.
        let apart = (yes.value - no.value).abs();
        let either = Self::new(chosen.value, chosen.error.max(other.error) + apart, 0.0);
        if apart == 0.0 { *chosen } else { either.unless(apart > 2.0 * reach) }
    }
    fn add_apart(&self, b: &Self) -> Self {
        if self.is_nothing() || b.is_nothing() {
            return if self.is_nothing() { *b } else { *self };
        }
        // Terms that cancel leave their roundings behind.
        let roundings = 4.0 * F::UNIT * (self.value.abs() + b.value.abs());
        Self::new(self.value + b.value, self.error + b.error + roundings, 1.0)
    }
    fn is_nothing(&self) -> bool {
        self.value == 0.0 && self.error == 0.0
    }
    fn negate(&self) -> Self {
        Approximate { value: -self.value, ..*self }
    }
    fn absolute(&self) -> Self {
        Approximate { value: self.value.abs(), ..*self }
    }
    fn relu(&self) -> Self {
        Approximate { value: self.value.max(0.0), ..*self }
    }
}
