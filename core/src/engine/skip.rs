//! Tiles of which no pair takes part in a reduction, as bounds of the masks tell: they are neither packed nor computed.

use std::ops::Range;
use std::sync::OnceLock;

use super::Program;
use super::arguments::Arguments;
use super::extremes::{self, Extremes};
use super::pack::Format;
use super::schedule::{Task, Tiles};
use crate::backend::{Bounds, Interval, is_clear};
use crate::lower::{Condition, INTEGERS_IN_SINGLE, Plane, Source, Space};

/// Pairs that are asked for together at least, so that an answer costs little beside them.
const FEWEST_PAIRS: usize = 1 << 14;
/// Below this many kept rows, looking through the columns of the reduced rows would cost as much as reducing them.
const FEWEST_ROWS: usize = 64;

/// The extremes of each column of the reduced rows that masks depend on; none for row numbers.
type Columns<T> = Vec<Option<Extremes<T>>>;

/// The masks of a run.
pub(super) struct Skips<'a, T: Format> {
    condition: &'a Condition,
    arguments: &'a Arguments<'a>,
    /// Reduced rows of a tile.
    length: usize,
    /// Once for each problem whose columns are its own. Empty where it is not worth its cost.
    columns: Vec<OnceLock<Columns<T>>>,
}

impl<'a, T: Format> Skips<'a, T> {
    /// What may rule out tiles, if anything.
    pub(super) fn new(program: &'a Program<T>, arguments: &'a Arguments<'a>) -> Option<Self> {
        let (condition, length) = (program.stages.condition.as_ref()?, program.layout.reduced);
        let sources = &condition.sources[Space::Reduced as usize];
        let inputs = sources.iter().filter_map(|source| source.argument()).map(|[index, _]| &arguments.inputs[index]);
        let is_own = inputs.flat_map(|rows| &rows.place.batch_steps).any(|&step| step != 0);
        let problems = match arguments.kept >= FEWEST_ROWS && arguments.reduced > length {
            true if is_own => arguments.batch.items().unwrap_or(0),
            true => 1,
            false => 0,
        };
        let columns = (0..problems).map(|_| OnceLock::new()).collect();
        Some(Skips { condition, arguments, length, columns })
    }

    /// The masks of a task of the problem whose arrays start at `origins`.
    pub(super) fn masks<'s>(&'s self, task: &Task<'_>, origins: &[isize]) -> Masks<'s, T> {
        let mut room = Vec::new();
        let mut bounds = |space: Space, rows: Range<usize>| -> Vec<Bounds<T>> {
            let bound = |&source: &Source| match source.argument() {
                Some([index, component]) => {
                    let input = &self.arguments.inputs[index];
                    let interval = extremes::of_rows(input, origins[index], component, rows.clone(), &mut room);
                    column(source, interval)
                }
                None if source == Source::Position => row_numbers(std::slice::from_ref(&rows)),
                None => Bounds::Anything,
            };
            self.condition.sources[space as usize].iter().map(bound).collect()
        };
        let (call, kept) = (bounds(Space::Call, 0..1), bounds(Space::Kept, task.rows.clone()));
        let place = if self.columns.len() > 1 { task.item } else { 0 };
        let columns = self.columns.get(place).map(|known| known.get_or_init(|| self.look_through(origins)));
        Masks { skips: self, call, kept, columns, reduced: Vec::new(), known: Vec::new() }
    }

    /// The extremes of the reduced rows.
    fn look_through(&self, origins: &[isize]) -> Columns<T> {
        let extremes = |source: &Source| {
            let [index, component] = source.argument()?;
            let (input, rows) = (&self.arguments.inputs[index], self.arguments.reduced);
            Some(Extremes::new(input, origins[index], component, rows, self.length))
        };
        self.condition.sources[Space::Reduced as usize].iter().map(extremes).collect()
    }
}

