//! What is reduced in plain code: the values of each kept row, computed by the backend, go to their reducers.

use std::ops::Range;

use super::Program;
use crate::backend::{Number, Tile};
use crate::lower::{Space, Stage};
use crate::reduction::{RowResult, RowStates};

/// Below this many kept rows the lanes run along the reduced index.
pub(super) const FEW_ROWS: usize = 8;
/// Reduced rows after which bounds are told for the first time.
const FIRST_ROWS: usize = 16;

/// The states of some kept rows, for each reduction in plain code.
pub(super) type AllStates = Vec<RowStates>;

impl<T: Number> Program<T> {
    /// The states of so many kept rows before any value.
    pub(super) fn start_rows(&self, rows: usize) -> AllStates {
        let parts = self.stages.rows.iter();
        parts.filter_map(|part| Some(part.reducer()?.start_rows(part.form(), rows))).collect()
    }

    /// Gives the values of the kept rows of a tile, and of the reduced rows of these segments, to the states, which have seen
    /// so many before.
    pub(super) fn absorb_rows(
        &self,
        tile: &mut Tile<T>,
        rows: usize,
        segments: &[Range<usize>],
        states: &mut AllStates,
        (seen, widened): (usize, &mut Vec<f64>),
    ) {
        let parts = &self.stages.rows;
        let planes = self.layout.slots(Space::Values);
        let count: usize = segments.iter().map(Range::len).sum();
        let rows = if parts.is_empty() || count == 0 { 0 } else { rows };
        if rows >= FEW_ROWS && self.stages.has(Stage::Candidates) {
            return self.absorb_candidates(tile, rows, segments, states, seen);
        }
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

    /// Gives the states those values that matter.
    fn absorb_candidates(
        &self,
        tile: &mut Tile<T>,
        rows: usize,
        segments: &[Range<usize>],
        states: &mut AllStates,
        seen: usize,
    ) {
        let count: usize = segments.iter().map(Range::len).sum();
        // Bounds are wide at first, so they are told early.
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut next = 0;
        while next < count {
            let end = count.min(next + (seen + next).max(FIRST_ROWS));
            parts.push(next..end);
            next = end;
        }
        let mut room: Vec<f64> = Vec::new();
        self.bound(tile, rows, 0..self.layout.kept, states, &mut room);
        self.code.candidates(tile, rows, &parts, &mut |tile, lanes, found| {
            match segments {
                [only] => found.iter_mut().for_each(|candidate| candidate.position += only.start),
                _ => found.iter_mut().for_each(|candidate| candidate.position = position(segments, candidate.position)),
            }
            for (part, states) in self.stages.rows.iter().zip(states.iter_mut()) {
                let components = part.candidates..part.candidates + part.planes.len();
                if let Some(reducer) = part.reducer() {
                    reducer.take_rows(part.form(), states, found, components);
                }
            }
            self.bound(tile, rows, lanes, states, &mut room);
        });
    }

    /// Writes the bounds of some kept rows to the tile; those that are none have none.
    fn bound(&self, tile: &mut Tile<T>, rows: usize, lanes: Range<usize>, states: &AllStates, room: &mut Vec<f64>) {
        let known = lanes.start..lanes.end.min(rows);
        for (part, states) in self.stages.rows.iter().zip(states) {
            for component in part.reducer().iter().flat_map(|_| 0..part.planes.len()) {
                room.clear();
                room.resize(lanes.len(), f64::NAN);
                if let Some(reducer) = part.reducer() {
                    reducer.bounds(part.form(), states, component, known.clone(), &mut room[..known.len()]);
                }
                let plane = &mut tile.plane(Space::Bound, part.candidates + component)[lanes.clone()];
                plane.iter_mut().zip(&*room).for_each(|(lane, &bound)| *lane = T::from_f64(bound));
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

/// The number of the reduced row at a place of the tile.
fn position(segments: &[Range<usize>], mut place: usize) -> usize {
    for segment in segments {
        if place < segment.len() {
            return segment.start + place;
        }
        place -= segment.len();
    }
    unreachable!("a tile holds the rows of its segments")
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
