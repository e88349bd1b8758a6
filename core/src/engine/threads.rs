//! Threads: a run that is long enough makes its helpers and ends them. Making one costs some 20 microseconds, and
//! nothing is left behind: no idle threads, no queue in which one run waits for another, nothing that a fork breaks.

use std::panic::resume_unwind;
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

/// The number of threads where the caller asks for none in particular.
pub(super) fn default_count() -> usize {
    let asked = std::env::var("RKEOPS_NUM_THREADS").ok().and_then(|n| n.trim().parse::<usize>().ok());
    let count = asked.filter(|&n| n > 0);
    count.unwrap_or_else(|| thread::available_parallelism().map_or(1, |n| n.get())).min(MOST_THREADS)
}

/// The number of threads of a run.
pub(super) fn count(asked: usize) -> usize {
    if asked > 0 { asked.min(MOST_THREADS) } else { default_count() }
}
