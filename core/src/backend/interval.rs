//! Interval arithmetic in a number format (Moore, Interval Analysis, 1966). The bounds are rounded as the machine rounds:
//! each operation rounds to the nearest number, which keeps order, so no result lies outside the results at the bounds.

use super::number::Number;

/// Numbers between two, and NaN perhaps. The signs of zeros are not told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval<T> {
    /// The smallest number; above `high` where there is no number.
    pub low: T,
    /// The largest number.
    pub high: T,
    /// Whether NaN is possible.
    pub may_be_nan: bool,
}

/// The smaller one; the other of a NaN.
fn least<T: Number>(a: T, b: T) -> T {
    if a.to_f64() <= b.to_f64() || b.to_f64().is_nan() { a } else { b }
}

fn greatest<T: Number>(a: T, b: T) -> T {
    if a.to_f64() >= b.to_f64() || b.to_f64().is_nan() { a } else { b }
}

impl<T: Number> Interval<T> {
    /// Nothing at all: what a union starts from.
    pub fn nothing() -> Self {
        let infinity = T::from_f64(f64::INFINITY);
        Interval { low: infinity, high: T::negate(infinity), may_be_nan: false }
    }

    /// Every number, and NaN.
    pub fn anything() -> Self {
        let Interval { low, high, .. } = Interval::nothing();
        Interval { low: high, high: low, may_be_nan: true }
    }

    /// The smallest interval that holds these numbers.
    pub fn of(numbers: &[T]) -> Self {
        let Interval { low, high, .. } = Interval::nothing();
        let least = numbers.iter().fold(low, |low, &number| T::minimum(number, low));
        let greatest = numbers.iter().fold(high, |high, &number| T::maximum(number, high));
        let may_be_nan = numbers.iter().fold(false, |any, number| any | number.to_f64().is_nan());
        Interval { low: least, high: greatest, may_be_nan }
    }

    /// NaN alone.
    fn nan() -> Self {
        Interval { may_be_nan: true, ..Interval::nothing() }
    }

    pub(super) fn between(low: T, high: T) -> Self {
        Interval { low, high, may_be_nan: false }
    }

    /// The interval with one more number.
    pub fn with(self, number: T) -> Self {
        match number.to_f64().is_nan() {
            true => Interval { may_be_nan: true, ..self },
            false => Interval { low: least(self.low, number), high: greatest(self.high, number), ..self },
        }
    }

    /// What is in either.
    pub fn union(self, other: Self) -> Self {
        let may_be_nan = self.may_be_nan || other.may_be_nan;
        Interval { low: least(self.low, other.low), high: greatest(self.high, other.high), may_be_nan }
    }

    /// The bounds in float64, which holds them exactly.
    fn bounds(&self) -> [f64; 2] {
        [self.low.to_f64(), self.high.to_f64()]
    }

    fn has_no_number(&self) -> bool {
        let [low, high] = self.bounds();
        low > high
    }

    fn has_zero(&self) -> bool {
        let [low, high] = self.bounds();
        low <= 0.0 && high >= 0.0
    }

    fn has_infinity(&self) -> bool {
        let [low, high] = self.bounds();
        low == f64::NEG_INFINITY || high == f64::INFINITY
    }

    /// Whether all of it is one number.
    fn is_point(&self) -> bool {
        self.low.to_f64() == self.high.to_f64() && !self.may_be_nan
    }

    /// The smallest interval of some results, none of which is NaN; else anything.
    fn hull(results: &[T], may_be_nan: bool) -> Self {
        match results.iter().any(|result| result.to_f64().is_nan()) {
            true => Interval::anything(),
            false => {
                results.iter().fold(Interval { may_be_nan, ..Interval::nothing() }, |hull, &result| hull.with(result))
            }
        }
    }

    pub(super) fn negate(self) -> Self {
        Interval { low: T::negate(self.high), high: T::negate(self.low), ..self }
    }

    pub(super) fn absolute(self) -> Self {
        let size = |bound: T| if bound.to_f64() < 0.0 { T::negate(bound) } else { bound };
        if self.has_no_number() {
            return self;
        }
        let sizes = Interval::hull(&[size(self.low), size(self.high)], self.may_be_nan);
        if self.has_zero() { sizes.with(T::from_f64(0.0)) } else { sizes }
    }

    pub(super) fn add(self, other: Self) -> Self {
        if self.has_no_number() || other.has_no_number() {
            return Interval::nan();
        }
        let ([low, high], [other_low, other_high]) = (self.bounds(), other.bounds());
        let meets = |a: f64, b: f64| a == f64::INFINITY && b == f64::NEG_INFINITY;
        let cancels = meets(high, other_low) || meets(other_high, low);
        let sums = [T::add(self.low, other.low), T::add(self.high, other.high)];
        Interval::hull(&sums, self.may_be_nan || other.may_be_nan || cancels)
    }

    /// Results at the four pairs of bounds.
    fn corners(self, other: Self, operation: impl Fn(T, T) -> T) -> [T; 4] {
        let (Interval { low, high, .. }, Interval { low: c, high: d, .. }) = (self, other);
        [operation(low, c), operation(low, d), operation(high, c), operation(high, d)]
    }

    /// Whether a product may be zero times infinity.
    fn loses_product(&self, other: &Self) -> bool {
        self.has_zero() && other.has_infinity() || self.has_infinity() && other.has_zero()
    }

