//! Memory for an output whose elements lie between those of another array. Two slices of Rust must not share a byte,
//! used or not, so such an output is computed aside and copied to its place at the end.

use rkeops_core::{ArrayMut, DataMut, Dtype, Error, ErrorKind};

use crate::array::Checked;

pub(crate) struct Aside {
    numbers: Numbers,
    shape: Vec<usize>,
}

enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    C64(Vec<[f32; 2]>),
    C128(Vec<[f64; 2]>),
}

impl Aside {
    pub(crate) fn new(output: &Checked) -> Result<Self, Error> {
        let shape = output.shape().to_vec();
        let numbers = match output.dtype() {
            Dtype::F32 => Numbers::F32(zeros(&shape)?),
            Dtype::F64 => Numbers::F64(zeros(&shape)?),
            Dtype::I64 => Numbers::I64(zeros(&shape)?),
            Dtype::C64 => Numbers::C64(zeros(&shape)?),
            Dtype::C128 => Numbers::C128(zeros(&shape)?),
        };
        Ok(Aside { numbers, shape })
    }

    pub(crate) fn view(&mut self) -> ArrayMut<'_> {
        let data = match &mut self.numbers {
            Numbers::F32(data) => DataMut::F32(data),
            Numbers::F64(data) => DataMut::F64(data),
            Numbers::I64(data) => DataMut::I64(data),
            Numbers::C64(data) => DataMut::C64(data.as_flattened_mut()),
            Numbers::C128(data) => DataMut::C128(data.as_flattened_mut()),
        };
        ArrayMut { data, origin: 0, shape: self.shape.clone(), strides: rkeops_core::row_major(&self.shape) }
    }

    /// # Safety
    /// The elements of `output`, the one that this was made for, are writable, and nobody else reads or writes them.
    pub(crate) unsafe fn copy_to(&self, output: &Checked) {
        // SAFETY: the formats agree, and the caller vouches for the elements.
        unsafe {
            match &self.numbers {
                Numbers::F32(data) => copy(data, output),
                Numbers::F64(data) => copy(data, output),
                Numbers::I64(data) => copy(data, output),
                Numbers::C64(data) => copy(data, output),
                Numbers::C128(data) => copy(data, output),
            }
        }
    }
}

fn zeros<T: Copy + Default>(shape: &[usize]) -> Result<Vec<T>, Error> {
    let count = shape.iter().product();
    let mut data = Vec::new();
    data.try_reserve_exact(count).map_err(|_| {
        Error::new(ErrorKind::Size, format!("there is no memory for an output of shape {shape:?} set aside"))
    })?;
    data.resize(count, T::default());
    Ok(data)
}

/// # Safety
/// The elements of `output` are of type `T` and writable, and nobody else reads or writes them.
unsafe fn copy<T: Copy>(data: &[T], output: &Checked) {
    for (place, &number) in output.elements::<T>().zip(data) {
        // SAFETY: the place of an element, aligned as `Checked` made sure; the caller vouches for the rest.
        unsafe { place.write(number) };
    }
}
