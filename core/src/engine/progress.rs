//! Progress of a run: workers count pairs, the calling thread reports them and takes the wish to stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use super::RunOptions;
use super::threads::lock;
use crate::error::{Error, ErrorKind, Result};

/// How often the caller hears of progress.
const INTERVAL: Duration = Duration::from_millis(50);

/// The state of a run that all its threads share.
pub(super) struct Progress {
    done: AtomicU64,
    total: u64,
    stopped: AtomicBool,
    /// How many workers are still at work.
    working: Mutex<usize>,
    idle: Condvar,
}

impl Progress {
    pub(super) fn new(total: u64) -> Self {
        Progress {
            done: AtomicU64::new(0),
            total,
            stopped: AtomicBool::new(false),
            working: Mutex::new(0),
            idle: Condvar::new(),
        }
    }

    /// Counts pairs.
    pub(super) fn advance(&self, pairs: u64) {
        self.done.fetch_add(pairs, Ordering::Relaxed);
    }

    /// Whether the caller asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Tells the caller; a wish to stop is remembered.
    fn report(&self, options: &RunOptions<'_>) {
        let Some(callback) = options.progress else { return };
        if !callback(self.done.load(Ordering::Relaxed).min(self.total), self.total) {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    /// A reporter for work that the calling thread does itself.
    pub(super) fn reporter<'a>(&'a self, options: &'a RunOptions<'a>) -> impl FnMut() + 'a {
        let mut last = Instant::now();
        move || {
            if options.progress.is_some() && last.elapsed() >= INTERVAL {
                self.report(options);
                last = Instant::now();
            }
        }
    }

    /// Says that a worker starts; called before it is spawned.
    pub(super) fn enter(&self) {
        *lock(&self.working) += 1;
    }

    /// Says that a worker is done.
    pub(super) fn leave(&self) {
        *lock(&self.working) -= 1;
        self.idle.notify_all();
    }

    /// Reports from the calling thread until all workers are done.
    pub(super) fn watch(&self, options: &RunOptions<'_>) {
        if options.progress.is_none() {
            return;
        }
        let mut working = lock(&self.working);
        while *working > 0 {
            let (guard, timeout) = match self.idle.wait_timeout(working, INTERVAL) {
                Ok(result) => result,
                Err(poisoned) => poisoned.into_inner(),
            };
            working = guard;
            if timeout.timed_out() {
                drop(working);
                self.report(options);
                working = lock(&self.working);
            }
        }
    }

    /// The last report, and the error of a run that was stopped.
    pub(super) fn finish(&self, options: &RunOptions<'_>) -> Result<()> {
        if !self.is_stopped() {
            // The results are complete: a wish to stop comes too late.
            if let Some(callback) = options.progress {
                callback(self.total, self.total);
            }
            return Ok(());
        }
        let done = self.done.load(Ordering::Relaxed);
        Err(Error::new(
            ErrorKind::Cancelled,
            format!("the run was stopped by its progress callback after {done} of {} pairs", self.total),
        ))
    }
}

/// Leaves when a worker ends, even by a panic.
pub(super) struct Worker<'a>(pub(super) &'a Progress);

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
