//! Threads of runs: how many there are, that none is left, and that no run waits for another one's end.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Data, ErrorKind, Kernel, Reduction, Result, RunOptions, num_threads,
    set_num_threads,
};

/// Rows of the result in all runs here.
const KEPT: usize = 4096;
/// Reduced rows of a run that takes minutes, and of one that is over at once but has several threads.
const ENDLESS: usize = 1 << 30;
const SHORT: usize = 2048;

/// The tests count the threads of the process, so one runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kernel() -> Arc<Kernel> {
    let reduction = Reduction::parse("Sum_Reduction(Exp(-SqDist(x,y)),0)", &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
    Kernel::compile(&[reduction], &CompileOptions::default()).unwrap()
}

/// A run of which every row is the same one; gives that row.
fn run(kernel: &Kernel, reduced: usize, options: &RunOptions<'_>) -> Result<f32> {
    let one = [0.5];
    let repeated =
        |rows| ArrayRef { data: Data::F32(&one), origin: 0, shape: vec![rows, 1].into(), strides: vec![0, 0].into() };
    let mut out = vec![0.0; KEPT];
    kernel.run(&[repeated(KEPT), repeated(reduced)], &mut [ArrayMut::f32(&mut out, &[KEPT])], options)?;
    assert!(out.iter().all(|&row| row == out[0]));
    Ok(out[0])
}

/// The library's threads that are alive, where the system tells.
fn helpers() -> usize {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let name = |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.ok()?.path().join("comm")).ok();
    tasks.filter_map(name).filter(|name| name.starts_with("rkeops-")).count()
}

/// The system may list a thread for a moment after its end.
fn wait_until_none_is_left() {
    let start = Instant::now();
    while helpers() > 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} threads are left", helpers());
        std::thread::yield_now();
    }
}

#[test]
fn no_thread_outlives_its_run() {
    let _alone = alone();
    let kernel = kernel();
    for threads in 1..20 {
        assert_eq!(run(&kernel, SHORT, &RunOptions { threads, ..RunOptions::default() }).unwrap(), SHORT as f32);
    }
    wait_until_none_is_left();
}

#[test]
fn the_calling_thread_is_one_of_the_threads() {
    let _alone = alone();
    let kernel = kernel();
    for threads in 1..5 {
        wait_until_none_is_left();
        let most = Cell::new(0);
        let count_and_stop = |_: u64, _: u64| {
            most.set(helpers());
            false
        };
        let options = RunOptions { threads, progress: Some(&count_and_stop), ..RunOptions::default() };
        assert_eq!(run(&kernel, ENDLESS, &options).unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(most.get() < threads, "{} helpers for {threads} threads", most.get());
    }
}

/// From the progress callback of a run, on its thread and on another: the runs there end while the first one goes on.
#[test]
fn runs_do_not_wait_for_each_other() {
    let _alone = alone();
    let kernel = kernel();
    for threads in 1..4 {
        let calls = Cell::new(0);
        let nested = |_: u64, _: u64| {
            calls.set(calls.get() + 1);
            let short = || run(&kernel, SHORT, &RunOptions { threads: 3, ..RunOptions::default() }).unwrap();
            let elsewhere = std::thread::scope(|scope| scope.spawn(short).join().unwrap());
            assert_eq!(short(), elsewhere);
            calls.get() < 2
        };
        let options = RunOptions { threads, progress: Some(&nested), ..RunOptions::default() };
        assert_eq!(run(&kernel, ENDLESS, &options).unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(calls.get(), 2, "a callback that said stop is not called again");
    }
}

/// A callback that panics ends the run on all threads, and the kernel stays usable.
#[test]
fn a_panic_of_the_callback_passes_through() {
    let _alone = alone();
    let kernel = kernel();
    for threads in 1..4 {
        let panics = |_: u64, _: u64| -> bool { std::panic::resume_unwind(Box::new("from the callback")) };
        let options = RunOptions { threads, progress: Some(&panics), ..RunOptions::default() };
        let payload = catch_unwind(AssertUnwindSafe(|| run(&kernel, ENDLESS, &options))).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"from the callback"));
        assert_eq!(run(&kernel, SHORT, &RunOptions { threads, ..RunOptions::default() }).unwrap(), SHORT as f32);
    }
}

/// The most helpers that are there at once while so many threads run something whose options name no number.
fn most_helpers(kernel: &Kernel, callers: usize) -> usize {
    let most = AtomicUsize::new(0);
    let call = || {
        let calls = Cell::new(0);
        let count_and_stop = |_: u64, _: u64| {
            most.fetch_max(helpers(), Ordering::Relaxed);
            calls.set(calls.get() + 1);
            calls.get() < 6
        };
        let options = RunOptions { progress: Some(&count_and_stop), ..RunOptions::default() };
        assert_eq!(run(kernel, ENDLESS, &options).unwrap_err().kind(), ErrorKind::Cancelled);
    };
    std::thread::scope(|scope| (0..callers).for_each(|_| drop(scope.spawn(call))));
    most.into_inner()
}

/// Who calls from several threads gets no more threads than who calls from one, and what has ended counts no more, however
/// it ended.
#[test]
fn runs_at_the_same_time_share_the_threads() {
    let _alone = alone();
    let kernel = kernel();
    let before = num_threads();
    set_num_threads(3);
    assert_eq!(num_threads(), 3);
    for callers in [1, 3, 2, 1] {
        wait_until_none_is_left();
        let most = most_helpers(&kernel, callers);
        // Where the system does not list threads there is nothing to count.
        assert!(most <= 2, "{most} helpers for {callers} callers");
        assert!(callers > 1 || most == 2 || cfg!(not(target_os = "linux")), "{most} helpers for one caller");
        let panics = |_: u64, _: u64| -> bool { std::panic::resume_unwind(Box::new(())) };
        let options = RunOptions { progress: Some(&panics), ..RunOptions::default() };
        assert!(catch_unwind(AssertUnwindSafe(|| run(&kernel, ENDLESS, &options))).is_err());
    }
    set_num_threads(0);
    assert_eq!(num_threads(), before);
}
