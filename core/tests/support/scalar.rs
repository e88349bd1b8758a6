//! Numbers that the oracle computes with: float64, float64 with a bound on what rounding may do, and dual numbers of
//! either. Written from the definition of the language, with nothing of the library.

use std::marker::PhantomData;

/// What an expression is evaluated in.
pub trait Scalar: Clone {
    fn number(value: f64) -> Self;
    /// The value, for comparisons.
    fn value(&self) -> f64;
    fn add(&self, b: &Self) -> Self;
    fn multiply(&self, b: &Self) -> Self;
    fn divide(&self, b: &Self) -> Self;
    fn exp(&self) -> Self;
    fn exp2(&self) -> Self;
    fn log(&self) -> Self;
    fn sin(&self) -> Self;
    fn cos(&self) -> Self;
    fn tanh(&self) -> Self;
    /// The square root; its derivative at 0 is 0.
    fn sqrt(&self) -> Self;
    /// One over the square root; 0 at 0.
    fn rsqrt(&self) -> Self;
    fn power(&self, exponent: i64) -> Self;
    fn power_of(&self, exponent: &Self) -> Self;
    /// A function that is constant between jumps.
    fn step_of(&self, step: fn(f64) -> f64) -> Self;
    /// Whether it is zero with all its derivatives.
    fn is_nothing(&self) -> bool;

    fn negate(&self) -> Self {
        Self::number(-1.0).multiply(self)
    }
    fn subtract(&self, b: &Self) -> Self {
        self.add(&b.negate())
    }
    fn absolute(&self) -> Self {
        self.multiply(&self.step_of(sign))
    }
    fn relu(&self) -> Self {
        if self.value() < 0.0 { Self::number(0.0) } else { self.clone() }
    }
}

/// -1, 0 or 1.
pub fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// 0 below 0, else 1.
pub fn step(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { 1.0 }
}

impl Scalar for f64 {
    fn number(value: f64) -> f64 {
        value
    }
    fn value(&self) -> f64 {
        *self
    }
    fn add(&self, b: &f64) -> f64 {
        self + b
    }
    fn multiply(&self, b: &f64) -> f64 {
        self * b
    }
    fn divide(&self, b: &f64) -> f64 {
        self / b
    }
    fn exp(&self) -> f64 {
        f64::exp(*self)
    }
    fn exp2(&self) -> f64 {
        f64::exp2(*self)
    }
    fn log(&self) -> f64 {
        f64::ln(*self)
    }
    fn sin(&self) -> f64 {
        f64::sin(*self)
    }
    fn cos(&self) -> f64 {
        f64::cos(*self)
    }
    fn tanh(&self) -> f64 {
        f64::tanh(*self)
    }
    fn sqrt(&self) -> f64 {
        f64::sqrt(*self)
    }
    fn rsqrt(&self) -> f64 {
        if *self == 0.0 { 0.0 } else { 1.0 / f64::sqrt(*self) }
    }
    fn power(&self, exponent: i64) -> f64 {
        self.powf(exponent as f64)
    }
    fn power_of(&self, exponent: &f64) -> f64 {
        self.powf(*exponent)
    }
    fn step_of(&self, step: fn(f64) -> f64) -> f64 {
        step(*self)
    }
    fn is_nothing(&self) -> bool {
        *self == 0.0
    }
    fn negate(&self) -> f64 {
        -self
    }
    fn absolute(&self) -> f64 {
        self.abs()
    }
}

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

    /// Whether the error is small beside the distance to 0.
    fn is_away_from_zero(&self) -> bool {
        self.error * 16.0 < self.value.abs()
    }

    fn unless(self, unknown: bool) -> Self {
        if unknown { Approximate { error: f64::INFINITY, ..self } } else { self }
    }
}

