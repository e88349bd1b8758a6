//! What is reduced in plain code: the values of each kept row, computed by the backend, go to their reducers.

use std::ops::Range;

use super::Program;
use super::sieve::{Room, sieve};
use crate::backend::{Number, Tile};
use crate::lower::{Space, Stage};
use crate::reduction::{RowResult, RowStates};

/// Below this many kept rows the lanes run along the reduced index.
pub(super) const FEW_ROWS: usize = 8;
/// Reduced rows after which bounds are told for the first time.
const FIRST_ROWS: usize = 16;
/// Reduced rows after which they are told again, at most.
const MOST_ROWS: usize = 256;
/// Where one value of so many matters, all are computed row by row and looked through there: a candidate in the lanes of many
/// rows takes as long as some hundred pairs.
const RARE: usize = 32;

/// The states of some kept rows, for each reduction in plain code.
pub(super) type AllStates = Vec<RowStates>;

/// How far some kept rows have been read.
pub(super) struct Reading {
    /// How many reduced rows they have seen.
    seen: usize,
    /// Whether few of the last values mattered.
    is_rare: bool,
    /// Room for values on their way to a reducer.
    widened: Vec<f64>,
    found: Vec<(usize, f64)>,
    room: Room,
}

impl Reading {
    pub fn new() -> Self {
        Reading { seen: 0, is_rare: false, widened: Vec::new(), found: Vec::new(), room: Room::new() }
    }

    /// Starts with other rows.
    pub fn restart(&mut self) {
        self.seen = 0;
    }

    /// Ranges that cover so many reduced rows, after which bounds are told: they are wide at first, so they are told early.
    fn parts(&self, count: usize) -> Vec<Range<usize>> {
        let (mut parts, mut next) = (Vec::new(), 0);
        while next < count {
            let end = count.min(next + (self.seen + next).clamp(FIRST_ROWS, MOST_ROWS));
            parts.push(next..end);
            next = end;
        }
        parts
    }
}

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
        reading: &mut Reading,
    ) {
        let parts = &self.stages.rows;
        let count: usize = segments.iter().map(Range::len).sum();
        if parts.is_empty() || count == 0 {
            return;
        }
        if reading.seen == 0 {
            let columns = parts.iter().map(|part| part.columns).sum::<usize>();
            reading.is_rare = columns * RARE < count;
        }
        let places = reading.parts(count);
        let taken = if rows < FEW_ROWS || !self.stages.has(Stage::Candidates) {
            (0..rows).for_each(|row| self.absorb_row(tile, row, segments, states, reading));
            0
        } else if reading.is_rare || !self.has_one_order() {
            self.absorb_candidates(tile, rows, segments, &places, states)
        } else {
            (0..rows).map(|row| self.absorb_some(tile, row, segments, &places, states, reading)).sum()
        };
        let values = rows * count * parts.iter().map(|part| part.planes.len()).sum::<usize>();
        reading.is_rare = taken * RARE < values;
        reading.seen += count;
    }

    /// Whether a pair has the same values, to the last bit, in the lanes of many rows and in those of one, where the terms of
    /// wide sums may come in another order; and whether all pairs take part.
    fn has_one_order(&self) -> bool {
        !self.stages.has(Stage::Contract) && self.stages.rows.iter().all(|part| part.mask.is_none())
    }

    /// Gives one kept row all its values.
    fn absorb_row(
        &self,
        tile: &mut Tile<T>,
        row: usize,
        segments: &[Range<usize>],
        states: &mut AllStates,
        reading: &mut Reading,
    ) {
        let count: usize = segments.iter().map(Range::len).sum();
        let widened = &mut reading.widened;
        self.code.values(tile, row, count);
        widened.clear();
        for slot in 0..self.layout.slots(Space::Values) {
            widened.extend(tile.plane(Space::Values, slot)[..count].iter().map(|value| value.to_f64()));
        }
        let lists: Vec<&[f64]> = widened.chunks_exact(count).collect();
        for (part, states) in self.stages.rows.iter().zip(states.iter_mut()) {
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

    /// Gives one kept row those of its values that matter, with bounds that are told anew after each of these places; says how
    /// many.
    fn absorb_some(
        &self,
        tile: &mut Tile<T>,
        row: usize,
        segments: &[Range<usize>],
        places: &[Range<usize>],
        states: &mut AllStates,
        reading: &mut Reading,
    ) -> usize {
        self.code.values(tile, row, places.last().map_or(0, |last| last.end));
        let mut taken = 0;
        for places in places {
            for (part, states) in self.stages.rows.iter().zip(states.iter_mut()) {
                let Some(reducer) = part.reducer() else { continue };
                for (k, slot) in part.planes.clone().enumerate() {
                    let mut bound = [f64::NAN];
                    reducer.bounds(part.form(), states, k, row..row + 1, &mut bound);
                    let (bound, side) = (T::from_f64(bound[0]), reducer.side());
                    let values = &tile.plane(Space::Values, slot)[places.clone()];
                    let found = sieve(values, bound, side, &mut reading.room).iter().map(|&place| place as usize);
                    let candidate = |place: usize| (position(segments, places.start + place), values[place].to_f64());
                    reading.found.clear();
                    reading.found.extend(found.map(candidate));
                    taken += reading.found.len();
                    reducer.take_row(part.form(), states, [row, k], &reading.found);
                }
            }
        }
        taken
    }

    /// The same for all kept rows.
    fn absorb_candidates(
        &self,
        tile: &mut Tile<T>,
        rows: usize,
        segments: &[Range<usize>],
        places: &[Range<usize>],
        states: &mut AllStates,
    ) -> usize {
        let mut taken = 0;
        let mut room: Vec<f64> = Vec::new();
        self.bound(tile, rows, 0..self.layout.kept, states, &mut room);
        self.code.candidates(tile, rows, places, &mut |tile, lanes, found| {
            match segments {
                [only] => found.iter_mut().for_each(|candidate| candidate.position += only.start),
                _ => found.iter_mut().for_each(|candidate| candidate.position = position(segments, candidate.position)),
            }
            taken += found.len();
            for (part, states) in self.stages.rows.iter().zip(states.iter_mut()) {
                let components = part.candidates..part.candidates + part.planes.len();
                if let Some(reducer) = part.reducer() {
                    reducer.take_rows(part.form(), states, found, components);
                }
            }
            self.bound(tile, rows, lanes, states, &mut room);
        });
        taken
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
