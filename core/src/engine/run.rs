//! A run: what is cut into tasks, and what becomes of them.

use std::sync::{Arc, Mutex};

use super::crew::Crew;
use super::locks::lock;
use super::pack::Format;
use super::pass::{Advance, Pass, Totals, Worker};
use super::progress::{Progress, Reporter};
use super::ranges::Pattern;
use super::schedule::{self, Schedule};
use super::{Kernel, Program, RunOptions};
use super::{arguments, integers, symmetric};
use crate::array::{ArrayMut, ArrayRef};
use crate::error::Result;
use crate::lower::Stage;

pub(super) fn run<T: Format>(
    kernel: &Kernel,
    program: &Program<T>,
    inputs: &[ArrayRef<'_>],
    outputs: &mut [ArrayMut<'_>],
    options: &RunOptions<'_>,
) -> Result<()> {
    let arguments = arguments::check(kernel, inputs, outputs)?;
    integers::check(kernel, &arguments)?;
    let same = symmetric::same_arrays(kernel, &arguments).filter(|_| options.ranges.is_none());
    if let Some(same) = same {
        let make = |same: &Vec<usize>| symmetric::program(kernel, program, same).map(|found| found.map(Arc::new));
        if let Some(exchanged) = program.exchanged.get(same, make)? {
            return symmetric::run(kernel, &exchanged, arguments, outputs, options);
        }
    }
    let (kept, reduced) = (arguments.kept, arguments.reduced);
    let pattern = match options.ranges {
        Some(ranges) => ranges.pattern(kernel.axis, kept, reduced)?,
        None => Pattern::dense(kept, reduced),
    };
    let items = arguments.batch.counted()?;
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
    let reporter = Reporter::new(&progress, options);
    let crew = Crew { progress: &progress, reporter: &reporter, options };
    crew.share(&pass, tasks, schedule.grain(), total.saturating_mul(operations as u64), &perform);
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
