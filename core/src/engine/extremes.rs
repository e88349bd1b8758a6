//! The smallest and largest number of a column over any of its rows: those of short blocks, and of ever longer ones
//! above them, are kept, so that an answer takes a few steps however many rows there are.

use std::ops::Range;

use super::pack::{Format, Rows};
use crate::backend::Interval;

/// One column of the rows of an index.
pub(super) struct Extremes<T> {
    /// Rows of a block.
    length: usize,
    /// The blocks; then pairs of them, pairs of pairs, and so on.
    levels: Vec<Vec<Interval<T>>>,
}

/// The extremes of some rows of a column of the problem whose first element is at `origin`; `room` is memory to work in.
pub(super) fn of_rows<T: Format>(
    input: &Rows<'_>,
    origin: isize,
    column: usize,
    rows: Range<usize>,
    room: &mut Vec<T>,
) -> Interval<T> {
    room.resize(rows.len(), T::default());
    input.pack_column(origin, column, rows.start, room);
    Interval::of(room)
}

impl<T: Format> Extremes<T> {
    /// The extremes of a column with so many rows.
    pub(super) fn new(input: &Rows<'_>, origin: isize, column: usize, rows: usize, length: usize) -> Self {
        let mut room = Vec::new();
        let starts = (0..rows).step_by(length);
        let mut block = |start: usize| of_rows(input, origin, column, start..rows.min(start + length), &mut room);
        let mut levels = vec![starts.map(&mut block).collect::<Vec<_>>()];
        while levels[levels.len() - 1].len() > 1 {
            let pairs = levels[levels.len() - 1].chunks(2);
            levels.push(pairs.map(|pair| pair.iter().fold(Interval::nothing(), |all, &one| all.union(one))).collect());
        }
        Extremes { length, levels }
    }

    /// The extremes of all blocks that these rows touch.
    pub(super) fn within(&self, rows: &Range<usize>) -> Interval<T> {
        let (mut first, mut end) = (rows.start / self.length, rows.end.div_ceil(self.length));
        let mut found = Interval::nothing();
        for level in &self.levels {
            if first >= end {
                break;
            }
            if first % 2 == 1 {
                found = found.union(level[first]);
                first += 1;
            }
            if end % 2 == 1 {
                end -= 1;
                found = found.union(level[end]);
            }
            (first, end) = (first / 2, end / 2);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::pack::Place;

    #[test]
    fn extremes_are_those_of_the_blocks_that_rows_touch() {
        let data: Vec<f64> = (0..100).map(|k| f64::from(k * 37 % 101)).collect();
        let place = Place { origin: 0, batch_steps: Vec::new(), row_step: 1, column_step: 0, parts: 1 };
        let input = Rows { data: crate::array::Data::F64(&data), place };
        for (rows, length) in [(100, 8), (96, 8), (7, 8), (1, 1), (100, 1)] {
            let extremes = Extremes::new(&input, 0, 0, rows, length);
            for (start, end) in (0..rows).flat_map(|start| (start + 1..=rows).map(move |end| (start, end))) {
                let touched = start / length * length..rows.min(end.next_multiple_of(length));
                assert_eq!(extremes.within(&(start..end)), Interval::of(&data[touched]), "{start} to {end} of {rows}");
            }
        }
    }
}
