//! Rows of strided arrays to and from the planes of a tile.

use crate::array::{ArrayMut, ArrayRef, Data, DataMut};
use crate::backend::Number;

/// An input as the engine reads it: element `(row, column)` of the first problem is
/// `data[origin + row * row_step + column * column_step]`.
#[derive(Clone)]
pub(super) struct Rows<'a, T> {
    pub data: &'a [T],
    pub origin: isize,
    /// The step along each axis of the batch.
    pub batch_steps: Vec<isize>,
    pub row_step: isize,
    pub column_step: isize,
}

impl<T: Number> Rows<'_, T> {
    /// Copies one column of consecutive rows, of the problem whose first element is at `origin`, into lanes.
    pub(super) fn pack(&self, origin: isize, column: usize, first: usize, lanes: &mut [T]) {
        let start = origin + first as isize * self.row_step + column as isize * self.column_step;
        match (usize::try_from(self.row_step), usize::try_from(start)) {
            (Ok(1), Ok(start)) => lanes.copy_from_slice(&self.data[start..start + lanes.len()]),
            (Ok(step), Ok(start)) if step > 0 && !lanes.is_empty() => {
                let source = self.data[start..].iter().step_by(step);
                lanes.iter_mut().zip(source).for_each(|(lane, &number)| *lane = number);
            }
            _ => {
                for (k, lane) in lanes.iter_mut().enumerate() {
                    *lane = self.data[(start + k as isize * self.row_step) as usize];
                }
            }
        }
    }
}

/// Repeats the last row up to the end, so that lanes without a row hold ordinary numbers.
pub(super) fn pad<T: Number>(plane: &mut [T], rows: usize) {
    let last = if rows > 0 { plane[rows - 1] } else { T::default() };
    plane[rows..].fill(last);
}

/// Where the elements of an output lie, relative to its data.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub origin: isize,
    /// The step along each axis of the batch.
    pub batch_steps: Vec<isize>,
    pub row_step: isize,
    pub column_step: isize,
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

/// Writes lanes to one column of consecutive rows, of the problem whose first element is at `origin`.
pub(super) fn unpack<T: View>(
    array: &mut ArrayMut<'_>,
    place: &Place,
    origin: isize,
    column: usize,
    first: usize,
    lanes: &[T],
) {
    let start = origin + first as isize * place.row_step + column as isize * place.column_step;
    let at = |k: usize| (start + k as isize * place.row_step) as usize;
    if let DataMut::I64(data) = &mut array.data {
        lanes.iter().enumerate().for_each(|(k, lane)| data[at(k)] = lane.to_index());
    } else if let Some(data) = T::slice_mut(array) {
        lanes.iter().enumerate().for_each(|(k, &lane)| data[at(k)] = lane);
    }
}