/// What a plane holds of a column with these numbers.
fn column<T: Format>(source: Source, interval: Interval<T>) -> Bounds<T> {
    match source {
        Source::Integer { .. } => {
            // The numbers were rounded to float32, which is this much of an integer at most.
            let slack = |number: f64| (number.abs().min(f64::from(INTEGERS_IN_SINGLE)) * 2f64.powi(-23)) as i64;
            let (low, high) = (interval.low.to_f64(), interval.high.to_f64());
            Bounds::integers((low as i64).saturating_sub(slack(low)), (high as i64).saturating_add(slack(high)))
        }
        _ => Bounds::Numbers(interval),
    }
}

/// What a plane of row numbers holds.
fn row_numbers<T: Format>(rows: &[Range<usize>]) -> Bounds<T> {
    let first = rows.iter().map(|rows| rows.start).min().unwrap_or(0);
    let last = rows.iter().map(|rows| rows.end).max().unwrap_or(1) - 1;
    Bounds::integers(first as i64, last as i64)
}

/// The masks for the kept rows of a task.
pub(super) struct Masks<'a, T: Format> {
    skips: &'a Skips<'a, T>,
    call: Vec<Bounds<T>>,
    kept: Vec<Bounds<T>>,
    columns: Option<&'a Columns<T>>,
    // Memory to work in.
    reduced: Vec<Bounds<T>>,
    known: Vec<Bounds<T>>,
}

impl<T: Format> Masks<'_, T> {
    /// Whether certainly no pair of the kept rows and these reduced rows takes part.
    fn rule_out(&mut self, rows: &[Range<usize>]) -> bool {
        let condition = self.skips.condition;
        self.reduced.clear();
        for (slot, &source) in condition.sources[Space::Reduced as usize].iter().enumerate() {
            let extremes = self.columns.and_then(|columns| columns[slot].as_ref());
            self.reduced.push(match (source, extremes) {
                (Source::Position, _) => row_numbers(rows),
                (_, Some(extremes)) => {
                    let found = rows.iter().map(|rows| extremes.within(rows));
                    column(source, found.fold(Interval::nothing(), Interval::union))
                }
                _ => Bounds::Anything,
            });
        }
        let (call, kept, reduced) = (&self.call, &self.kept, &self.reduced);
        let plane = |Plane { space, slot, .. }: Plane| match space {
            Space::Call => call[slot as usize],
            Space::Kept => kept[slot as usize],
            Space::Reduced => reduced[slot as usize],
            _ => Bounds::Anything,
        };
        is_clear(&condition.program, plane, &mut self.known)
    }
}

/// What comes next among the tiles of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A tile to compute.
    Tile,
    /// So many rows of tiles without any pair.
    Skipped(usize),
    /// Nothing more.
    End,
}

/// The search for the tiles to compute. It doubles its steps while all is ruled out (a galloping search: Bentley and Yao,
/// An almost optimal algorithm for unbounded searching, 1976), so that it does not walk through a million tiles.
pub(super) struct Search<'a, T: Format> {
    masks: Option<Masks<'a, T>>,
    gallop: Gallop,
}

impl<'a, T: Format> Search<'a, T> {
    pub(super) fn new(masks: Option<Masks<'a, T>>, kept: usize, length: usize) -> Self {
        Search { masks, gallop: Gallop::new((FEWEST_PAIRS / (kept * length).max(1)).max(1)) }
    }

    /// Finds the next tile, or skips all tiles up to it; `segments` gets its rows.
    pub(super) fn next(&mut self, tiles: &mut Tiles<'_>, segments: &mut Vec<Range<usize>>) -> Next {
        match &mut self.masks {
            Some(masks) => self.gallop.next(tiles, segments, |rows| masks.rule_out(rows)),
            None if tiles.advance(segments) => Next::Tile,
            None => Next::End,
        }
    }
}

struct Gallop {
    /// Tiles that are asked for together at least.
    unit: usize,
    /// Units of the next step.
    step: usize,
    /// Tiles that are computed before the next question.
    due: usize,
}

