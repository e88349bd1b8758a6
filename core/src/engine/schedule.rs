//! How a run is cut into tasks. Their number and order depend on sizes alone, so that results are the same for any
//! number of threads.

use std::ops::Range;

use super::ranges::{Pattern, Strip};
use crate::backend::Layout;
use crate::error::{Error, ErrorKind, Result};

/// Work, in lane operations, of a tile at most: some 20 ms on the slowest target. Between tiles the caller is told
/// of progress, and a wish to stop is heard.
pub(super) const TILE_OPERATIONS: usize = 1 << 26;
/// Work, in pairs, of a task at least.
const TASK_PAIRS: u64 = 1 << 20;
/// Tasks of a run, about.
const TASKS: u64 = 64;
/// Kept rows of a task at least, so that packing the reduced rows costs little beside the pairs.
const FEWEST_ROWS: usize = 512;

/// Kept rows of a task at most where masks may rule out tiles: short enough that a tile beside the diagonal of a band is
/// found, long enough that packing the reduced rows costs little.
const MOST_MASKED_ROWS: usize = 128;

/// Columns of results in plain code that a task holds at most: a few MiB of candidates.
const HELD_COLUMNS: usize = 1 << 17;

/// Reduced rows of a task for each column that is held, at least, where values that may matter are looked for: each part holds
/// so many before any other can be left out.
const HELD_SHARE: usize = 32;

/// Kept rows of a task are a multiple of this, so that no vector is cut.
pub(super) const LANES: usize = 64;

/// Kept rows of a task where values that may matter are looked for, at least: parts of the reduced rows would each begin
/// without knowing what matters, so tasks are made of few rows rather than of parts.
const FEWEST_SEARCHED_ROWS: usize = 128;

/// Operations for a pair that are worth one row more of a task then: where pairs take long, looking takes little beside
/// packing.
const SEARCHED_OPERATIONS: usize = 4;

/// What the kept rows of a task depend on but for sizes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rows {
    /// The columns of a row in plain code.
    pub held: usize,
    /// Whether masks may rule out tiles.
    pub is_masked: bool,
    /// Whether values that may matter are looked for.
    pub searches: bool,
}

impl Rows {
    /// Kept rows of a task at most.
    fn most(self) -> usize {
        let most = (HELD_COLUMNS / self.held.max(1) / LANES * LANES).max(LANES);
        if self.is_masked { most.min(MOST_MASKED_ROWS) } else { most }
    }
}

/// How a strip is cut: blocks of kept rows, and parts of the reduced rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    /// Kept rows of a task.
    rows: usize,
    /// Blocks of kept rows.
    blocks: usize,
    /// Reduced rows of a task.
    part: usize,
    /// Parts of the reduced rows.
    parts: usize,
}

/// Cuts a strip into about as many tasks as are wanted. It must not depend on threads, nor may the parts depend on anything
/// but sizes: they decide in which order totals are merged.
fn cut(kept: usize, reduced: usize, wanted: usize, layout: &Layout, operations: usize, of: Rows) -> Cut {
    let searched = (operations / SEARCHED_OPERATIONS).next_multiple_of(LANES).clamp(FEWEST_SEARCHED_ROWS, FEWEST_ROWS);
    let fewest = if of.searches { searched } else { FEWEST_ROWS }.min(layout.kept);
    let rows = kept.div_ceil(wanted).next_multiple_of(LANES).clamp(fewest, layout.kept);
    let shortest = if of.searches { HELD_SHARE * of.held } else { 0 }.max(4 * layout.reduced);
    let longest = reduced.div_ceil(shortest).max(1);
    let blocks = kept.div_ceil(rows).max(1);
    let parts = if of.searches { wanted / blocks } else { wanted.div_ceil(blocks) }.clamp(1, longest);
    // Parts end where tiles end.
    let part = reduced.div_ceil(parts).next_multiple_of(layout.reduced).max(1);
    let short = TILE_OPERATIONS / operations.max(1) / layout.reduced / LANES * LANES;
    let rows = rows.min(short.max(LANES)).min(of.most());
    Cut { rows, blocks: kept.div_ceil(rows), part, parts: reduced.div_ceil(part).max(1) }
}

/// One task of a run.
#[derive(Clone, Debug)]
pub(super) struct Task<'a> {
    /// Which problem of the batch.
    pub item: usize,
    /// The intervals of reduced rows that the rows meet.
    pub intervals: &'a [Range<usize>],
    /// Rows of the result.
    pub rows: Range<usize>,
    /// Which of the reduced rows, counted along the intervals.
    pub part: Range<usize>,
    /// How many reduced rows there are in all the parts.
    pub reduced: usize,
    /// How many kept rows the strip has.
    pub strip_rows: usize,
    /// How many tasks share the rows; they follow one another.
    pub parts: usize,
}

