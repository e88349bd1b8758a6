//! Rows of strided arrays to and from the planes of a tile. What arrays store becomes the numbers of the computation on
//! the way, and back.

use std::ops::Range;

use super::turn::{Turn, turn};
use crate::array::{ArrayMut, Data, DataMut, Element, ResultElement, with_elements, with_results};
use crate::backend::{Number, Planes};

/// An input as the engine reads it: elements and where they lie among them.
#[derive(Clone)]
pub(super) struct Rows<'a> {
    pub data: Data<'a>,
    pub place: Place,
}

/// Where the numbers of an array lie, relative to its data.
#[derive(Clone, Debug, PartialEq)]
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
    pub(super) fn of(&self, origin: isize, row: usize, column: usize) -> isize {
        let (element, part) = (column / self.parts, column % self.parts);
        origin + row as isize * self.row_step + element as isize * self.column_step + part as isize
    }
}

impl Rows<'_> {
    /// Whether these are the same rows of the same array.
    pub(super) fn is_same(&self, other: &Rows<'_>) -> bool {
        let extent = |data: &Data<'_>| with_elements!(*data, elements => (elements.as_ptr().addr(), elements.len()));
        let is_alike = std::mem::discriminant(&self.data) == std::mem::discriminant(&other.data);
        is_alike && extent(&self.data) == extent(&other.data) && self.place == other.place
    }

    /// Brings neighbouring columns, as many as there are planes, of consecutive rows, of the problem whose first element is at
    /// `origin`, into lanes.
    pub(super) fn pack<T: Format>(&self, origin: isize, column: usize, rows: Range<usize>, planes: &mut Planes<'_, T>) {
        if planes.count == 1 || self.place.column_step != self.place.parts as isize {
            for k in 0..planes.count {
                self.pack_column(origin, column + k, rows.start, &mut planes.lanes(k)[..rows.len()]);
            }
            return;
        }
        // What is side by side in memory is read together.
        let (start, step) = (self.place.of(origin, rows.start, column), self.place.row_step);
        let dense = usize::try_from(start).ok().filter(|_| step == planes.count as isize);
        with_elements!(self.data, elements => match (dense, planes.count) {
            (Some(start), 2) => apart::<2, _, T>(elements, start, rows.len(), planes),
            (Some(start), 3) => apart::<3, _, T>(elements, start, rows.len(), planes),
            (Some(start), 4) => apart::<4, _, T>(elements, start, rows.len(), planes),
            _ => turn(elements, (start, step), rows.len(), planes),
        });
    }

    /// As `pack`, for one column.
    pub(super) fn pack_column<T: Format>(&self, origin: isize, column: usize, first: usize, lanes: &mut [T]) {
        let steps = (self.place.of(origin, first, column), self.place.row_step);
        with_elements!(self.data, elements => convert(elements, steps, lanes, T::of));
    }

    /// As `pack_column`, for the integers that the elements are.
    pub(super) fn pack_integers<T: Format>(&self, origin: isize, column: usize, first: usize, lanes: &mut [T]) {
        let steps = (self.place.of(origin, first, column), self.place.row_step);
        let lane = |integer: Option<i64>| T::from_index(integer.unwrap_or(0));
        with_elements!(self.data, elements => convert(elements, steps, lanes, |element| lane(element.to_integer())));
    }
}

/// Brings rows of `C` elements, one after the other from a start on, into as many planes. The compiler makes shuffles of it.
fn apart<const C: usize, E: Element, T: Format>(elements: &[E], start: usize, rows: usize, planes: &mut Planes<'_, T>) {
    let rows = elements[start..start + C * rows].as_chunks::<C>().0;
    let mut planes = planes.first::<C>().map(|plane| &mut plane[..rows.len()]);
    for (k, row) in rows.iter().enumerate() {
        planes.iter_mut().zip(row).for_each(|(plane, &element)| plane[k] = T::of(element));
    }
}

/// Fills lanes with what becomes of the elements from a start on, each a step from the last.
pub(super) fn convert<E: Element, T>(
    elements: &[E],
    (start, step): (isize, isize),
    lanes: &mut [T],
    number: impl Fn(E) -> T,
) {
    match (usize::try_from(step), usize::try_from(start)) {
        (Ok(1), Ok(start)) => {
            let source = &elements[start..start + lanes.len()];
            lanes.iter_mut().zip(source).for_each(|(lane, &element)| *lane = number(element));
        }
        (Ok(step), Ok(start)) if step > 0 && !lanes.is_empty() => {
            let source = elements[start..].iter().step_by(step);
            lanes.iter_mut().zip(source).for_each(|(lane, &element)| *lane = number(element));
        }
        _ => {
            for (k, lane) in lanes.iter_mut().enumerate() {
                *lane = number(elements[(start + k as isize * step) as usize]);
            }
        }
    }
}

/// Repeats the last row up to the end, so that lanes without a row hold ordinary numbers.
pub(super) fn pad<T: Number>(plane: &mut [T], rows: usize) {
    let last = if rows > 0 { plane[rows - 1] } else { T::default() };
    plane[rows..].fill(last);
}

/// A number format of computations, to and from what arrays store.
pub(super) trait Format: Number + Turn {
    /// The number that an element becomes.
    fn of<E: Element>(element: E) -> Self;
    /// The element that a number becomes.
    fn store<E: ResultElement>(self) -> E;
}

impl Format for f32 {
    #[inline(always)]
    fn of<E: Element>(element: E) -> Self {
        element.to_single()
    }
    #[inline(always)]
    fn store<E: ResultElement>(self) -> E {
        E::from_single(self)
    }
}

impl Format for f64 {
    #[inline(always)]
    fn of<E: Element>(element: E) -> Self {
        element.to_double()
    }
    #[inline(always)]
    fn store<E: ResultElement>(self) -> E {
        E::from_double(self)
    }
}

/// The columns of one row of a result.
pub(super) enum RowColumns<'a> {
    Numbers(&'a [f64]),
    Integers(&'a [i64]),
}

/// Writes all columns of one row, of the problem whose first element is at `origin`.
pub(super) fn unpack_row<T: Format>(
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
            let all = numbers.iter().map(|&number| T::from_f64(number)).enumerate();
            with_results!(&mut array.data,
                _indices => {},
                elements => all.for_each(|(k, number)| elements[at(k)] = number.store()))
        }
    }
}

/// Writes lanes to one column of consecutive rows, of the problem whose first element is at `origin`.
pub(super) fn unpack<T: Format>(
    array: &mut ArrayMut<'_>,
    place: &Place,
    origin: isize,
    column: usize,
    first: usize,
    lanes: &[T],
) {
    let start = place.of(origin, first, column);
    let at = |k: usize| (start + k as isize * place.row_step) as usize;
    let all = lanes.iter().enumerate();
    with_results!(&mut array.data,
        indices => all.for_each(|(k, lane)| indices[at(k)] = lane.to_index()),
        elements => all.for_each(|(k, lane)| elements[at(k)] = lane.store()))
}
