//! What lowerings are written in: one lane of numbers, whose storage and width the lowering does not know.

/// One number per lane inside the program under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub(crate) u32);

/// Builds a lane program. Comparisons give masks, which only `select` and the mask operations take.
pub trait Lanes {
    /// The distance from 1 to the next number of the program's format.
    fn epsilon(&self) -> f64;
    /// A number, rounded to the program's format.
    fn constant(&mut self, value: f64) -> Value;
    /// `a + b`; a product that is used only here is fused into it.
    fn add(&mut self, a: Value, b: Value) -> Value;
    /// `a - b`
    fn subtract(&mut self, a: Value, b: Value) -> Value;
    /// `a * b`
    fn multiply(&mut self, a: Value, b: Value) -> Value;
    /// `a / b`
    fn divide(&mut self, a: Value, b: Value) -> Value;
    /// `-a`
    fn negate(&mut self, a: Value) -> Value;
    /// `|a|`
    fn absolute(&mut self, a: Value) -> Value;
    /// `a < b ? a : b`, so `b` where either is NaN.
    fn minimum(&mut self, a: Value, b: Value) -> Value;
    /// `a > b ? a : b`, so `b` where either is NaN.
    fn maximum(&mut self, a: Value, b: Value) -> Value;
    /// The square root, correctly rounded.
    fn square_root(&mut self, a: Value) -> Value;
    /// 1 over the square root, and 0 at 0: to two units in the last place.
    fn inverse_square_root(&mut self, a: Value) -> Value;
    /// The largest integer that is not above `a`.
    fn floor(&mut self, a: Value) -> Value;
    /// Mask of `a < b`; false where either is NaN.
    fn less(&mut self, a: Value, b: Value) -> Value;
    /// Mask of `a <= b`; false where either is NaN.
    fn less_equal(&mut self, a: Value, b: Value) -> Value;
    /// Mask of `a == b`; false where either is NaN.
    fn equal(&mut self, a: Value, b: Value) -> Value;
    /// An integer, which index operations take.
    fn index_constant(&mut self, value: i32) -> Value;
    /// Integers `a + b`.
    fn index_add(&mut self, a: Value, b: Value) -> Value;
    /// Mask of integers `a < b`.
    fn index_less(&mut self, a: Value, b: Value) -> Value;
    /// Both masks.
    fn both(&mut self, a: Value, b: Value) -> Value;
    /// Either mask.
    fn either(&mut self, a: Value, b: Value) -> Value;
    /// `mask ? a : b`
    fn select(&mut self, mask: Value, a: Value, b: Value) -> Value;
    /// e to the `a`.
    fn exp(&mut self, a: Value) -> Value;
    /// 2 to the `a`.
    fn exp2(&mut self, a: Value) -> Value;
    /// 2 to the `n` for integral `n`, exactly; 0 below the smallest normal number.
    fn power_of_two(&mut self, n: Value) -> Value;
    /// Natural logarithm.
    fn log(&mut self, a: Value) -> Value;
    /// Sine of radians.
    fn sin(&mut self, a: Value) -> Value;
    /// Cosine of radians.
    fn cos(&mut self, a: Value) -> Value;
    /// Hyperbolic tangent.
    fn tanh(&mut self, a: Value) -> Value;
    /// The angle of the point `(x, y)`, from -pi to pi.
    fn arc_tangent(&mut self, y: Value, x: Value) -> Value;
    /// `log(1 + a)`
    fn log_plus_one(&mut self, a: Value) -> Value;
    /// `exp(a) - 1`
    fn exp_minus_one(&mut self, a: Value) -> Value;
    /// The error function.
    fn error_function(&mut self, a: Value) -> Value;
    /// 1 less the error function.
    fn complementary_error_function(&mut self, a: Value) -> Value;
    /// `a` to the `b` for real `b`.
    fn power(&mut self, a: Value, b: Value) -> Value;
}

impl dyn Lanes + '_ {
    /// The polynomial with these coefficients, the constant one first, by Horner's rule.
    pub fn polynomial(&mut self, a: Value, coefficients: &[f64]) -> Value {
        let mut rest = coefficients.iter().rev();
        let first = rest.next().copied().unwrap_or(0.0);
        let mut result = self.constant(first);
        for &coefficient in rest {
            let (product, coefficient) = (self.multiply(result, a), self.constant(coefficient));
            result = self.add(product, coefficient);
        }
        result
    }
}