/// All tasks of a run: those of the first problem, strip by strip and block by block, then those of the second.
pub(super) struct Schedule<'a> {
    pattern: &'a Pattern,
    cuts: Vec<Cut>,
    /// The first task of each strip, and the number of all tasks of a problem.
    firsts: Vec<usize>,
    items: usize,
    pairs: u64,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(
        pattern: &'a Pattern,
        items: usize,
        layout: &Layout,
        operations: usize,
        of: Rows,
    ) -> Result<Self> {
        let pairs_of = |strip: &Strip| (strip.kept.len() as u64).checked_mul(pattern.reduced(strip) as u64);
        let strips = pattern.strips.iter();
        let each: Option<u64> = strips.clone().try_fold(0, |sum: u64, strip| sum.checked_add(pairs_of(strip)?));
        let Some(pairs) = each.and_then(|each| each.checked_mul(items as u64)) else {
            return Err(Error::new(ErrorKind::Size, "the pairs overflow 64 bits"));
        };
        let wanted = (pairs / TASK_PAIRS).clamp(1, TASKS);
        let share = |strip: &Strip| {
            let part = u128::from(wanted) * u128::from(pairs_of(strip).unwrap_or(0));
            part.div_ceil(u128::from(pairs.max(1))).max(1) as usize
        };
        let cuts: Vec<Cut> = strips
            .map(|strip| cut(strip.kept.len(), pattern.reduced(strip), share(strip), layout, operations, of))
            .collect();
        let mut firsts = Vec::with_capacity(cuts.len() + 1);
        firsts.push(0);
        for cut in &cuts {
            firsts.push(firsts[firsts.len() - 1] + cut.blocks * cut.parts);
        }
        if firsts[firsts.len() - 1].checked_mul(items).is_none() {
            return Err(Error::new(ErrorKind::Size, "the tasks overflow 64 bits"));
        }
        Ok(Schedule { pattern, cuts, firsts, items, pairs })
    }

    /// All pairs of the run.
    pub(super) fn pairs(&self) -> u64 {
        self.pairs
    }

    fn tasks_of_a_problem(&self) -> usize {
        self.firsts[self.cuts.len()]
    }

    /// How many tasks there are.
    pub(super) fn tasks(&self) -> usize {
        self.tasks_of_a_problem() * self.items
    }

    /// Whether the reduced rows of some kept rows are split over tasks.
    pub(super) fn has_parts(&self) -> bool {
        self.cuts.iter().any(|cut| cut.parts > 1)
    }

    /// How many tasks a thread takes at a time: many where they are tiny.
    pub(super) fn grain(&self) -> usize {
        (self.tasks() / 4096).max(1)
    }

    pub(super) fn task(&self, k: usize) -> Task<'a> {
        let (item, rest) = (k / self.tasks_of_a_problem(), k % self.tasks_of_a_problem());
        let s = self.firsts.partition_point(|&first| first <= rest) - 1;
        let (strip, cut) = (&self.pattern.strips[s], self.cuts[s]);
        let (block, part) = ((rest - self.firsts[s]) / cut.parts, (rest - self.firsts[s]) % cut.parts);
        let reduced = self.pattern.reduced(strip);
        let first = strip.kept.start + block * cut.rows;
        Task {
            item,
            intervals: self.pattern.intervals(strip),
            rows: first..strip.kept.end.min(first + cut.rows),
            part: part * cut.part..reduced.min((part + 1) * cut.part),
            reduced,
            strip_rows: strip.kept.len(),
            parts: cut.parts,
        }
    }
}

/// The intervals of some of the rows that intervals name, counted along them, as many as a tile holds at a time.
pub(super) fn tiles(intervals: &[Range<usize>], part: Range<usize>, size: usize) -> Tiles<'_> {
    let mut tiles = Tiles { intervals, next: 0, left: part.len(), size };
    let mut skipped = part.start;
    while let Some(interval) = tiles.intervals.first() {
        if skipped < interval.len() {
            break;
        }
        skipped -= interval.len();
        tiles.intervals = &tiles.intervals[1..];
    }
    tiles.next = skipped;
    tiles
}

/// See [`tiles`].
#[derive(Clone)]
pub(super) struct Tiles<'a> {
    intervals: &'a [Range<usize>],
    /// Rows of the first interval that are done.
    next: usize,
    left: usize,
    size: usize,
}

