//! Borrowed strided views of the caller's arrays. It knows nothing of formulas; it owns and copies nothing.

mod element;
mod overlap;

use std::borrow::Cow;

use half::{bf16, f16};

use crate::dtype::Dtype;
pub use element::{Bool, Element, ResultElement};
pub(crate) use element::{with_elements, with_results};
pub use overlap::Region;

/// The numbers of an input array.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// 8-bit signed integers.
    I8(&'a [i8]),
    /// 16-bit signed integers.
    I16(&'a [i16]),
    /// 32-bit signed integers.
    I32(&'a [i32]),
    /// 64-bit signed integers.
    I64(&'a [i64]),
    /// 8-bit unsigned integers.
    U8(&'a [u8]),
    /// 16-bit unsigned integers.
    U16(&'a [u16]),
    /// 32-bit unsigned integers.
    U32(&'a [u32]),
    /// 64-bit unsigned integers.
    U64(&'a [u64]),
    /// Truth values, which are 1 or 0.
    Bool(&'a [Bool]),
    /// float16 numbers.
    F16(&'a [f16]),
    /// bfloat16 numbers.
    BF16(&'a [bf16]),
    /// float32 numbers.
    F32(&'a [f32]),
    /// float64 numbers.
    F64(&'a [f64]),
    /// Complex numbers of float32 parts, each a real part and the imaginary part after it.
    C64(&'a [f32]),
    /// Complex numbers of float64 parts.
    C128(&'a [f64]),
}

/// The numbers of an output array.
#[derive(Debug)]
pub enum DataMut<'a> {
    /// 64-bit indices.
    I64(&'a mut [i64]),
    /// float16 numbers.
    F16(&'a mut [f16]),
    /// bfloat16 numbers.
    BF16(&'a mut [bf16]),
    /// float32 numbers.
    F32(&'a mut [f32]),
    /// float64 numbers.
    F64(&'a mut [f64]),
    /// Complex numbers of float32 parts, each a real part and the imaginary part after it.
    C64(&'a mut [f32]),
    /// Complex numbers of float64 parts.
    C128(&'a mut [f64]),
}

/// An input array: element `(i, k)` is `data[origin + i * strides[0] + k * strides[1]]`, where a complex number is one
/// element.
#[derive(Clone, Debug)]
pub struct ArrayRef<'a> {
    /// Memory that covers every element.
    pub data: Data<'a>,
    /// Position of the element with all indices 0.
    pub origin: usize,
    /// Extent of each axis.
    pub shape: Cow<'a, [usize]>,
    /// Step of each axis, in elements; may be negative or 0.
    pub strides: Cow<'a, [isize]>,
}

/// An output array, with the same layout rule as [`ArrayRef`].
#[derive(Debug)]
pub struct ArrayMut<'a> {
    /// Memory that covers every element.
    pub data: DataMut<'a>,
    /// Position of the element with all indices 0.
    pub origin: usize,
    /// Extent of each axis.
    pub shape: Cow<'a, [usize]>,
    /// Step of each axis, in elements; may be negative.
    pub strides: Cow<'a, [isize]>,
}

/// The strides, in elements, of a compact row-major array.
pub fn row_major(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut step = 1usize;
    for (stride, &extent) in strides.iter_mut().zip(shape).rev() {
        *stride = step as isize;
        step = step.saturating_mul(extent.max(1));
    }
    strides
}

impl<'a> ArrayRef<'a> {
    /// A compact row-major view of a slice.
    pub fn new<E: Element>(elements: &'a [E], shape: &[usize]) -> Self {
        ArrayRef { data: E::data(elements), origin: 0, shape: shape.to_vec().into(), strides: row_major(shape).into() }
    }

    /// A compact row-major view of a slice of float32.
    pub fn f32(data: &'a [f32], shape: &[usize]) -> Self {
        ArrayRef::new(data, shape)
    }

    /// A compact row-major view of a slice of float64.
    pub fn f64(data: &'a [f64], shape: &[usize]) -> Self {
        ArrayRef::new(data, shape)
    }

    /// The number format.
    pub fn dtype(&self) -> Dtype {
        match self.data {
            Data::C64(_) => Dtype::C64,
            Data::C128(_) => Dtype::C128,
            real => with_elements!(real, elements => format_of(elements)),
        }
    }

    /// How many elements the memory has room for.
    pub(crate) fn len(&self) -> usize {
        with_elements!(self.data, elements => elements.len()) / self.dtype().parts()
    }

    /// All numbers in row-major order, for elements that lie inside the data. A complex element is two.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        let places = positions(self.origin, &self.shape, &self.strides, self.dtype().parts());
        with_elements!(self.data, elements => places.map(|k| elements[k].to_double()).collect())
    }
}

impl<'a> ArrayMut<'a> {
    /// A compact row-major view of a slice.
    pub fn new<E: ResultElement>(elements: &'a mut [E], shape: &[usize]) -> Self {
        ArrayMut {
            data: E::data_mut(elements),
            origin: 0,
            shape: shape.to_vec().into(),
            strides: row_major(shape).into(),
        }
    }

    /// A compact row-major view of a slice of float32.
    pub fn f32(data: &'a mut [f32], shape: &[usize]) -> Self {
        ArrayMut::new(data, shape)
    }

    /// A compact row-major view of a slice of float64.
    pub fn f64(data: &'a mut [f64], shape: &[usize]) -> Self {
        ArrayMut::new(data, shape)
    }

    /// A compact row-major view of a slice of indices.
    pub fn i64(data: &'a mut [i64], shape: &[usize]) -> Self {
        ArrayMut { data: DataMut::I64(data), origin: 0, shape: shape.to_vec().into(), strides: row_major(shape).into() }
    }

    /// The number format.
    pub fn dtype(&self) -> Dtype {
        match &self.data {
            DataMut::C64(_) => Dtype::C64,
            DataMut::C128(_) => Dtype::C128,
            real => with_results!(real, indices => format_of(indices), numbers => format_of(numbers)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        with_results!(&self.data, indices => indices.len(), numbers => numbers.len()) / self.dtype().parts()
    }

    /// Sets all numbers, in row-major order and rounded to the array's format.
    pub(crate) fn set_numbers(&mut self, numbers: &[f64]) {
        let parts = self.dtype().parts();
        let places = positions(self.origin, &self.shape, &self.strides, parts).zip(numbers);
        with_results!(&mut self.data,
            indices => places.for_each(|(k, &number)| indices[k] = number as i64),
            elements => places.for_each(|(k, &number)| elements[k] = ResultElement::from_double(number)))
    }
}

fn format_of<E: Element>(_: &[E]) -> Dtype {
    E::DTYPE
}

/// The positions of all numbers, in row-major order; each element is as many as it has parts.
pub(crate) fn positions(
    origin: usize,
    shape: &[usize],
    strides: &[isize],
    parts: usize,
) -> impl Iterator<Item = usize> {
    let count: usize = shape.iter().product();
    (0..count).flat_map(move |k| {
        let (mut rest, mut position) = (k, origin as isize);
        for (&extent, &stride) in shape.iter().zip(strides).rev() {
            position += (rest % extent) as isize * stride;
            rest /= extent;
        }
        let first = position as usize * parts;
        first..first + parts
    })
}

/// The lowest and highest element position of a layout, relative to its origin; `None` if it overflows.
/// A layout with an extent of 0 has no element and gives `(0, 0)`.
pub fn extent(shape: &[usize], strides: &[isize]) -> Option<(isize, isize)> {
    if shape.contains(&0) {
        return Some((0, 0));
    }
    let (mut low, mut high) = (0isize, 0isize);
    for (&n, &stride) in shape.iter().zip(strides) {
        let reach = isize::try_from(n - 1).ok()?.checked_mul(stride)?;
        if reach < 0 { low = low.checked_add(reach)? } else { high = high.checked_add(reach)? }
    }
    Some((low, high))
}
