//! The threads of a run: they take tasks until there are none.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::RunOptions;
use super::pack::Format;
use super::pass::{Advance, Pass, Worker};
use super::progress::{INTERVAL, Progress, Reporter};
use super::threads::{Threads, with_helpers};

/// Work, in lane operations, that makes up for a thread: 0.1 ms at least, where making the thread costs some 0.02.
const THREAD_OPERATIONS: u64 = 8 << 20;

/// Those who share the work of a run.
pub(super) struct Crew<'a> {
    pub progress: &'a Progress,
    pub reporter: &'a Reporter<'a>,
    pub options: &'a RunOptions<'a>,
}

impl Crew<'_> {
    /// Performs tasks, which are taken in order and `grain` at a time; `operations` is their work in lane operations.
    pub(super) fn share<T: Format>(
        &self,
        pass: &Pass<'_, T>,
        tasks: usize,
        grain: usize,
        operations: u64,
        perform: &(impl Fn(usize, &mut Worker<T>, &mut Advance<'_>) + Sync),
    ) {
        let Crew { progress, reporter, .. } = *self;
        // What the calling thread and its helpers do alike.
        let next = AtomicUsize::new(0);
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
        let mut advance_and_report = |pairs, skipped| {
            progress.advance(pairs, skipped);
            reporter.now_and_then();
            !progress.is_stopped()
        };
        let work_here = || progress.stop_if_it_panics(|| work(&mut advance_and_report));
        // No thread has too little to do.
        let useful = (operations / THREAD_OPERATIONS).min((tasks / grain) as u64) as usize;
        let threads = Threads::take(self.options.threads, useful);
        with_helpers(threads.count - 1, &help, work_here, INTERVAL, || reporter.now_and_then());
    }
}
