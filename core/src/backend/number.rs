//! The two number formats of a computation, as lane operations define them: the meaning of every [`Op`] on one lane.

#[cfg(target_arch = "x86_64")]
use pulp::x86::V4;

use crate::dtype::Dtype;

/// A number format that programs compute in.
pub trait Number: Copy + Default + Send + Sync + PartialEq + std::fmt::Debug + 'static {
    /// The format.
    const DTYPE: Dtype;
    /// The number with these bits.
    fn from_bits64(bits: u64) -> Self;
    /// The bits of the number.
    fn to_bits64(self) -> u64;
    /// The number in float64.
    fn to_f64(self) -> f64;
    /// The nearest number of the format.
    fn from_f64(value: f64) -> Self;
    /// Whether `a < b`.
    fn is_less(a: Self, b: Self) -> bool;
    /// An integer lane as an index.
    fn to_index(self) -> i64;
    /// An index as an integer lane.
    fn from_index(index: i64) -> Self;
    /// `a + b`
    fn add(a: Self, b: Self) -> Self;
    /// `a - b`
    fn subtract(a: Self, b: Self) -> Self;
    /// `a * b`
    fn multiply(a: Self, b: Self) -> Self;
    /// `a / b`
    fn divide(a: Self, b: Self) -> Self;
    /// `a * b + c`, rounded once
    fn multiply_add(a: Self, b: Self, c: Self) -> Self;
    /// `-a`
    fn negate(a: Self) -> Self;
    /// `a < b ? a : b`
    fn minimum(a: Self, b: Self) -> Self;
    /// `a > b ? a : b`
    fn maximum(a: Self, b: Self) -> Self;
    /// the square root
    fn square_root(a: Self) -> Self;
    /// the inverse of the square root, wrong by 2^-14 of it at most, as this machine gives it where it has it
    fn root_estimate(a: Self) -> Self;
    /// `2^a`, 0 for what is below the smallest normal number
    fn exp2(a: Self) -> Self;
    /// the inverse of the square root
    fn inverse_root(a: Self) -> Self;
    /// the largest integer not above `a`
    fn floor(a: Self) -> Self;
    /// the nearest integer, the even one of two
    fn round(a: Self) -> Self;
    /// `a` less the largest integer not above it, rounded down, where nothing is left -0; 0 of infinities
    fn fraction(a: Self) -> Self;
    /// `a * 2^n` for the largest integer `n` not above `b`, rounded once
    fn scale(a: Self, b: Self) -> Self;
    /// mask of `a < b`
    fn less(a: Self, b: Self) -> Self;
    /// mask of `a <= b`
    fn less_equal(a: Self, b: Self) -> Self;
    /// mask of `a == b`
    fn equal(a: Self, b: Self) -> Self;
    /// mask of `a < b` for integers
    fn index_less(a: Self, b: Self) -> Self;
    /// bitwise and
    fn and(a: Self, b: Self) -> Self;
    /// bitwise or
    fn or(a: Self, b: Self) -> Self;
    /// bitwise exclusive or
    fn xor(a: Self, b: Self) -> Self;
    /// bits of `a` where the mask is set, else of `b`
    fn select(mask: Self, a: Self, b: Self) -> Self;
    /// `a + b` for integers
    fn index_add(a: Self, b: Self) -> Self;
    /// `a - b` for integers
    fn index_subtract(a: Self, b: Self) -> Self;
    /// bits moved up
    fn shift_left(a: Self, by: u8) -> Self;
    /// bits moved down, zeros from above
    fn shift_right(a: Self, by: u8) -> Self;
}

