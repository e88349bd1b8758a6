//! What is reduced in plain code: the values of each kept row, computed by the backend, go to their reducers.

use std::ops::Range;

use super::Program;
use crate::backend::{Number, Tile};
use crate::lower::Space;
use crate::reduction::{RowResult, RowStates};

/// The states of some kept rows, for each reduction in plain code.
pub(super) type AllStates = Vec<RowStates>;

impl<T: Number> Program<T> {
    /// The states of so many kept rows before any value.
    pub(super) fn start_rows(&self, rows: usize) -> AllStates {
        let parts = self.stages.rows.iter();
        parts.filter_map(|part| Some(part.reducer()?.start_rows(part.form(), rows))).collect()
    }

    /// Gives the values of the kept rows of a tile, and of the reduced rows of these segments, to the states.
    pub(super) fn absorb_rows(
        &self,
        tile: &mut Tile<T>,
        rows: usize,
        segments: &[Range<usize>],
        states: &mut AllStates,
        widened: &mut Vec<f64>,
    ) {
        let parts = &self.stages.rows;
        let planes = self.layout.slots(Space::Values);
        let count: usize = segments.iter().map(Range::len).sum();
        let rows = if parts.is_empty() || count == 0 { 0 } else { rows };
        for row in 0..rows {
            self.code.values(tile, row, count);
            widened.clear();
            for slot in 0..planes {
                widened.extend(tile.plane(Space::Values, slot)[..count].iter().map(|value| value.to_f64()));
            }
            let lists: Vec<&[f64]> = widened.chunks_exact(count).collect();
            for (part, states) in parts.iter().zip(states.iter_mut()) {
                let Some(reducer) = part.reducer() else { continue };
                let mask: Option<&[T]> = part.mask.map(|slot| &tile.plane(Space::Values, slot)[..count]);
                let mut start = 0;
                for segment in segments {
                    let place = start..start + segment.len();
                    for run in runs(mask, place.clone()) {
                        let first = segment.start + run.start - start;
                        let values: Vec<&[f64]> = lists[part.planes.clone()].iter().map(|v| &v[run.clone()]).collect();
                        reducer.absorb_row(part.form(), states, row, first, &values);
                    }
                    start = place.end;
                }
            }
        }
    }

    /// Gives the states those of later reduced rows.
    pub(super) fn merge_rows(&self, states: &mut AllStates, later: AllStates) {
        for ((part, states), later) in self.stages.rows.iter().zip(states).zip(later) {
            if let Some(reducer) = part.reducer() {
                reducer.merge_rows(part.form(), states, later);
            }
        }
    }

    /// The results of all kept rows, for each reduction in plain code.
    pub(super) fn finish_rows(&self, states: AllStates) -> Vec<Vec<RowResult>> {
        let parts = self.stages.rows.iter().zip(states);
        parts.filter_map(|(part, states)| Some(part.reducer()?.finish_rows(part.form(), states))).collect()
    }
}

/// The places of a range where the mask is set, those that follow one another together.
fn runs<T: Number>(mask: Option<&[T]>, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_set = move |k: &usize| mask.is_none_or(|mask| mask[*k].to_bits64() != 0);
    let mut next = if mask.is_some() { range.start } else { range.end };
    let whole = mask.is_none().then_some(range.clone()).filter(|range| !range.is_empty());
    let some = std::iter::from_fn(move || {
        let start = (next..range.end).find(is_set)?;
        next = (start..range.end).find(|k| !is_set(k)).unwrap_or(range.end);
        Some(start..next)
    });
    whole.into_iter().chain(some)
}
