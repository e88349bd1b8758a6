//! Numbers that the oracle computes with: float64 here, float64 with a bound on what rounding may do, and dual numbers
//! of either. Written from the definition of the language, with nothing of the library.

use super::functions::{bessel_k, erf, erfc, matern, named, polygamma, spherical_bessel};

/// How two numbers compare.
pub type Comparison = fn(f64, f64) -> bool;

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
    /// The derivatives of both arcs are 0 at -1 and 1.
    fn asin(&self) -> Self;
    fn acos(&self) -> Self;
    fn atan(&self) -> Self;
    /// The angle of the point whose ordinate this is.
    fn atan2(&self, abscissa: &Self) -> Self;
    fn log1p(&self) -> Self;
    fn expm1(&self) -> Self;
    fn erf(&self) -> Self;
    fn erfc(&self) -> Self;
    /// A function of [`named`](super::functions::named).
    fn named(&self, name: &str) -> Self;
    /// `x log(x)`; 0 at 0.
    fn x_log_x(&self) -> Self;
    /// That of order 0 is `sin(x) / x`; 1 at 0, where its derivative is 0.
    fn spherical_bessel(&self, n: usize) -> Self;
    /// The logarithm of the size of the gamma function.
    fn log_gamma(&self) -> Self;
    /// A derivative of the digamma function.
    fn polygamma(&self, n: usize) -> Self;
    fn bessel_k(&self, order: f64) -> Self;
    fn matern(&self, order: f64) -> Self;
    /// The square root; its derivative at 0 is 0.
    fn sqrt(&self) -> Self;
    /// One over the square root; 0 at 0.
    fn rsqrt(&self) -> Self;
    fn power(&self, exponent: i64) -> Self;
    fn power_of(&self, exponent: &Self) -> Self;
    /// A function that is constant between jumps.
    fn step_of(&self, step: fn(f64) -> f64) -> Self;
    /// One of two values, by how this compares with `b`.
    fn choose(&self, holds: Comparison, b: &Self, yes: &Self, no: &Self) -> Self;
    /// Whether it is zero with all its derivatives.
    fn is_nothing(&self) -> bool;

    fn negate(&self) -> Self {
        Self::number(-1.0).multiply(self)
    }
    fn subtract(&self, b: &Self) -> Self {
        self.add(&b.negate())
    }
    /// A sum whose terms what follows may take one by one, as reverse accumulation does where slopes are added.
    fn add_apart(&self, b: &Self) -> Self {
        self.add(b)
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
    fn asin(&self) -> f64 {
        f64::asin(*self)
    }
    fn acos(&self) -> f64 {
        f64::acos(*self)
    }
    fn atan(&self) -> f64 {
        f64::atan(*self)
    }
    fn atan2(&self, abscissa: &f64) -> f64 {
        f64::atan2(*self, *abscissa)
    }
    fn log1p(&self) -> f64 {
        self.ln_1p()
    }
    fn expm1(&self) -> f64 {
        self.exp_m1()
    }
    fn erf(&self) -> f64 {
        erf(*self)
    }
    fn erfc(&self) -> f64 {
        erfc(*self)
    }
    fn named(&self, name: &str) -> f64 {
        named(name, *self)
    }
    fn x_log_x(&self) -> f64 {
        if *self == 0.0 { 0.0 } else { self * self.ln() }
    }
    fn spherical_bessel(&self, n: usize) -> f64 {
        spherical_bessel(n, *self)
    }
    fn log_gamma(&self) -> f64 {
        libm::lgamma(*self)
    }
    fn polygamma(&self, n: usize) -> f64 {
        polygamma(n, *self)
    }
    fn bessel_k(&self, order: f64) -> f64 {
        bessel_k(order, *self)
    }
    fn matern(&self, order: f64) -> f64 {
        matern(order, *self)
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
    fn choose(&self, holds: Comparison, b: &f64, yes: &f64, no: &f64) -> f64 {
        if holds(*self, *b) { *yes } else { *no }
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