macro_rules! number {
    ($float:ident, $bits:ident, $signed:ident, $dtype:expr, $mantissa:literal, $bias:literal, $estimate:ident) => {
        impl Number for $float {
            const DTYPE: Dtype = $dtype;
            #[inline(always)]
            fn from_bits64(bits: u64) -> Self {
                $float::from_bits(bits as $bits)
            }
            #[inline(always)]
            fn to_bits64(self) -> u64 {
                u64::from(self.to_bits())
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn is_less(a: Self, b: Self) -> bool {
                a < b
            }
            #[inline(always)]
            fn to_index(self) -> i64 {
                i64::from(self.to_bits() as $signed)
            }
            #[inline(always)]
            fn from_index(index: i64) -> Self {
                $float::from_bits(index as $bits)
            }
            #[inline(always)]
            fn add(a: Self, b: Self) -> Self {
                a + b
            }
            #[inline(always)]
            fn subtract(a: Self, b: Self) -> Self {
                a - b
            }
            #[inline(always)]
            fn multiply(a: Self, b: Self) -> Self {
                a * b
            }
            #[inline(always)]
            fn divide(a: Self, b: Self) -> Self {
                a / b
            }
            #[inline(always)]
            fn multiply_add(a: Self, b: Self, c: Self) -> Self {
                a.mul_add(b, c)
            }
            #[inline(always)]
            fn negate(a: Self) -> Self {
                -a
            }
            #[inline(always)]
            fn minimum(a: Self, b: Self) -> Self {
                if a < b { a } else { b }
            }
            #[inline(always)]
            fn maximum(a: Self, b: Self) -> Self {
                if a > b { a } else { b }
            }
            #[inline(always)]
            fn square_root(a: Self) -> Self {
                a.sqrt()
            }
            #[inline(always)]
            fn root_estimate(a: Self) -> Self {
                $estimate(a)
            }
            #[inline(always)]
            fn exp2(a: Self) -> Self {
                let power = $float::exp2(a);
                if power < $float::MIN_POSITIVE { 0.0 } else { power }
            }
            #[inline(always)]
            fn inverse_root(a: Self) -> Self {
                1.0 / a.sqrt()
            }
            #[inline(always)]
            fn floor(a: Self) -> Self {
                $float::floor(a)
            }
            #[inline(always)]
            fn round(a: Self) -> Self {
                a.round_ties_even()
            }
            #[inline(always)]
            fn fraction(a: Self) -> Self {
                if a.is_infinite() {
                    return 0.0;
                }
                let (whole, nearest) = (a.floor(), a - a.floor());
                // The sum is exact where the difference was not.
                let fraction = if nearest + whole > a { nearest.next_down() } else { nearest };
                if fraction == 0.0 { -0.0 } else { fraction }
            }
            #[inline(always)]
            fn scale(a: Self, b: Self) -> Self {
                // Two factors reach the ends of the range; the first product is exact for numbers near 1.
                let whole = b.floor().clamp(-3.0 * $bias, 3.0 * $bias);
                let half = (whole * 0.5).floor();
                let power = |n: $float| $float::from_bits(((n.clamp(-$bias, $bias) + $bias) as $bits) << $mantissa);
                if b.is_nan() { b } else { a * power(half) * power(whole - half) }
            }
            #[inline(always)]
            fn less(a: Self, b: Self) -> Self {
                $float::from_bits(if a < b { $bits::MAX } else { 0 })
            }
            #[inline(always)]
            fn less_equal(a: Self, b: Self) -> Self {
                $float::from_bits(if a <= b { $bits::MAX } else { 0 })
            }
            #[inline(always)]
            fn equal(a: Self, b: Self) -> Self {
                $float::from_bits(if a == b { $bits::MAX } else { 0 })
            }
            #[inline(always)]
            fn index_less(a: Self, b: Self) -> Self {
                let less = (a.to_bits() as $signed) < (b.to_bits() as $signed);
                $float::from_bits(if less { $bits::MAX } else { 0 })
            }
            #[inline(always)]
            fn and(a: Self, b: Self) -> Self {
                $float::from_bits(a.to_bits() & b.to_bits())
            }
            #[inline(always)]
            fn or(a: Self, b: Self) -> Self {
                $float::from_bits(a.to_bits() | b.to_bits())
            }
            #[inline(always)]
            fn xor(a: Self, b: Self) -> Self {
                $float::from_bits(a.to_bits() ^ b.to_bits())
            }
            #[inline(always)]
            fn select(mask: Self, a: Self, b: Self) -> Self {
                let mask = mask.to_bits();
                $float::from_bits((mask & a.to_bits()) | (!mask & b.to_bits()))
            }
            #[inline(always)]
            fn index_add(a: Self, b: Self) -> Self {
                $float::from_bits(a.to_bits().wrapping_add(b.to_bits()))
            }
            #[inline(always)]
            fn index_subtract(a: Self, b: Self) -> Self {
                $float::from_bits(a.to_bits().wrapping_sub(b.to_bits()))
            }
            #[inline(always)]
            fn shift_left(a: Self, by: u8) -> Self {
                $float::from_bits(a.to_bits() << by)
            }
            #[inline(always)]
            fn shift_right(a: Self, by: u8) -> Self {
                $float::from_bits(a.to_bits() >> by)
            }
        }
    };
}

number!(f32, u32, i32, Dtype::F32, 23, 127.0, estimate_single);
number!(f64, u64, i64, Dtype::F64, 52, 1023.0, estimate_double);

#[inline(never)]
fn estimate_single(a: f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = V4::try_new() {
        let lanes = machine.avx512f._mm512_rsqrt14_ps(machine.avx512f._mm512_set1_ps(a));
        return machine.sse._mm_cvtss_f32(machine.avx512f._mm512_castps512_ps128(lanes));
    }
    1.0 / a.sqrt()
}

#[inline(never)]
fn estimate_double(a: f64) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = V4::try_new() {
        let lanes = machine.avx512f._mm512_rsqrt14_pd(machine.avx512f._mm512_set1_pd(a));
        return machine.sse2._mm_cvtsd_f64(machine.avx512f._mm512_castpd512_pd128(lanes));
    }
    1.0 / a.sqrt()
}
