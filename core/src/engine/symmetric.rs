//! A run whose pairs serve both of their rows, where the same arrays follow both indices: the rows are cut into blocks, and
//! each two blocks meet once.

use std::ops::Range;
use std::sync::{Condvar, Mutex};

use super::arguments::Arguments;
use super::crew::Crew;
use super::locks::lock;
use super::pack::{Format, Rows};
use super::pass::{Advance, Numbers, Pass, Worker, Writer};
use super::progress::{INTERVAL, Progress, Reporter};
use super::schedule::{LANES, TILE_OPERATIONS, Task};
use super::{Compiled, Input, Kernel, Program, RunOptions};
use crate::array::ArrayMut;
use crate::backend::{Layout, Number};
use crate::error::{Error, ErrorKind, Result};
use crate::formula::Category;
use crate::lower::{self, Space, Stage, Stages};

/// Rows from which on it is worth while.
const FEWEST_ROWS: usize = 2048;
/// Blocks of rows, about, where there are few rows: half as many meet at a time, so that many threads have work.
const BLOCKS: usize = 64;
/// Rows of a block at least.
const FEWEST_BLOCK_ROWS: usize = 256;
/// How many operations a pair that serves both rows may take, in parts of those of two pairs.
const MOST_OPERATIONS: f64 = 0.8;

/// For each argument the first that is the same array, if one of these has rows of both indices and there are enough of them.
pub(super) fn same_arrays(kernel: &Kernel, arguments: &Arguments<'_>) -> Option<Vec<usize>> {
    if arguments.kept != arguments.reduced || arguments.kept < FEWEST_ROWS || arguments.batch.items() != Some(1) {
        return None;
    }
    let all = || arguments.inputs.iter().zip(&kernel.inputs);
    let first = |(rows, input): (&Rows<'_>, &Input)| {
        let have_rows = |its: &Input| ![input.category, its.category].contains(&Category::Parameter);
        let mut earlier = all().take(input.index);
        let same = earlier.position(|(other, its)| have_rows(its) && input.dim == its.dim && rows.is_same(other));
        same.unwrap_or(input.index)
    };
    let same: Vec<usize> = all().map(first).collect();
    let has_both = |(k, &first): (usize, &usize)| kernel.inputs[k].category != kernel.inputs[first].category;
    same.iter().enumerate().any(has_both).then_some(same)
}

/// The program for runs in which argument `k` is the same array as argument `same[k]`, if there is one that saves anything.
pub(super) fn program<T: Format>(kernel: &Kernel, ordinary: &Program<T>, same: &[usize]) -> Result<Option<Program<T>>> {
    let options = &kernel.options;
    let Some(plan) = kernel.plan.exchanged(same, options.summation)? else { return Ok(None) };
    let stages = lower::lower(&plan, options.dtype, options.summation, options.target.machine())?;
    let operations = |stages: &Stages| stages.operations_per_pair() as f64;
    match operations(&stages) <= MOST_OPERATIONS * 2.0 * operations(&ordinary.stages) {
        true => {
            let program = Program::new(stages.into(), ordinary.backend)?;
            program.dump(&plan);
            Ok(Some(program))
        }
        false => Ok(None),
    }
}

impl Kernel {
    /// What runs, in place of what [`Kernel::explain`] shows, where argument `k` is the same array as argument `same[k]`, the first
    /// such one; nothing if that makes no difference.
    #[doc(hidden)]
    pub fn explain_one_array(&self, same: &[usize]) -> Result<Option<String>> {
        Ok(match &self.compiled {
            Compiled::F32(ordinary) => program(self, ordinary, same)?.map(|program| program.explain()),
            Compiled::F64(ordinary) => program(self, ordinary, same)?.map(|program| program.explain()),
            Compiled::Device(_) => None,
        })
    }
}

