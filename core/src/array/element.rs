//! What the elements of arrays stand for: the numbers that each becomes, and the elements that results become.

use std::convert::identity;

use half::{bf16, f16};

use super::{Data, DataMut};
use crate::dtype::Dtype;

/// A truth value as C, NumPy and DLPack store it: a byte, 0 for false and anything else for true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct Bool(pub u8);

impl From<bool> for Bool {
    fn from(value: bool) -> Self {
        Bool(u8::from(value))
    }
}

/// An element of an input array.
pub trait Element: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// The format.
    const DTYPE: Dtype;
    /// Elements as the numbers of an input.
    fn data(elements: &[Self]) -> Data<'_>;
    /// The nearest float32 number, the even one of two.
    fn to_single(self) -> f32;
    /// The nearest float64 number, the even one of two.
    fn to_double(self) -> f64;
    /// The integer that it is, if it is one of 64 bits.
    fn to_integer(self) -> Option<i64>;
}

/// An element of an output array of numbers.
pub trait ResultElement: Element {
    /// Elements as the numbers of an output.
    fn data_mut(elements: &mut [Self]) -> DataMut<'_>;
    /// The nearest element, the even one of two: infinite beyond the largest, NaN where it is NaN.
    fn from_single(value: f32) -> Self;
    /// The nearest element, likewise.
    fn from_double(value: f64) -> Self;
}

/// The integer that a number is.
fn integer(value: f64) -> Option<i64> {
    let limit = 2f64.powi(63);
    (value.fract() == 0.0 && (-limit..limit).contains(&value)).then_some(value as i64)
}

/// A number in float32 that rounds to fewer digits as the number itself does: where it is not exact, the neighbour towards
/// zero with its last digit set (Boldo and Melquiond, When double rounding is odd, 2005). Rounding to the nearest first
/// could make a tie of what is none.
fn rounded_to_odd(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) == value || value.is_nan() {
        return nearest;
    }
    let is_beyond = f64::from(nearest).abs() > value.abs();
    f32::from_bits((nearest.to_bits() - u32::from(is_beyond)) | 1)
}

macro_rules! integers {
    ($($name:ident $type:ident $integer:expr;)*) => {$(
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$name;
            fn data(elements: &[Self]) -> Data<'_> {
                Data::$name(elements)
            }
            #[inline(always)]
            fn to_single(self) -> f32 {
                $integer(self) as f32
            }
            #[inline(always)]
            fn to_double(self) -> f64 {
                $integer(self) as f64
            }
            #[inline(always)]
            fn to_integer(self) -> Option<i64> {
                i64::try_from($integer(self)).ok()
            }
        }
    )*};
}

integers! {
    I8 i8 identity;
    I16 i16 identity;
    I32 i32 identity;
    I64 i64 identity;
    U8 u8 identity;
    U16 u16 identity;
    U32 u32 identity;
    U64 u64 identity;
    Bool Bool |value: Bool| u8::from(value.0 != 0);
}

macro_rules! fractional {
    ($($name:ident $type:ident: $to_single:expr, $from_single:expr, $from_double:expr;)*) => {$(
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$name;
            fn data(elements: &[Self]) -> Data<'_> {
                Data::$name(elements)
            }
            #[inline(always)]
            fn to_single(self) -> f32 {
                $to_single(self)
            }
            #[inline(always)]
            fn to_double(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn to_integer(self) -> Option<i64> {
                integer(f64::from(self))
            }
        }

        impl ResultElement for $type {
            fn data_mut(elements: &mut [Self]) -> DataMut<'_> {
                DataMut::$name(elements)
            }
            #[inline(always)]
            fn from_single(value: f32) -> Self {
                $from_single(value)
            }
            #[inline(always)]
            fn from_double(value: f64) -> Self {
                $from_double(value)
            }
        }
    )*};
}

fractional! {
    F16 f16: f16::to_f32, f16::from_f32, |value| f16::from_f32(rounded_to_odd(value));
    BF16 bf16: bf16::to_f32, bf16::from_f32, |value| bf16::from_f32(rounded_to_odd(value));
    F32 f32: |value| value, |value| value, |value| value as f32;
    F64 f64: |value| value as f32, f64::from, |value| value;
}

/// Evaluates an expression with the elements of an input, whatever they are; the parts of complex numbers are elements.
macro_rules! with_elements {
    ($data:expr, $elements:ident => $then:expr) => {
        match $data {
            $crate::array::Data::I8($elements) => $then,
            $crate::array::Data::I16($elements) => $then,
            $crate::array::Data::I32($elements) => $then,
            $crate::array::Data::I64($elements) => $then,
            $crate::array::Data::U8($elements) => $then,
            $crate::array::Data::U16($elements) => $then,
            $crate::array::Data::U32($elements) => $then,
            $crate::array::Data::U64($elements) => $then,
            $crate::array::Data::Bool($elements) => $then,
            $crate::array::Data::F16($elements) => $then,
            $crate::array::Data::BF16($elements) => $then,
            $crate::array::Data::F32($elements) | $crate::array::Data::C64($elements) => $then,
            $crate::array::Data::F64($elements) | $crate::array::Data::C128($elements) => $then,
        }
    };
}

/// Evaluates one expression with the indices of an output, or another with its numbers, whatever they are.
macro_rules! with_results {
    ($data:expr, $indices:ident => $of_indices:expr, $numbers:ident => $of_numbers:expr) => {
        match $data {
            $crate::array::DataMut::I64($indices) => $of_indices,
            $crate::array::DataMut::F16($numbers) => $of_numbers,
            $crate::array::DataMut::BF16($numbers) => $of_numbers,
            $crate::array::DataMut::F32($numbers) | $crate::array::DataMut::C64($numbers) => $of_numbers,
            $crate::array::DataMut::F64($numbers) | $crate::array::DataMut::C128($numbers) => $of_numbers,
        }
    };
}

pub(crate) use {with_elements, with_results};
