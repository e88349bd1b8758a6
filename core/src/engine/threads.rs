//! Threads: a private pool, made at first use and made again in a forked child, where the threads of the parent do not
//! exist.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Pools by number of threads, and the process that made them.
struct Pools {
    process: u32,
    pools: HashMap<usize, Arc<ThreadPool>>,
}

static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

/// How often a busy lock is tried before it is taken for one that a fork left behind.
const PATIENCE: usize = 10_000;

/// The lock, or nothing if it never becomes free: after a fork its owner may be a thread that was not forked.
/// All that is guarded so is held for microseconds.
pub(super) fn lock_unless_orphaned<T>(lock: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..PATIENCE {
        match lock.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// The lock of what one run shares with its own workers; a worker that panicked leaves it usable.
pub(super) fn lock<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pool of this many threads; none if threads cannot be had, so that the work is done by the caller.
pub(super) fn pool(threads: usize) -> Option<Arc<ThreadPool>> {
    let mut guard = lock_unless_orphaned(&POOLS)?;
    let process = std::process::id();
    if guard.as_ref().is_some_and(|pools| pools.process != process) {
        // Dropping a pool waits for its threads, which do not exist in this process.
        std::mem::forget(guard.take());
    }
    let pools = guard.get_or_insert_with(|| Pools { process, pools: HashMap::new() });
    if let Some(pool) = pools.pools.get(&threads) {
        return Some(pool.clone());
    }
    let name = |k| format!("rkeops-{k}");
    let pool = Arc::new(ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build().ok()?);
    pools.pools.insert(threads, pool.clone());
    Some(pool)
}

/// More threads than any machine has.
const MOST_THREADS: usize = 1024;

/// The number of threads where the caller asks for none in particular.
pub(super) fn default_count() -> usize {
    let asked = std::env::var("RKEOPS_NUM_THREADS").ok().and_then(|n| n.trim().parse::<usize>().ok());
    let count = asked.filter(|&n| n > 0);
    count.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get())).min(MOST_THREADS)
}

/// The number of threads of a run.
pub(super) fn count(asked: usize) -> usize {
    if asked > 0 { asked.min(MOST_THREADS) } else { default_count() }
}