/// Rows cut into blocks, and when each two of them meet: as in a tournament, every block has one partner in each round, which
/// may be itself. What a block comes to is then added in the order of the rounds, whoever does the work.
#[derive(Debug)]
struct Blocks {
    /// All rows.
    all: usize,
    /// The rows of a block.
    rows: usize,
    count: usize,
    /// The first meeting of each round, and the number of all meetings.
    firsts: Vec<usize>,
}

impl Blocks {
    fn new(all: usize, layout: &Layout, operations: usize) -> Self {
        let rows = all.div_ceil(BLOCKS).next_multiple_of(LANES).clamp(FEWEST_BLOCK_ROWS.min(layout.kept), layout.kept);
        let short = TILE_OPERATIONS / operations.max(1) / layout.reduced / LANES * LANES;
        Blocks::of(all, rows.min(short.max(LANES)))
    }

    fn of(all: usize, rows: usize) -> Self {
        let count = all.div_ceil(rows);
        let mut blocks = Blocks { all, rows, count, firsts: vec![0] };
        for round in 0..count {
            blocks.firsts.push(blocks.firsts[round] + blocks.low_meetings(round) + blocks.high_meetings(round));
        }
        blocks
    }

    /// Two blocks meet in the round that is the sum of their numbers, or that less the count of blocks. Meetings of the first
    /// kind in a round:
    fn low_meetings(&self, round: usize) -> usize {
        round / 2 + 1
    }

    /// Meetings of the second kind in a round.
    fn high_meetings(&self, round: usize) -> usize {
        (round + self.count) / 2 - round
    }

    fn meetings(&self) -> usize {
        self.firsts[self.count]
    }

    /// The round of a meeting, and which blocks meet. The second has no smaller number.
    fn meeting(&self, k: usize) -> (usize, [usize; 2]) {
        let round = self.firsts.partition_point(|&first| first <= k) - 1;
        let (place, low) = (k - self.firsts[round], self.low_meetings(round));
        let (sum, first) = if place < low { (round, place) } else { (round + self.count, round + 1 + place - low) };
        (round, [first, sum - first])
    }

    fn rows_of(&self, block: usize) -> Range<usize> {
        block * self.rows..self.all.min((block + 1) * self.rows)
    }
}

/// What all threads of a run share.
struct Tournament<'a, T: Format> {
    program: &'a Program<T>,
    pass: &'a Pass<'a, T>,
    blocks: Blocks,
    /// What the rows of each block have come to.
    totals: Vec<Mutex<Numbers<T>>>,
    /// How many rounds each block has behind it.
    rounds: Mutex<Vec<usize>>,
    /// A round of some block is over.
    is_over: Condvar,
}