impl<'a> Tiles<'a> {
    /// The tiles after so many, whose rows `segments` gets.
    pub(super) fn after(&self, count: usize, segments: &mut Vec<Range<usize>>) -> Tiles<'a> {
        let mut long = Tiles { size: self.size.saturating_mul(count), ..self.clone() };
        long.advance(segments);
        Tiles { size: self.size, ..long }
    }

    /// Puts the intervals of the next tile in place of those before; says whether there are any.
    pub(super) fn advance(&mut self, segments: &mut Vec<Range<usize>>) -> bool {
        segments.clear();
        let mut room = self.size.min(self.left);
        self.left -= room;
        while room > 0 {
            let Some(interval) = self.intervals.first() else { break };
            let start = interval.start + self.next;
            let end = interval.end.min(start + room);
            segments.push(start..end);
            room -= end - start;
            self.next += end - start;
            if end == interval.end {
                self.next = 0;
                self.intervals = &self.intervals[1..];
            }
        }
        !segments.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        let reduction = crate::Reduction::parse("Sum_Reduction(x*y,0)", &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
        let plan = crate::plan::plan(&[reduction]).unwrap();
        let target = crate::backend::Target::Portable;
        Layout::new(&crate::lower::lower(&plan, crate::Dtype::F32, crate::Summation::Auto, target.machine()).unwrap())
    }

    #[test]
    fn tiles_are_short_whatever_the_formula() {
        let layout = layout();
        for (kept, reduced) in [(0, 5), (5, 0), (3, 1 << 30), (1000, 1000), (50_000, 70_000), (1 << 24, 1 << 24)] {
            let simple = cut(kept, reduced, 64, &layout, 1, Rows::default());
            for operations in [0, 10, 300, 1000, 4000, 1 << 20] {
                let cut = cut(kept, reduced, 64, &layout, operations, Rows::default());
                assert_eq!((cut.part, cut.parts), (simple.part, simple.parts), "sums would be added otherwise");
                let pairs = cut.rows.min(kept) * layout.reduced;
                assert!(pairs * operations <= TILE_OPERATIONS || cut.rows == LANES, "{cut:?}");
                assert!(cut.rows.is_multiple_of(LANES) && cut.rows <= layout.kept, "{cut:?}");
                assert!(cut.blocks * cut.rows >= kept && (cut.blocks * cut.rows).saturating_sub(kept) < cut.rows);
                assert!(cut.parts * cut.part >= reduced, "{cut:?}");
            }
        }
    }

    #[test]
    fn tasks_hold_every_pair_once() {
        let layout = layout();
        let strip = |kept: Range<usize>, intervals: Range<usize>| Strip { kept, intervals };
        let patterns = [
            Pattern::dense(3, 5_000_000),
            Pattern::dense(10_000, 3000),
            Pattern {
                strips: vec![strip(0..7, 0..2), strip(7..1500, 1..1), strip(1500..1501, 1..3)],
                intervals: vec![4..5_000_000, 10..17, 3..3_000_003],
            },
        ];
        for (pattern, items) in patterns.iter().flat_map(|p| [(p, 1), (p, 3)]) {
            let schedule = Schedule::new(pattern, items, &layout, 10, Rows::default()).unwrap();
            let (mut pairs, mut before) = (0, None);
            for k in 0..schedule.tasks() {
                let task = schedule.task(k);
                pairs += (task.rows.len() * task.part.len()) as u64;
                let place = (task.item, task.rows.start, task.part.start);
                assert!(before.is_none_or(|before| before < place), "tasks come in order");
                before = Some(place);
                let (mut segments, mut rows) = (Vec::new(), 0);
                let mut tiles = tiles(task.intervals, task.part.clone(), layout.reduced);
                while tiles.advance(&mut segments) {
                    rows += segments.iter().map(Range::len).sum::<usize>();
                }
                assert_eq!(rows, task.part.len());
            }
            assert_eq!(pairs, schedule.pairs());
        }
        let nothing = Pattern::dense(0, 9);
        assert_eq!(Schedule::new(&nothing, 4, &layout, 10, Rows::default()).unwrap().tasks(), 0);
    }

    #[test]
    fn tiles_walk_along_intervals() {
        let intervals = [3..5, 10..16, 0..1];
        let mut found = Vec::new();
        let (mut tiles, mut segments) = (tiles(&intervals, 1..8, 4), Vec::new());
        while tiles.advance(&mut segments) {
            found.push(segments.iter().map(|rows| (rows.start, rows.end)).collect::<Vec<_>>());
        }
        assert_eq!(found, [vec![(4, 5), (10, 13)], vec![(13, 16)]]);
    }
}
