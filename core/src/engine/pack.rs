//! Rows of strided arrays to and from the planes of a tile.

use crate::array::{ArrayMut, ArrayRef, Data, DataMut};
use crate::backend::Number;

/// An input as the engine reads it: numbers and where they lie among them.
#[derive(Clone)]
pub(super) struct Rows<'a, T> {
    pub data: &'a [T],
    pub place: Place,
}

/// Where the numbers of an array lie, relative to its data.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub origin: isize,
    /// The step along each axis of the batch.
    pub batch_steps: Vec<isize>,
    pub row_step: isize,
    pub column_step: isize,
    /// How many columns an element has: two where it is complex, one after the other.
    pub parts: usize,
}

impl Place {
    /// The place of a number of the problem whose first element is at `origin`.
    fn of(&self, origin: isize, row: usize, column: usize) -> isize {
        let (element, part) = (column / self.parts, column % self.parts);
        origin + row as isize * self.row_step + element as isize * self.column_step + part as isize
    }
}

impl<T: Number> Rows<'_, T> {
    /// Copies one column of consecutive rows, of the problem whose first element is at `origin`, into lanes.
    pub(super) fn pack(&self, origin: isize, column: usize, first: usize, lanes: &mut [T]) {
        let (start, row_step) = (self.place.of(origin, first, column), self.place.row_step);
        match (usize::try_from(row_step), usize::try_from(start)) {
            (Ok(1), Ok(start)) => lanes.copy_from_slice(&self.data[start..start + lanes.len()]),
            (Ok(step), Ok(start)) if step > 0 && !lanes.is_empty() => {
                let source = self.data[start..].iter().step_by(step);
                lanes.iter_mut().zip(source).for_each(|(lane, &number)| *lane = number);
            }
            _ => {
                for (k, lane) in lanes.iter_mut().enumerate() {
                    *lane = self.data[(start + k as isize * row_step) as usize];
                }
            }
        }
    }
}

impl<T: View> Rows<'_, T> {
    /// An element of the problem whose first element is at `origin`.
    pub(super) fn number(&self, origin: isize, row: usize, column: usize) -> T {
        self.data[self.place.of(origin, row, column) as usize]
    }

    /// As `pack`, with the integers that the numbers are.
    pub(super) fn pack_integers(&self, origin: isize, column: usize, first: usize, lanes: &mut [T]) {
        self.pack(origin, column, first, lanes);
        lanes.iter_mut().for_each(|lane| *lane = T::from_index(lane.real() as i64));
    }
}

/// Repeats the last row up to the end, so that lanes without a row hold ordinary numbers.
pub(super) fn pad<T: Number>(plane: &mut [T], rows: usize) {
    let last = if rows > 0 { plane[rows - 1] } else { T::default() };
    plane[rows..].fill(last);
}

/// The numbers of an input, where its format is the computation's.
pub(super) trait View: Number {
    /// The number in float64.
    fn real(self) -> f64;
    /// The slice behind an input of this format, or of complex numbers with such parts.
    fn slice<'a>(array: &ArrayRef<'a>) -> Option<&'a [Self]>;
    /// The slice behind an output of this format, or of complex numbers with such parts.
    fn slice_mut<'a>(array: &'a mut ArrayMut<'_>) -> Option<&'a mut [Self]>;
}

impl View for f32 {
    fn real(self) -> f64 {
        f64::from(self)
    }
    fn slice<'a>(array: &ArrayRef<'a>) -> Option<&'a [f32]> {
        match array.data {
            Data::F32(data) | Data::C64(data) => Some(data),
            _ => None,
        }
    }
    fn slice_mut<'a>(array: &'a mut ArrayMut<'_>) -> Option<&'a mut [f32]> {
        match &mut array.data {
            DataMut::F32(data) | DataMut::C64(data) => Some(data),
            _ => None,
        }
    }
}

impl View for f64 {
    fn real(self) -> f64 {
        self
    }
    fn slice<'a>(array: &ArrayRef<'a>) -> Option<&'a [f64]> {
        match array.data {
            Data::F64(data) | Data::C128(data) => Some(data),
            _ => None,
        }
    }
    fn slice_mut<'a>(array: &'a mut ArrayMut<'_>) -> Option<&'a mut [f64]> {
        match &mut array.data {
            DataMut::F64(data) | DataMut::C128(data) => Some(data),
            _ => None,
        }
    }
}

/// The columns of one row of a result.
pub(super) enum RowColumns<'a> {
    Numbers(&'a [f64]),
    Integers(&'a [i64]),
}

/// Writes all columns of one row, of the problem whose first element is at `origin`.
pub(super) fn unpack_row<T: View>(
    array: &mut ArrayMut<'_>,
    place: &Place,
    origin: isize,
    row: usize,
    columns: RowColumns<'_>,
) {
    let start = origin + row as isize * place.row_step;
    let at = |k: usize| (start + k as isize * place.column_step) as usize;
    match columns {
        RowColumns::Integers(integers) => {
            if let DataMut::I64(data) = &mut array.data {
                integers.iter().enumerate().for_each(|(k, &integer)| data[at(k)] = integer);
            }
        }
        RowColumns::Numbers(numbers) => {
            if let Some(data) = T::slice_mut(array) {
                numbers.iter().enumerate().for_each(|(k, &number)| data[at(k)] = T::from_f64(number));
            }
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
    let start = place.of(origin, first, column);
    let at = |k: usize| (start + k as isize * place.row_step) as usize;
    if let DataMut::I64(data) = &mut array.data {
        lanes.iter().enumerate().for_each(|(k, lane)| data[at(k)] = lane.to_index());
    } else if let Some(data) = T::slice_mut(array) {
        lanes.iter().enumerate().for_each(|(k, &lane)| data[at(k)] = lane);
    }
}