/// Runs a program of exchanged pairs.
pub(super) fn run<T: Format>(
    kernel: &Kernel,
    program: &Program<T>,
    arguments: Arguments<'_>,
    outputs: &mut [ArrayMut<'_>],
    options: &RunOptions<'_>,
) -> Result<()> {
    let all = arguments.kept;
    let Some(pairs) = (all as u64).checked_mul(all as u64) else {
        return Err(Error::new(ErrorKind::Size, format!("{all} times {all} rows: the pairs overflow 64 bits")));
    };
    // The arguments twice, the second time with rows of the other index.
    let categories = kernel.inputs.iter().map(|input| input.category);
    let categories: Vec<Category> = categories.clone().chain(categories.map(Category::exchanged)).collect();
    let inputs = arguments.inputs.iter().chain(&arguments.inputs).cloned().collect();
    let arguments = Arguments { inputs, ..arguments };
    let pass = Pass::new(program, &arguments, &categories);
    let operations = program.stages.operations_per_pair().max(1);
    let blocks = Blocks::new(all, &program.layout, operations);
    let start = |block: usize| {
        let rows = blocks.rows_of(block).len();
        Mutex::new(program.stages.total.iter().map(|&bits| vec![T::from_bits64(bits); rows]).collect())
    };
    let totals = (0..blocks.count).map(start).collect();
    let rounds = Mutex::new(vec![0; blocks.count]);
    let tournament = Tournament { program, pass: &pass, blocks, totals, rounds, is_over: Condvar::new() };
    let progress = Progress::new(pairs);
    let reporter = Reporter::new(&progress, options);
    let writer = Mutex::new(outputs);
    let meetings = tournament.blocks.meetings();
    let crew = Crew { progress: &progress, reporter: &reporter, options };
    let work = (pairs / 2).saturating_mul(operations as u64);
    crew.share(
        &pass,
        meetings + tournament.blocks.count,
        1,
        work,
        &|k, worker, advance| match k.checked_sub(meetings) {
            None => tournament.meet(k, worker, advance),
            Some(block) => tournament.finish(block, worker, &writer, advance),
        },
    );
    if let Some(skipped) = options.skipped {
        skipped.set(0);
    }
    reporter.finish()
}

impl<T: Format> Tournament<'_, T> {
    /// Waits until these blocks have so many rounds behind them: as meetings are taken in order, somebody is at work on those
    /// before. Says whether the run goes on.
    fn wait(&self, blocks: &[usize], rounds: usize, advance: &mut Advance<'_>) -> bool {
        let mut behind = lock(&self.rounds);
        while blocks.iter().any(|&block| behind[block] < rounds) {
            behind = match self.is_over.wait_timeout(behind, INTERVAL) {
                Ok((behind, _)) => behind,
                Err(poisoned) => poisoned.into_inner().0,
            };
            drop(behind);
            if !advance(0, 0) {
                return false;
            }
            behind = lock(&self.rounds);
        }
        true
    }

    /// Lets two blocks meet.
    fn meet(&self, k: usize, worker: &mut Worker<T>, advance: &mut Advance<'_>) {
        let (round, [first, second]) = self.blocks.meeting(k);
        if !self.wait(&[first, second], round, advance) || !self.reduce([first, second], worker, advance) {
            return;
        }
        let mut behind = lock(&self.rounds);
        behind[first] = round + 1;
        behind[second] = round + 1;
        self.is_over.notify_all();
    }

    /// Adds what two blocks make of each other to their totals; says whether that is complete. The first, whose rows are kept,
    /// fills its vectors: only the last block may not, and it is second to all but itself.
    fn reduce(&self, [first, second]: [usize; 2], worker: &mut Worker<T>, advance: &mut Advance<'_>) -> bool {
        let (pass, stages, layout) = (self.pass, &self.program.stages, &self.program.layout);
        let (kept, reduced) = (self.blocks.rows_of(first), self.blocks.rows_of(second));
        let (lanes, width) = (pass.padded(kept.len()), self.program.code.exchanged());
        let serves_both = first != second;
        pass.enter(worker, 0);
        pass.load_rows(worker, Space::Kept, std::slice::from_ref(&kept));
        pass.put(&mut worker.tile, Space::Total, &lock(&self.totals[first]));
        let slots = layout.slots(Space::Exchanged);
        let mut sums: Numbers<T> = vec![Vec::with_capacity(reduced.len()); slots];
        for start in reduced.clone().step_by(layout.reduced) {
            let rows = start..reduced.end.min(start + layout.reduced);
            pass.load_rows(worker, Space::Reduced, std::slice::from_ref(&rows));
            let tile = &mut worker.tile;
            tile.fill(Space::Block, 0..lanes, &stages.block);
            (0..slots).for_each(|slot| tile.plane(Space::Exchanged, slot)[..rows.len() * width].fill(T::default()));
            self.program.code.update(tile, lanes, rows.len());
            self.program.code.map(Stage::Absorb, tile, lanes);
            for (slot, sums) in sums.iter_mut().enumerate().filter(|_| serves_both) {
                let lanes = &tile.plane(Space::Exchanged, slot)[..rows.len() * width];
                sums.extend(lanes.chunks_exact(width).map(sum));
            }
            let pairs = kept.len() as u64 * rows.len() as u64;
            if !advance(if serves_both { 2 * pairs } else { pairs }, 0) {
                return false;
            }
        }
        self.take(worker, first, kept.len());
        if serves_both {
            let (tile, lanes) = (&mut worker.tile, pass.padded(reduced.len()));
            tile.fill(Space::Block, 0..lanes, &stages.block);
            for (slot, sums) in sums.iter().enumerate() {
                tile.plane(Space::Block, slot)[..sums.len()].copy_from_slice(sums);
            }
            pass.put(tile, Space::Total, &lock(&self.totals[second]));
            self.program.code.map(Stage::Absorb, tile, lanes);
            self.take(worker, second, reduced.len());
        }
        true
    }

    /// Takes the totals of a block out of the tile.
    fn take(&self, worker: &mut Worker<T>, block: usize, rows: usize) {
        for (slot, total) in lock(&self.totals[block]).iter_mut().enumerate() {
            total.copy_from_slice(&worker.tile.plane(Space::Total, slot)[..rows]);
        }
    }

    /// Writes the results of a block after its last round.
    fn finish(&self, block: usize, worker: &mut Worker<T>, writer: &Writer<'_, '_>, advance: &mut Advance<'_>) {
        let Blocks { all, count, .. } = self.blocks;
        if !self.wait(&[block], count, advance) {
            return;
        }
        let rows = self.blocks.rows_of(block);
        self.pass.enter(worker, 0);
        self.pass.load_rows(worker, Space::Kept, std::slice::from_ref(&rows));
        self.pass.put(&mut worker.tile, Space::Total, &lock(&self.totals[block]));
        let task = Task { item: 0, intervals: &[], rows, part: 0..all, reduced: all, strip_rows: all, parts: 1 };
        self.pass.finish(worker, &task, writer);
    }
}

