//! A run: the work is cut into tasks whose number and order depend on sizes alone, so that results are the same for
//! any number of threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::arguments;
use super::pack::View;
use super::pass::{Pass, Totals};
use super::progress::{Progress, Worker};
use super::threads::lock;
use super::{Kernel, Program, RunOptions, threads};
use crate::array::{ArrayMut, ArrayRef};
use crate::backend::Layout;
use crate::error::{Error, ErrorKind, Result};

/// Work, in lane operations, below which threads cost more than they give.
const SERIAL_OPERATIONS: u64 = 4 << 20;
/// Work, in pairs, of a task at least.
const TASK_PAIRS: u64 = 1 << 20;
/// Tasks of a run, about.
const TASKS: u64 = 64;
/// Kept rows of a task at least, so that packing the reduced rows costs little beside the pairs.
const FEWEST_ROWS: usize = 512;

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

/// Cuts a run. It must not depend on threads.
pub(super) fn cut(kept: usize, reduced: usize, layout: &Layout) -> Cut {
    let pairs = (kept as u64).saturating_mul(reduced as u64);
    let wanted = (pairs / TASK_PAIRS).clamp(1, TASKS) as usize;
    let fewest = FEWEST_ROWS.min(layout.kept);
    let rows = kept.div_ceil(wanted).next_multiple_of(64).clamp(fewest, layout.kept);
    let blocks = kept.div_ceil(rows);
    let longest = reduced.div_ceil(4 * layout.reduced).max(1);
    let parts = wanted.div_ceil(blocks.max(1)).clamp(1, longest);
    // Parts end where tiles end.
    let part = reduced.div_ceil(parts).next_multiple_of(layout.reduced).max(1);
    Cut { rows, blocks, part, parts: reduced.div_ceil(part).max(1) }
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
    let cut = cut(kept, reduced, &program.layout);
    let progress = Progress::new(total);
    let writer = Mutex::new(outputs);
    let tasks = cut.blocks * cut.parts;
    let work = total.saturating_mul(kernel.operations_per_pair().max(1) as u64);
    let threads = if work < SERIAL_OPERATIONS { 1 } else { threads::count(options.threads).min(tasks) };
    let partial: Vec<Mutex<Option<Totals<T>>>> = match cut.parts {
        1 => Vec::new(),
        _ => (0..tasks).map(|_| Mutex::new(None)).collect(),
    };
    let task = |k: usize, report: &mut dyn FnMut()| {
        let (block, part) = (k / cut.parts, k % cut.parts);
        let rows = block * cut.rows..kept.min((block + 1) * cut.rows);
        let range = part * cut.part..reduced.min((part + 1) * cut.part);
        match partial.get(k) {
            None => pass.reduce_and_finish(rows, range, &writer, &progress, report),
            Some(place) => *lock(place) = Some(pass.reduce(rows, range, &progress, report)),
        }
    };
    // The totals of the parts of a block, merged in order.
    let merge = |block: usize| {
        let rows = block * cut.rows..kept.min((block + 1) * cut.rows);
        let parts = &partial[block * cut.parts..(block + 1) * cut.parts];
        pass.merge_and_finish(rows, parts.iter().filter_map(|part| lock(part).take()), &writer);
    };
    match if threads > 1 { threads::pool(threads) } else { None } {
        None => {
            let mut report = progress.reporter(options);
            for k in 0..tasks {
                task(k, &mut report);
            }
        }
        Some(pool) => {
            let next = AtomicUsize::new(0);
            pool.in_place_scope(|scope| {
                for _ in 0..threads {
                    progress.enter();
                    scope.spawn(|_| {
                        let _worker = Worker(&progress);
                        loop {
                            let k = next.fetch_add(1, Ordering::Relaxed);
                            if k >= tasks || progress.is_stopped() {
                                break;
                            }
                            task(k, &mut || {});
                        }
                    });
                }
                progress.watch(options);
            });
        }
    }
    if !partial.is_empty() && !progress.is_stopped() {
        (0..cut.blocks).for_each(merge);
    }
    progress.finish(options)
}