impl<F: Format> Scalar for Approximate<F> {
    fn number(value: f64) -> Self {
        if value == 0.0 || value.abs() == 1.0 { Self::exact(value) } else { Self::new(value, 0.0, 1.0) }
    }
    fn value(&self) -> f64 {
        self.value
    }
    fn add(&self, b: &Self) -> Self {
        Self::new(self.value + b.value, self.error + b.error, 1.0)
    }
    fn multiply(&self, b: &Self) -> Self {
        if (self.is_nothing() && b.error.is_finite()) || (b.is_nothing() && self.error.is_finite()) {
            return Self::exact(0.0);
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

/// A value and its derivative along one direction.
#[derive(Clone, Copy, Debug)]
pub struct Dual<S> {
    pub value: S,
    pub slope: S,
}

impl<S: Scalar> Dual<S> {
    pub fn new(value: S, slope: S) -> Self {
        Dual { value, slope }
    }

    /// The value of a function and its slope times this slope.
    fn chain(&self, value: S, slope: impl FnOnce() -> S) -> Self {
        if self.slope.is_nothing() {
            return Dual { value, slope: S::number(0.0) };
        }
        let slope = self.slope.multiply(&slope());
        Dual { value, slope }
    }
}

impl<S: Scalar> Scalar for Dual<S> {
    fn number(value: f64) -> Self {
        Dual { value: S::number(value), slope: S::number(0.0) }
    }
    fn value(&self) -> f64 {
        self.value.value()
    }
    fn add(&self, b: &Self) -> Self {
        Dual { value: self.value.add(&b.value), slope: self.slope.add(&b.slope) }
    }
    fn multiply(&self, b: &Self) -> Self {
        let (left, right) = (self.slope.multiply(&b.value), self.value.multiply(&b.slope));
        Dual { value: self.value.multiply(&b.value), slope: left.add(&right) }
    }
    fn divide(&self, b: &Self) -> Self {
        let value = self.value.divide(&b.value);
        let above = self.slope.subtract(&value.multiply(&b.slope));
        Dual { slope: above.divide(&b.value), value }
    }
    fn exp(&self) -> Self {
        let value = self.value.exp();
        self.chain(value.clone(), || value)
    }
    fn exp2(&self) -> Self {
        let value = self.value.exp2();
        self.chain(value.clone(), || S::number(std::f64::consts::LN_2).multiply(&value))
    }
    fn log(&self) -> Self {
        self.chain(self.value.log(), || S::number(1.0).divide(&self.value))
    }
    fn sin(&self) -> Self {
        self.chain(self.value.sin(), || self.value.cos())
    }
    fn cos(&self) -> Self {
        self.chain(self.value.cos(), || self.value.sin().negate())
    }
    fn tanh(&self) -> Self {
        let value = self.value.tanh();
        self.chain(value.clone(), || S::number(1.0).subtract(&value.multiply(&value)))
    }
    fn sqrt(&self) -> Self {
        self.chain(self.value.sqrt(), || S::number(0.5).multiply(&self.value.rsqrt()))
    }
    fn rsqrt(&self) -> Self {
        let value = self.value.rsqrt();
        self.chain(value.clone(), || S::number(-0.5).multiply(&value.power(3)))
    }
    fn power(&self, exponent: i64) -> Self {
        if exponent == 0 {
            return Self::number(1.0);
        }
        let slope = || S::number(exponent as f64).multiply(&self.value.power(exponent - 1));
        self.chain(self.value.power(exponent), slope)
    }
    fn power_of(&self, exponent: &Self) -> Self {
        let value = self.value.power_of(&exponent.value);
        let by_base = self.chain(value.clone(), || {
            let lower = exponent.value.subtract(&S::number(1.0));
            exponent.value.multiply(&self.value.power_of(&lower))
        });
        let by_exponent = exponent.chain(value.clone(), || self.value.log().multiply(&value));
        Dual { value, slope: by_base.slope.add(&by_exponent.slope) }
    }
    fn step_of(&self, step: fn(f64) -> f64) -> Self {
        Dual { value: self.value.step_of(step), slope: S::number(0.0) }
    }
    fn is_nothing(&self) -> bool {
        self.value.is_nothing() && self.slope.is_nothing()
    }
    fn absolute(&self) -> Self {
        self.chain(self.value.absolute(), || self.value.step_of(sign))
    }
    fn relu(&self) -> Self {
        self.chain(self.value.relu(), || self.value.step_of(step))
    }
}