/// The sum of some lanes, a vector at a time.
fn sum<T: Number>(lanes: &[T]) -> T {
    const WIDTH: usize = 16;
    let (vectors, rest) = lanes.as_chunks::<WIDTH>();
    let mut sums = [T::default(); WIDTH];
    vectors.iter().for_each(|vector| (0..WIDTH).for_each(|k| sums[k] = T::add(sums[k], vector[k])));
    let mut width = WIDTH;
    while width > 1 {
        width /= 2;
        (0..width).for_each(|k| sums[k] = T::add(sums[k], sums[k + width]));
    }
    rest.iter().fold(sums[0], |sum, &lane| T::add(sum, lane))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_blocks_meet_once_and_take_turns() {
        for count in 1..=23 {
            let blocks = Blocks::of(64 * count - 7, 64);
            let mut met = vec![vec![0; count]; count];
            let mut behind = vec![0; count];
            for k in 0..blocks.meetings() {
                let (round, [first, second]) = blocks.meeting(k);
                assert!(first <= second && second < count, "{first} {second}");
                met[first][second] += 1;
                for block in if first == second { vec![first] } else { vec![first, second] } {
                    assert_eq!(behind[block], round, "block {block} of {count}");
                    behind[block] += 1;
                }
            }
            assert_eq!(behind, vec![count; count]);
            let once = (0..count).all(|first| (first..count).all(|second| met[first][second] == 1));
            assert!(once, "{met:?}");
            let rows: Vec<Range<usize>> = (0..count).map(|block| blocks.rows_of(block)).collect();
            assert!(rows.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].len() == 64));
            assert_eq!((rows[0].start, rows[count - 1].end), (0, blocks.all));
        }
    }

    #[test]
    fn lanes_add_up() {
        for count in [0, 1, 15, 16, 17, 48, 53] {
            let lanes: Vec<f32> = (0..count).map(|k| k as f32).collect();
            assert_eq!(sum(&lanes), (count * (count.max(1) - 1) / 2) as f32);
        }
    }
}
