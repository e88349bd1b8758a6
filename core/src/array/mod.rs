//! Borrowed strided views of the caller's arrays. It knows nothing of formulas; it owns and copies nothing.

mod overlap;

use crate::dtype::Dtype;
pub use overlap::Region;

/// The numbers of an input array.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
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
    /// float32 numbers.
    F32(&'a mut [f32]),
    /// float64 numbers.
    F64(&'a mut [f64]),
    /// 64-bit indices.
    I64(&'a mut [i64]),
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
    pub shape: Vec<usize>,
    /// Step of each axis, in elements; may be negative or 0.
    pub strides: Vec<isize>,
}

/// An output array, with the same layout rule as [`ArrayRef`].
#[derive(Debug)]
pub struct ArrayMut<'a> {
    /// Memory that covers every element.
    pub data: DataMut<'a>,
    /// Position of the element with all indices 0.
    pub origin: usize,
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// Step of each axis, in elements; may be negative.
    pub strides: Vec<isize>,
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
    /// A compact row-major view of a slice of float32.
    pub fn f32(data: &'a [f32], shape: &[usize]) -> Self {
        ArrayRef { data: Data::F32(data), origin: 0, shape: shape.to_vec(), strides: row_major(shape) }
    }

    /// A compact row-major view of a slice of float64.
    pub fn f64(data: &'a [f64], shape: &[usize]) -> Self {
        ArrayRef { data: Data::F64(data), origin: 0, shape: shape.to_vec(), strides: row_major(shape) }
    }

    /// The number format.
    pub fn dtype(&self) -> Dtype {
        match self.data {
            Data::F32(_) => Dtype::F32,
            Data::F64(_) => Dtype::F64,
            Data::C64(_) => Dtype::C64,
            Data::C128(_) => Dtype::C128,
        }
    }

    /// How many elements the memory has room for.
    pub(crate) fn len(&self) -> usize {
        match self.data {
            Data::F32(d) => d.len(),
            Data::F64(d) => d.len(),
            Data::C64(d) => d.len() / 2,
            Data::C128(d) => d.len() / 2,
        }
    }
}

impl ArrayRef<'_> {
    /// All numbers in row-major order, for elements that lie inside the data. A complex element is two.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        let places = positions(self.origin, &self.shape, &self.strides, self.dtype().parts());
        match self.data {
            Data::F32(data) | Data::C64(data) => places.map(|k| f64::from(data[k])).collect(),
            Data::F64(data) | Data::C128(data) => places.map(|k| data[k]).collect(),
        }
    }
}

impl<'a> ArrayMut<'a> {
    /// A compact row-major view of a slice of float32.
    pub fn f32(data: &'a mut [f32], shape: &[usize]) -> Self {
        ArrayMut { data: DataMut::F32(data), origin: 0, shape: shape.to_vec(), strides: row_major(shape) }
    }

    /// A compact row-major view of a slice of float64.
    pub fn f64(data: &'a mut [f64], shape: &[usize]) -> Self {
        ArrayMut { data: DataMut::F64(data), origin: 0, shape: shape.to_vec(), strides: row_major(shape) }
    }

    /// A compact row-major view of a slice of indices.
    pub fn i64(data: &'a mut [i64], shape: &[usize]) -> Self {
        ArrayMut { data: DataMut::I64(data), origin: 0, shape: shape.to_vec(), strides: row_major(shape) }
    }

    /// The number format.
    pub fn dtype(&self) -> Dtype {
        match self.data {
            DataMut::F32(_) => Dtype::F32,
            DataMut::F64(_) => Dtype::F64,
            DataMut::I64(_) => Dtype::I64,
            DataMut::C64(_) => Dtype::C64,
            DataMut::C128(_) => Dtype::C128,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.data {
            DataMut::F32(d) => d.len(),
            DataMut::F64(d) => d.len(),
            DataMut::I64(d) => d.len(),
            DataMut::C64(d) => d.len() / 2,
            DataMut::C128(d) => d.len() / 2,
        }
    }
}

impl ArrayMut<'_> {
    /// All numbers in row-major order, for elements that lie inside the data. A complex element is two.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        let places = positions(self.origin, &self.shape, &self.strides, self.dtype().parts());
        match &self.data {
            DataMut::F32(data) | DataMut::C64(data) => places.map(|k| f64::from(data[k])).collect(),
            DataMut::F64(data) | DataMut::C128(data) => places.map(|k| data[k]).collect(),
            DataMut::I64(data) => places.map(|k| data[k] as f64).collect(),
        }
    }

    /// Sets all numbers, in row-major order and rounded to the array's format.
    pub(crate) fn set_numbers(&mut self, numbers: &[f64]) {
        let places = positions(self.origin, &self.shape, &self.strides, self.dtype().parts()).zip(numbers);
        match &mut self.data {
            DataMut::F32(data) | DataMut::C64(data) => places.for_each(|(k, &number)| data[k] = number as f32),
            DataMut::F64(data) | DataMut::C128(data) => places.for_each(|(k, &number)| data[k] = number),
            DataMut::I64(data) => places.for_each(|(k, &number)| data[k] = number as i64),
        }
    }
}

/// The positions of all numbers, in row-major order; each element is as many as it has parts.
fn positions(origin: usize, shape: &[usize], strides: &[isize], parts: usize) -> impl Iterator<Item = usize> {
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
