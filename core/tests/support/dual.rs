//! Dual numbers: values with a derivative.

use super::functions::{SLOPE_AT_ZERO, slope_of_named};
use super::scalar::{Comparison, Scalar, sign, step};

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

    fn one_less_square(&self) -> S {
        S::number(1.0).subtract(&self.value.multiply(&self.value))
    }

    /// The derivative of the error function.
    fn bell(&self) -> S {
        S::number(SLOPE_AT_ZERO).multiply(&self.value.multiply(&self.value).negate().exp())
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
        Dual { value: self.value.add(&b.value), slope: self.slope.add_apart(&b.slope) }
    }
    fn multiply(&self, b: &Self) -> Self {
        let (left, right) = (self.slope.multiply(&b.value), self.value.multiply(&b.slope));
        Dual { value: self.value.multiply(&b.value), slope: left.add_apart(&right) }
    }
    fn divide(&self, b: &Self) -> Self {
        let value = self.value.divide(&b.value);
        let above = self.slope.add_apart(&value.multiply(&b.slope).negate());
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
    fn asin(&self) -> Self {
        self.chain(self.value.asin(), || self.one_less_square().rsqrt())
    }
    fn acos(&self) -> Self {
        self.chain(self.value.acos(), || self.one_less_square().rsqrt().negate())
    }
    fn atan(&self) -> Self {
        let whole = || S::number(1.0).add(&self.value.multiply(&self.value));
        self.chain(self.value.atan(), || S::number(1.0).divide(&whole()))
    }
    fn atan2(&self, abscissa: &Self) -> Self {
        let (y, x) = (self, abscissa);
        let value = y.value.atan2(&x.value);
        if y.slope.is_nothing() && x.slope.is_nothing() {
            return Dual { value, slope: S::number(0.0) };
        }
        let across = x.value.multiply(&y.slope).add_apart(&y.value.multiply(&x.slope).negate());
        let square = x.value.multiply(&x.value).add(&y.value.multiply(&y.value));
        Dual { value, slope: across.divide(&square) }
    }
    fn log1p(&self) -> Self {
        self.chain(self.value.log1p(), || S::number(1.0).divide(&S::number(1.0).add(&self.value)))
    }
    fn expm1(&self) -> Self {
        self.chain(self.value.expm1(), || self.value.exp())
    }
    fn erf(&self) -> Self {
        self.chain(self.value.erf(), || self.bell())
    }
    fn erfc(&self) -> Self {
        self.chain(self.value.erfc(), || self.bell().negate())
    }
    fn named(&self, name: &str) -> Self {
        let value = self.value.named(name);
        self.chain(value.clone(), || slope_of_named(name, &self.value, &value))
    }
    fn x_log_x(&self) -> Self {
        self.chain(self.value.x_log_x(), || self.value.log().add(&S::number(1.0)))
    }
    fn spherical_bessel(&self, n: usize) -> Self {
        self.chain(self.value.spherical_bessel(n), || {
            let above = self.value.spherical_bessel(n + 1);
            if n == 0 {
                return above.negate();
            }
            let of = |number: usize, bessel: &S| S::number(number as f64 / (2 * n + 1) as f64).multiply(bessel);
            of(n, &self.value.spherical_bessel(n - 1)).subtract(&of(n + 1, &above))
        })
    }
    fn log_gamma(&self) -> Self {
        self.chain(self.value.log_gamma(), || self.value.polygamma(0))
    }
    fn polygamma(&self, n: usize) -> Self {
        self.chain(self.value.polygamma(n), || self.value.polygamma(n + 1))
    }
    fn bessel_k(&self, order: f64) -> Self {
        let value = self.value.bessel_k(order);
        self.chain(value.clone(), || {
            let rest = S::number(order.abs()).multiply(&value.divide(&self.value));
            self.value.bessel_k(order.abs() - 1.0).add(&rest).negate()
        })
    }
    fn matern(&self, order: f64) -> Self {
        // z^a K_a(z) has the derivative -z^a K_(a-1)(z).
        self.chain(self.value.matern(order), || {
            if order > 1.0 {
                let square = order / (order - 1.0);
                let lower = S::number(square.sqrt()).multiply(&self.value).matern(order - 1.0);
                return S::number(-square).multiply(&self.value).multiply(&lower);
            }
            let scale = (2.0 * order).sqrt();
            let z = S::number(scale).multiply(&self.value.absolute());
            let factor = -scale * 2f64.powf(1.0 - order) / libm::tgamma(order);
            let size = z.power_of(&S::number(order)).multiply(&z.bessel_k(1.0 - order));
            self.value.step_of(sign).multiply(&S::number(factor)).multiply(&size)
        })
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
        Dual { value, slope: by_base.slope.add_apart(&by_exponent.slope) }
    }
    fn step_of(&self, step: fn(f64) -> f64) -> Self {
        Dual { value: self.value.step_of(step), slope: S::number(0.0) }
    }
    fn choose(&self, holds: Comparison, b: &Self, yes: &Self, no: &Self) -> Self {
        let of = |yes: &S, no: &S| self.value.choose(holds, &b.value, yes, no);
        Dual { value: of(&yes.value, &no.value), slope: of(&yes.slope, &no.slope) }
    }
    fn add_apart(&self, b: &Self) -> Self {
        Dual { value: self.value.add_apart(&b.value), slope: self.slope.add_apart(&b.slope) }
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

/// Each number of a pair with its slope.
pub fn each<S>(pair: &[Vec<f64>], dual: impl Fn(usize, usize, f64) -> S) -> Vec<Vec<S>> {
    let values = |(k, values): (usize, &Vec<f64>)| values.iter().enumerate().map(|(c, &v)| dual(k, c, v)).collect();
    pair.iter().enumerate().map(values).collect()
}
