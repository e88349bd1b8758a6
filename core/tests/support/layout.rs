//! Arrays in memory in every way that strides allow.

use super::random::Random;

/// How a matrix lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// Row after row.
    Rows,
    /// Column after column.
    Columns,
    /// Column after column, with a gap between columns.
    PaddedColumns,
    /// Row after row, with a gap between rows.
    PaddedRows,
    /// Every second number of rows of twice the length.
    Spaced,
    /// The last row first.
    RowsBackwards,
    /// Both indices backwards.
    Backwards,
    /// Column after column, the last row first.
    ColumnsBackwards,
    /// One row that stands for all; for inputs only.
    Repeated,
}

/// The layouts of outputs; those of inputs have `Repeated` too.
pub const LAYOUTS: [Layout; 8] = [
    Layout::Rows,
    Layout::Columns,
    Layout::PaddedColumns,
    Layout::PaddedRows,
    Layout::Spaced,
    Layout::RowsBackwards,
    Layout::Backwards,
    Layout::ColumnsBackwards,
];

impl Layout {
    /// One of the layouts, the common ones more often.
    pub fn random(random: &mut Random, input: bool) -> Layout {
        match random.below(8) {
            0..4 => Layout::Rows,
            4 => Layout::Columns,
            5 if input => Layout::Repeated,
            _ => *random.pick(&LAYOUTS),
        }
    }

    /// Origin, strides and length of the memory, which has a margin on both sides.
    pub fn place(self, rows: usize, columns: usize) -> (usize, [isize; 2], usize) {
        let (m, d) = (rows as isize, columns as isize);
        let strides = match self {
            Layout::Rows => [d, 1],
            Layout::Columns => [1, m],
            Layout::PaddedColumns => [1, m + 3],
            Layout::PaddedRows => [d + 5, 1],
            Layout::Spaced => [2 * d, 2],
            Layout::RowsBackwards => [-d, 1],
            Layout::Backwards => [-d, -1],
            Layout::ColumnsBackwards => [-1, m],
            Layout::Repeated => [0, 1],
        };
        const MARGIN: isize = 4;
        let reach = [strides[0] * (m - 1).max(0), strides[1] * (d - 1).max(0)];
        let low: isize = reach.iter().map(|r| r.min(&0)).sum();
        let high: isize = reach.iter().map(|r| r.max(&0)).sum();
        ((MARGIN - low) as usize, strides, (high - low + 1 + 2 * MARGIN) as usize)
    }
}

/// Position of an element.
pub fn position(origin: usize, strides: [isize; 2], row: usize, column: usize) -> usize {
    (origin as isize + row as isize * strides[0] + column as isize * strides[1]) as usize
}