    pub(super) fn multiply(self, other: Self) -> Self {
        if self.has_no_number() || other.has_no_number() {
            return Interval::nan();
        }
        // Zero times an infinite bound is what zero times the numbers below it is.
        let product = |a: T, b: T| {
            let product = T::multiply(a, b);
            if product.to_f64().is_nan() { T::from_f64(0.0) } else { product }
        };
        let may_be_nan = self.may_be_nan || other.may_be_nan || self.loses_product(&other);
        Interval::hull(&self.corners(other, product), may_be_nan)
    }

    /// A number times itself.
    pub(super) fn square(self) -> Self {
        let size = self.absolute();
        Interval { low: T::multiply(size.low, size.low), high: T::multiply(size.high, size.high), ..size }.checked(self)
    }

    /// A result that has no number where its operand has none.
    fn checked(self, operand: Self) -> Self {
        if operand.has_no_number() { Interval { may_be_nan: operand.may_be_nan, ..Interval::nothing() } } else { self }
    }

    /// `self * other + addend`, rounded once; `is_square` where both factors are one value.
    pub(super) fn multiply_add(self, other: Self, addend: Self, is_square: bool) -> Self {
        if self.has_no_number() || other.has_no_number() || addend.has_no_number() {
            return Interval::nan();
        }
        let sum = |addend: T| move |a: T, b: T| T::multiply_add(a, b, addend);
        let mut sums = Vec::with_capacity(8);
        for addend in [addend.low, addend.high] {
            if is_square {
                let size = self.absolute();
                sums.extend([size.low, size.high].map(|a| sum(addend)(a, a)));
            } else {
                sums.extend(self.corners(other, sum(addend)));
            }
        }
        let parts = [self, other, addend];
        let may_be_nan = parts.iter().any(|part| part.may_be_nan || part.has_infinity());
        Interval::hull(&sums, may_be_nan)
    }

    pub(super) fn divide(self, other: Self) -> Self {
        if self.has_no_number() || other.has_no_number() {
            return Interval::nan();
        }
        if other.has_zero() {
            return Interval::anything();
        }
        let may_be_nan = self.may_be_nan || other.may_be_nan || self.has_infinity() && other.has_infinity();
        Interval::hull(&self.corners(other, T::divide), may_be_nan)
    }

    /// `a < b ? a : b`, so `b` where either is NaN.
    pub(super) fn minimum(self, other: Self) -> Self {
        if self.has_no_number() || other.has_no_number() {
            return other;
        }
        let high = if self.may_be_nan { other.high } else { least(self.high, other.high) };
        Interval { low: least(self.low, other.low), high, may_be_nan: other.may_be_nan }
    }

    /// `a > b ? a : b`, so `b` where either is NaN.
    pub(super) fn maximum(self, other: Self) -> Self {
        self.negate().minimum(other.negate()).negate()
    }

    pub(super) fn square_root(self) -> Self {
        let [low, high] = self.bounds();
        if self.has_no_number() || high < 0.0 {
            return Interval::nan();
        }
        let from = if low < 0.0 { T::from_f64(0.0) } else { self.low };
        Interval::hull(&[T::square_root(from), T::square_root(self.high)], self.may_be_nan || low < 0.0)
    }

    /// The inverse of the square root, about.
    pub(super) fn root_estimate(self) -> Self {
        let number = |value: f64| T::from_f64(value);
        let (one, slack) = ([number(1.0); 2], 2f64.powi(-13));
        let inverse = Interval::hull(&one, false).divide(self.square_root());
        inverse.multiply(Interval::hull(&[number(1.0 - slack), number(1.0 + slack)], false))
    }

    /// A function that keeps order and gives NaN at NaN alone.
    pub(super) fn ascending(self, function: fn(T) -> T) -> Self {
        if self.has_no_number() {
            return self;
        }
        Interval::hull(&[function(self.low), function(self.high)], self.may_be_nan)
    }

    /// `a` less the integer below it.
    pub(super) fn fraction(self) -> Self {
        match self.has_no_number() {
            true => self,
            false => Interval::hull(&[T::from_f64(-0.0), T::from_f64(1.0)], self.may_be_nan),
        }
    }

    /// `a * 2^b`, where `a` is near 1, so that every machine gives the same.
    pub(super) fn scale(self, exponent: Self) -> Self {
        let [low, high] = self.bounds();
        let is_near = low >= 0.25 && high <= 4.0;
        if !is_near || self.has_no_number() || exponent.has_no_number() {
            return Interval::anything();
        }
        Interval::hull(&self.corners(exponent, T::scale), self.may_be_nan || exponent.may_be_nan)
    }

    /// Whether `a < b` may hold, and whether it may not.
    pub(super) fn less(self, other: Self) -> [bool; 2] {
        let ([low, high], [other_low, other_high]) = (self.bounds(), other.bounds());
        [low < other_high, self.may_be_nan || other.may_be_nan || high >= other_low]
    }

    /// Whether `a <= b` may hold, and whether it may not.
    pub(super) fn less_equal(self, other: Self) -> [bool; 2] {
        let ([low, high], [other_low, other_high]) = (self.bounds(), other.bounds());
        [low <= other_high, self.may_be_nan || other.may_be_nan || high > other_low]
    }

    /// Whether `a == b` may hold, and whether it may not; `is_same` where they are one value.
    pub(super) fn equal(self, other: Self, is_same: bool) -> [bool; 2] {
        let ([low, high], [other_low, other_high]) = (self.bounds(), other.bounds());
        let meet = low <= other_high && other_low <= high && low <= high;
        let are_points = self.is_point() && other.is_point() && low == other_low;
        [meet, if is_same { self.may_be_nan } else { !are_points }]
    }
}
