//! A run: threads take tasks until there are none.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::locks::lock;
use super::pack::Format;
use super::pass::{Advance, Pass, Totals, Worker};
use super::progress::{INTERVAL, Progress, Reporter};
use super::ranges::Pattern;
use super::schedule::{self, Schedule};
use super::threads::{self, with_helpers};
use super::{Kernel, Program, RunOptions};
use super::{arguments, integers};
use crate::array::{ArrayMut, ArrayRef};
use crate::error::{Error, ErrorKind, Result};
use crate::lower::Stage;

/// Work, in lane operations, that makes up for a thread: 0.1 ms at least, where making the thread costs some 0.02.
const THREAD_OPERATIONS: u64 = 8 << 20;

pub(super) fn run<T: Format>(
    kernel: &Kernel,
    program: &Program<T>,
    inputs: &[ArrayRef<'_>],
    outputs: &mut [ArrayMut<'_>],
    options: &RunOptions<'_>,
) -> Result<()> {
    let arguments = arguments::check(kernel, inputs, outputs)?;
    integers::check(kernel, &arguments)?;
    let (kept, reduced) = (arguments.kept, arguments.reduced);
    let pattern = match options.ranges {
        Some(ranges) => ranges.pattern(kernel.axis, kept, reduced)?,
        None => Pattern::dense(kept, reduced),
    };
    let Some(items) = arguments.batch.items() else {
        let message = format!("the batch axes {:?} are more than can be counted", arguments.batch.shape());
        return Err(Error::new(ErrorKind::Size, message));
    };
    let operations = kernel.operations_per_pair().max(1);
    let held = program.stages.rows.iter().map(|part| part.columns).sum();
    let is_masked = program.stages.condition.is_some();
    let of = schedule::Rows { held, is_masked, searches: program.stages.has(Stage::Candidates) };
    let schedule = Schedule::new(&pattern, items, &program.layout, operations, of)
        .map_err(|error| error.within(format!("{kept} times {reduced} rows")))?;
    let categories: Vec<_> = kernel.inputs.iter().map(|input| input.category).collect();
    let pass = Pass::new(program, &arguments, &categories);
    let total = schedule.pairs();
    let progress = Progress::new(total);
    let writer = Mutex::new(outputs);
    let tasks = schedule.tasks();
    let partial: Vec<Mutex<Option<Totals<T>>>> = match schedule.has_parts() {
        false => Vec::new(),
        true => (0..tasks).map(|_| Mutex::new(None)).collect(),
    };
    let perform = |k: usize, worker: &mut Worker<T>, advance: &mut Advance<'_>| {
        let task = schedule.task(k);
        match partial.get(k).filter(|_| task.parts > 1) {
            None => pass.reduce_and_finish(worker, &task, &writer, advance),
            Some(place) => *lock(place) = pass.reduce(worker, &task, advance),
        }
    };
    // What the calling thread and its helpers do alike: they take tasks until there are none.
    let (next, grain) = (AtomicUsize::new(0), schedule.grain());
    let work = |advance: &mut Advance<'_>| {
        let mut worker = pass.worker();
        loop {
            let first = next.fetch_add(grain, Ordering::Relaxed);
            if first >= tasks || progress.is_stopped() {
                break;
            }
            let mine = first..tasks.min(first + grain);
            mine.take_while(|_| !progress.is_stopped()).for_each(|k| perform(k, &mut worker, advance));
        }
        pass.give_back(worker);
    };
    let help = || progress.stop_if_it_panics(|| work(&mut |pairs, skipped| progress.advance(pairs, skipped)));
    let reporter = Reporter::new(&progress, options);
    let mut advance_and_report = |pairs, skipped| {
        progress.advance(pairs, skipped);
        reporter.now_and_then();
        !progress.is_stopped()
    };
    let work_here = || progress.stop_if_it_panics(|| work(&mut advance_and_report));
    let threads = threads_for(total.saturating_mul(operations as u64), tasks / grain, options);
    with_helpers(threads - 1, &help, work_here, INTERVAL, || reporter.now_and_then());
    if !partial.is_empty() && !progress.is_stopped() {
        // The totals of the parts of a block, merged in order.
        let mut worker = pass.worker();
        let mut k = 0;
        while k < tasks {
            let task = schedule.task(k);
            if task.parts > 1 {
                let parts = partial[k..k + task.parts].iter().filter_map(|part| lock(part).take());
                pass.merge_and_finish(&mut worker, &task, parts, &writer);
            }
            k += task.parts;
        }
        pass.give_back(worker);
    }
    if let Some(skipped) = options.skipped {
        skipped.set(progress.skipped());
    }
    reporter.finish()
}

/// The threads of a run: as many as are wanted, but none that has too little to do.
fn threads_for(work: u64, tasks: usize, options: &RunOptions<'_>) -> usize {
    let useful = (work / THREAD_OPERATIONS).min(tasks as u64) as usize;
    // Asking how many threads the process may use takes longer than a small run.
    if useful > 1 { threads::count(options.threads).min(useful) } else { 1 }
}
