//! Rows of strided arrays to and from the planes of a tile.

use crate::array::{ArrayMut, ArrayRef, Data, DataMut};
use crate::backend::Number;

/// An input as the engine reads it: element `(row, column)` is `data[origin + row * row_step + column * column_step]`.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, T> {
    pub data: &'a [T],
    pub origin: isize,
    pub row_step: isize,
    pub column_step: isize,
}

impl<T: Number> Rows<'_, T> {
    /// Copies one column of consecutive rows into the first lanes of a plane and repeats the last row up to `lanes`,
    /// so that lanes without a row hold ordinary numbers.
    pub(super) fn pack(&self, column: usize, first: usize, rows: usize, plane: &mut [T], lanes: usize) {
        let start = self.origin + first as isize * self.row_step + column as isize * self.column_step;
        match (usize::try_from(self.row_step), usize::try_from(start)) {
            (Ok(1), Ok(start)) => plane[..rows].copy_from_slice(&self.data[start..start + rows]),
            (Ok(step), Ok(start)) if step > 0 && rows > 0 => {
                let source = self.data[start..].iter().step_by(step);
                plane[..rows].iter_mut().zip(source).for_each(|(lane, &number)| *lane = number);
            }
            _ => {
                for (k, lane) in plane[..rows].iter_mut().enumerate() {
                    *lane = self.data[(start + k as isize * self.row_step) as usize];
                }
            }
        }
        if rows < lanes {
            let last = if rows > 0 { plane[rows - 1] } else { T::default() };
            plane[rows..lanes].fill(last);
        }
    }
}

/// The numbers of an input, where its format is the computation's.
pub(super) trait View: Number {
    /// The slice behind an input of this format.
    fn slice<'a>(array: &ArrayRef<'a>) -> Option<&'a [Self]>;
    /// The slice behind an output of this format.
    fn slice_mut<'a>(array: &'a mut ArrayMut<'_>) -> Option<&'a mut [Self]>;
}

impl View for f32 {
    fn slice<'a>(array: &ArrayRef<'a>) -> Option<&'a [f32]> {
        match array.data {
            Data::F32(data) => Some(data),
            Data::F64(_) => None,
        }
    }
    fn slice_mut<'a>(array: &'a mut ArrayMut<'_>) -> Option<&'a mut [f32]> {
        match &mut array.data {
            DataMut::F32(data) => Some(data),
            _ => None,
        }
    }
}

impl View for f64 {
    fn slice<'a>(array: &ArrayRef<'a>) -> Option<&'a [f64]> {
        match array.data {
            Data::F64(data) => Some(data),
            Data::F32(_) => None,
        }
    }
    fn slice_mut<'a>(array: &'a mut ArrayMut<'_>) -> Option<&'a mut [f64]> {
        match &mut array.data {
            DataMut::F64(data) => Some(data),
            _ => None,
        }
    }
}

/// Writes the first lanes of a plane to one column of consecutive rows.
pub(super) fn unpack<T: View>(array: &mut ArrayMut<'_>, column: usize, first: usize, plane: &[T]) {
    let (row_step, column_step) = (array.strides[0], array.strides.get(1).copied().unwrap_or(0));
    let start = array.origin as isize + first as isize * row_step + column as isize * column_step;
    let place = |k: usize| (start + k as isize * row_step) as usize;
    if let DataMut::I64(data) = &mut array.data {
        plane.iter().enumerate().for_each(|(k, lane)| data[place(k)] = lane.to_index());
    } else if let Some(data) = T::slice_mut(array) {
        plane.iter().enumerate().for_each(|(k, &lane)| data[place(k)] = lane);
    }
}
