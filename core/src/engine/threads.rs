//! Threads: a run that is long enough makes its helpers and ends them. Making one costs some 20 microseconds, and
//! nothing is left behind: no idle threads, no queue in which one run waits for another, nothing that a fork breaks.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Builder};
use std::time::Duration;

/// Calls `work` on this thread while up to `count` others call `help`, fewer where the system gives no more; then
/// calls `wait` at every interval until they are done. A panic of a helper goes on here.
pub(super) fn with_helpers(
    count: usize,
    help: &(impl Fn() + Sync),
    work: impl FnOnce(),
    interval: Duration,
    mut wait: impl FnMut(),
) {
    if count == 0 {
        return work();
    }
    thread::scope(|scope| {
        // Nothing is sent: a helper that ends, however it does, hangs up.
        let (connection, helping) = mpsc::channel::<()>();
        let start = |k: usize| {
            let connection = connection.clone();
            let helper = move || {
                help();
                drop(connection);
            };
            Builder::new().name(format!("rkeops-{k}")).spawn_scoped(scope, helper).ok()
        };
        let helpers: Vec<_> = (1..=count).map_while(start).collect();
        drop(connection);
        work();
        while helping.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            wait();
        }
        for helper in helpers {
            helper.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
}

/// More threads than any machine has.
const MOST_THREADS: usize = 1024;

/// What [`set_num_threads`] was told; 0 as long as nobody has said.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Threads that are at work in runs that have helpers: their number, and above it the process that counted, because in a
/// forked child none of them is there.
static AT_WORK: AtomicU64 = AtomicU64::new(0);

/// Sets how many threads runs use together where their options name no number; 0 is for as many as `RKEOPS_NUM_THREADS` says
/// or the process may use, as at first. Runs that have begun go on as they are.
pub fn set_num_threads(count: usize) {
    ASKED.store(count.min(MOST_THREADS), Ordering::Relaxed);
}

/// How many threads runs use together where their options name no number.
pub fn num_threads() -> usize {
    let of_environment = || std::env::var("RKEOPS_NUM_THREADS").ok().and_then(|n| n.trim().parse::<usize>().ok());
    let asked = Some(ASKED.load(Ordering::Relaxed)).filter(|&n| n > 0);
    let asked = asked.or_else(|| of_environment().filter(|&n| n > 0));
    asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, |n| n.get())).min(MOST_THREADS)
}

/// The threads of a run: the calling one and its helpers, which count as long as this lives.
pub(super) struct Threads {
    pub count: usize,
    process: u64,
}

impl Threads {
    /// As many as are asked for; where that is 0, as many as are left beside the threads of other runs, so that those who call
    /// from several threads at once get no more than one processor for each. There are no more than `useful`.
    pub(super) fn take(asked: usize, useful: usize) -> Self {
        // Asking how many threads the process may use takes longer than a small run.
        if useful <= 1 {
            return Threads { count: 1, process: 0 };
        }
        let process = u64::from(std::process::id()) << 32;
        let most = if asked > 0 { asked.min(MOST_THREADS) } else { num_threads() };
        let mut count = 1;
        let _ = AT_WORK.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at_work| {
            let others = of_process(at_work, process);
            let left = if asked > 0 { most } else { most.saturating_sub(others).max(1) };
            count = left.min(useful);
            Some(process | (others + count) as u64)
        });
        Threads { count, process }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if self.process > 0 {
            let _ = AT_WORK.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at_work| {
                Some(self.process | of_process(at_work, self.process).saturating_sub(self.count) as u64)
            });
        }
    }
}

/// How many of the threads at work are this process' own.
fn of_process(at_work: u64, process: u64) -> usize {
    if at_work & (u64::MAX << 32) == process { (at_work & u64::from(u32::MAX)) as usize } else { 0 }
}