impl Gallop {
    fn new(unit: usize) -> Self {
        Gallop { unit, step: 1, due: 0 }
    }

    fn next(
        &mut self,
        tiles: &mut Tiles<'_>,
        segments: &mut Vec<Range<usize>>,
        mut rule_out: impl FnMut(&[Range<usize>]) -> bool,
    ) -> Next {
        let mut skipped = 0;
        while self.due == 0 {
            let rest = tiles.after(self.step.saturating_mul(self.unit), segments);
            if segments.is_empty() {
                break;
            }
            match rule_out(segments) {
                true => {
                    skipped += segments.iter().map(Range::len).sum::<usize>();
                    (*tiles, self.step) = (rest, self.step.saturating_mul(2));
                }
                false if self.step > 1 => self.step /= 2,
                false => self.due = self.unit,
            }
        }
        if skipped > 0 {
            segments.clear();
            return Next::Skipped(skipped);
        }
        self.due = self.due.saturating_sub(1);
        if tiles.advance(segments) { Next::Tile } else { Next::End }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::schedule::tiles;

    /// The rows that are computed where only these take part, and how often was asked.
    fn search(intervals: &[Range<usize>], parts: &[Range<usize>], size: usize, unit: usize) -> (Vec<usize>, usize) {
        let all: usize = intervals.iter().map(Range::len).sum();
        let (mut tiles, mut gallop) = (tiles(intervals, 0..all, size), Gallop::new(unit));
        let (mut segments, mut computed, mut asked, mut rows) = (Vec::new(), Vec::new(), 0, 0);
        let mut before = Next::Tile;
        loop {
            let next = gallop.next(&mut tiles, &mut segments, |rows| {
                asked += 1;
                let takes_part = |row: usize| parts.iter().any(|part| part.contains(&row));
                !rows.iter().cloned().flatten().any(takes_part)
            });
            match next {
                Next::Tile => computed.extend(segments.iter().cloned().flatten()),
                Next::Skipped(count) => {
                    assert!(segments.is_empty() && before == Next::Tile, "a run of skipped tiles is one");
                    rows += count;
                }
                Next::End => break,
            }
            before = next;
        }
        assert_eq!(rows + computed.len(), all, "every row is computed or skipped");
        (computed, asked)
    }

    #[test]
    fn what_takes_part_is_found_in_few_steps() {
        let all = 10_000_000;
        for start in [0, 1, 300, 5_000_000, 9_999_999] {
            let part = start..(start + 700).min(all);
            let (computed, asked) = search(std::slice::from_ref(&(0..all)), std::slice::from_ref(&part), 256, 1);
            assert!(computed.len() <= part.len() + 512 && part.clone().all(|row| computed.contains(&row)), "{start}");
            assert!(asked < 300, "asked {asked} times for {} tiles", all / 256);
        }
        let (computed, asked) = search(std::slice::from_ref(&(0..all)), &[], 256, 1);
        assert!(computed.is_empty() && asked < 40, "{asked}");
    }

    #[test]
    fn few_rows_are_asked_for_together() {
        let intervals = [5..300, 1000..3000, 40..41];
        for unit in [1, 2, 7, 100] {
            for parts in [&[6..7, 2000..2001][..], &[40..41, 2..3], &[], &[0..5000, 7..8]] {
                let (computed, _) = search(&intervals, parts, 16, unit);
                let rows: Vec<usize> = intervals.iter().cloned().flatten().collect();
                let takes_part = |row: &usize| parts.iter().any(|part| part.contains(row));
                let wanted: Vec<usize> = rows.into_iter().filter(takes_part).collect();
                assert!(wanted.iter().all(|row| computed.contains(row)), "{unit} {parts:?}");
                assert!(computed.len() <= wanted.len() * unit * 16 + unit * 16, "{unit} {parts:?}");
            }
        }
    }
}
