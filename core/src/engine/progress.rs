//! Progress of a run: its threads count pairs, the calling thread reports them and takes the wish to stop.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::RunOptions;
use crate::error::{Error, ErrorKind, Result};

/// How often the caller hears of progress.
pub(super) const INTERVAL: Duration = Duration::from_millis(50);

/// The state of a run that all its threads share.
pub(super) struct Progress {
    done: AtomicU64,
    skipped: AtomicU64,
    total: u64,
    stopped: AtomicBool,
}

impl Progress {
    pub(super) fn new(total: u64) -> Self {
        Progress { done: AtomicU64::new(0), skipped: AtomicU64::new(0), total, stopped: AtomicBool::new(false) }
    }

    /// Counts pairs, and how many of them were skipped, and says whether to go on.
    pub(super) fn advance(&self, pairs: u64, skipped: u64) -> bool {
        self.done.fetch_add(pairs, Ordering::Relaxed);
        self.skipped.fetch_add(skipped, Ordering::Relaxed);
        !self.is_stopped()
    }

    /// How many pairs were skipped so far.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Whether the run was asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Asks all threads to stop.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Does a part of the run; if it panics, the other threads need not finish theirs.
    pub(super) fn stop_if_it_panics(&self, work: impl FnOnce()) {
        struct Stop<'a>(&'a Progress);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.stop();
            }
        }
        let stop = Stop(self);
        work();
        std::mem::forget(stop);
    }
}

/// What the calling thread tells its caller.
pub(super) struct Reporter<'a> {
    progress: &'a Progress,
    callback: Option<&'a dyn Fn(u64, u64) -> bool>,
    /// When it was told last, where anybody wants to be told: asking for the time takes a small run's time.
    last: Cell<Option<Instant>>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(progress: &'a Progress, options: &RunOptions<'a>) -> Self {
        Reporter { progress, callback: options.progress, last: Cell::new(options.progress.map(|_| Instant::now())) }
    }

    /// Reports if the last time was long enough ago.
    pub(super) fn now_and_then(&self) {
        if self.last.get().is_some_and(|last| last.elapsed() >= INTERVAL) {
            self.report();
            self.last.set(Some(Instant::now()));
        }
    }

    /// Reports unless all is done, which is said at the end.
    pub(super) fn now(&self) {
        if self.progress.done.load(Ordering::Relaxed) < self.progress.total {
            self.report();
        }
    }

    /// Tells the caller. A wish to stop is remembered, and a caller that had it is left alone.
    fn report(&self) {
        let Some(callback) = self.callback.filter(|_| !self.progress.is_stopped()) else { return };
        let done = self.progress.done.load(Ordering::Relaxed);
        if !callback(done, self.progress.total) {
            self.progress.stop();
        }
    }

    /// The last report, and the error of a run that was stopped.
    pub(super) fn finish(self) -> Result<()> {
        let total = self.progress.total;
        if !self.progress.is_stopped() {
            // The results are complete: a wish to stop comes too late.
            if let Some(callback) = self.callback {
                callback(total, total);
            }
            return Ok(());
        }
        let done = self.progress.done.load(Ordering::Relaxed);
        Err(Error::new(
            ErrorKind::Cancelled,
            format!("the run was stopped by its progress callback after {done} of {total} pairs"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_said_stop_is_left_alone() {
        let calls = Cell::new(0);
        let stop = |_: u64, _: u64| {
            calls.set(calls.get() + 1);
            false
        };
        let progress = Progress::new(10);
        let reporter =
            Reporter::new(&progress, &RunOptions { threads: 1, progress: Some(&stop), ..RunOptions::default() });
        assert!(progress.advance(3, 0));
        reporter.report();
        assert!(!progress.advance(2, 1));
        reporter.report();
        assert_eq!(reporter.finish().unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(calls.get(), 1);
    }

    #[test]
    fn a_panic_stops_the_other_threads() {
        let progress = Progress::new(1);
        progress.stop_if_it_panics(|| {});
        assert!(!progress.is_stopped());
        let work = || progress.stop_if_it_panics(|| std::panic::resume_unwind(Box::new(())));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        assert!(progress.is_stopped());
    }
}
