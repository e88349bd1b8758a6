//! A run: the work is cut into tasks whose number and order depend on sizes alone, so that results are the same for
//! any number of threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::arguments;
use super::locks::lock;
use super::pack::View;
use super::pass::{Advance, Pass, Totals};
use super::progress::{INTERVAL, Progress, Reporter};
use super::threads::{self, with_helpers};
use super::{Kernel, Program, RunOptions};
use crate::array::{ArrayMut, ArrayRef};
use crate::backend::{Layout, Tile};
use crate::error::{Error, ErrorKind, Result};

/// Work, in lane operations, that makes up for a thread: 0.1 ms at least, where making the thread costs some 0.02.
const THREAD_OPERATIONS: u64 = 8 << 20;
/// Work, in lane operations, of a tile at most: some 20 ms on the slowest target. Between tiles the caller is told
/// of progress, and a wish to stop is heard.
const TILE_OPERATIONS: usize = 1 << 26;
/// Work, in pairs, of a task at least.
const TASK_PAIRS: u64 = 1 << 20;
/// Tasks of a run, about.
const TASKS: u64 = 64;
/// Kept rows of a task at least, so that packing the reduced rows costs little beside the pairs.
const FEWEST_ROWS: usize = 512;

/// Kept rows of a task are a multiple of this, so that no vector is cut.
const LANES: usize = 64;

/// How a run is cut: blocks of kept rows, and parts of the reduced rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Kept rows of a task.
    pub rows: usize,
    /// Blocks of kept rows.
    pub blocks: usize,
    /// Reduced rows of a task.
    pub part: usize,
    /// Parts of the reduced rows.
    pub parts: usize,
}

/// Cuts a run. It must not depend on threads, nor may the parts depend on anything but sizes: they decide in which
/// order totals are merged.
pub(super) fn cut(kept: usize, reduced: usize, layout: &Layout, operations: usize) -> Cut {
    let pairs = (kept as u64).saturating_mul(reduced as u64);
    let wanted = (pairs / TASK_PAIRS).clamp(1, TASKS) as usize;
    let fewest = FEWEST_ROWS.min(layout.kept);
    let rows = kept.div_ceil(wanted).next_multiple_of(LANES).clamp(fewest, layout.kept);
    let longest = reduced.div_ceil(4 * layout.reduced).max(1);
    let parts = wanted.div_ceil(kept.div_ceil(rows).max(1)).clamp(1, longest);
    // Parts end where tiles end.
    let part = reduced.div_ceil(parts).next_multiple_of(layout.reduced).max(1);
    let short = TILE_OPERATIONS / operations.max(1) / layout.reduced / LANES * LANES;
    let rows = rows.min(short.max(LANES));
    Cut { rows, blocks: kept.div_ceil(rows), part, parts: reduced.div_ceil(part).max(1) }
}

pub(super) fn run<T: View>(
    kernel: &Kernel,
    program: &Program<T>,
    inputs: &[ArrayRef<'_>],
    outputs: &mut [ArrayMut<'_>],
    options: &RunOptions<'_>,
) -> Result<()> {
    let arguments = arguments::check::<T>(kernel, inputs, outputs)?;
    let (kept, reduced) = (arguments.kept, arguments.reduced);
    let total = (kept as u64)
        .checked_mul(reduced as u64)
        .ok_or_else(|| Error::new(ErrorKind::Size, format!("{kept} times {reduced} pairs overflow 64 bits")))?;
    let pass = Pass::new(program, &arguments);
    let operations = kernel.operations_per_pair().max(1);
    let cut = cut(kept, reduced, &program.layout, operations);
    let progress = Progress::new(total);
    let writer = Mutex::new(outputs);
    let tasks = cut.blocks * cut.parts;
    let partial: Vec<Mutex<Option<Totals<T>>>> = match cut.parts {
        1 => Vec::new(),
        _ => (0..tasks).map(|_| Mutex::new(None)).collect(),
    };
    let rows = |block: usize| block * cut.rows..kept.min((block + 1) * cut.rows);
    let task = |k: usize, tile: &mut Tile<T>, advance: &mut Advance<'_>| {
        let (block, part) = (k / cut.parts, k % cut.parts);
        let range = part * cut.part..reduced.min((part + 1) * cut.part);
        match partial.get(k) {
            None => pass.reduce_and_finish(tile, rows(block), range, &writer, advance),
            Some(place) => *lock(place) = pass.reduce(tile, rows(block), range, advance),
        }
    };
    // What the calling thread and its helpers do alike: they take tasks until there are none.
    let next = AtomicUsize::new(0);
    let work = |advance: &mut Advance<'_>| {
        let mut tile = pass.take_tile();
        while !progress.is_stopped() {
            let k = next.fetch_add(1, Ordering::Relaxed);
            if k >= tasks {
                break;
            }
            task(k, &mut tile, advance);
        }
        pass.give_back(tile);
    };
    let help = || progress.stop_if_it_panics(|| work(&mut |pairs| progress.advance(pairs)));
    let reporter = Reporter::new(&progress, options);
    let mut advance_and_report = |pairs| {
        progress.advance(pairs);
        reporter.now_and_then();
        !progress.is_stopped()
    };
    let work_here = || progress.stop_if_it_panics(|| work(&mut advance_and_report));
    let threads = threads_for(total.saturating_mul(operations as u64), tasks, options);
    with_helpers(threads - 1, &help, work_here, INTERVAL, || reporter.now_and_then());
    if !partial.is_empty() && !progress.is_stopped() {
        // The totals of the parts of a block, merged in order.
        let mut tile = pass.take_tile();
        for block in 0..cut.blocks {
            let parts = partial[block * cut.parts..][..cut.parts].iter().filter_map(|part| lock(part).take());
            pass.merge_and_finish(&mut tile, rows(block), parts, &writer);
        }
        pass.give_back(tile);
    }
    reporter.finish()
}

/// The threads of a run: as many as are wanted, but none that has too little to do.
fn threads_for(work: u64, tasks: usize, options: &RunOptions<'_>) -> usize {
    let useful = (work / THREAD_OPERATIONS).min(tasks as u64) as usize;
    // Asking how many threads the process may use takes longer than a small run.
    if useful > 1 { threads::count(options.threads).min(useful) } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_short_whatever_the_formula() {
        let reduction = crate::Reduction::parse("Sum_Reduction(x*y,0)", &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
        let plan = crate::plan::plan(&[reduction]).unwrap();
        let target = crate::backend::Target::Portable;
        let stages = crate::lower::lower(&plan, crate::Dtype::F32, target.machine()).unwrap();
        let layout = Layout::new(&stages);
        for (kept, reduced) in [(0, 5), (5, 0), (3, 1 << 30), (1000, 1000), (50_000, 70_000), (1 << 24, 1 << 24)] {
            let simple = cut(kept, reduced, &layout, 1);
            for operations in [0, 10, 300, 1000, 4000, 1 << 20] {
                let cut = cut(kept, reduced, &layout, operations);
                assert_eq!((cut.part, cut.parts), (simple.part, simple.parts), "sums would be added otherwise");
                let pairs = cut.rows.min(kept) * layout.reduced;
                assert!(pairs * operations <= TILE_OPERATIONS || cut.rows == LANES, "{cut:?}");
                assert!(cut.rows.is_multiple_of(LANES) && cut.rows <= layout.kept, "{cut:?}");
                assert!(cut.blocks * cut.rows >= kept && (cut.blocks * cut.rows).saturating_sub(kept) < cut.rows);
                assert!(cut.parts * cut.part >= reduced, "{cut:?}");
            }
        }
    }
}
