//! The wall between Rust and C: every result becomes an `rkeops_error *`, every panic an error, in silence.
//! It knows nothing of what is guarded.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use rkeops_core::{Error, ErrorKind};

use crate::error::{self, rkeops_error};
use crate::handle::{self, Object};

thread_local! {
    /// How many guarded calls are under way on this thread; a callback may call the library again.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Where the last guarded panic of this thread was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Names of the library's own threads start so; a panic there is resumed on the calling thread.
const WORKER: &str = "rkeops";

/// Runs the body of a C function.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Error>) -> *mut rkeops_error {
    // Nobody waits for the thread that sets the hook: a child forked meanwhile would wait for ever.
    static IS_HOOKED: AtomicBool = AtomicBool::new(false);
    if !IS_HOOKED.load(Ordering::Relaxed) && !IS_HOOKED.swap(true, Ordering::Relaxed) {
        keep_guarded_panics_quiet();
    }
    DEPTH.set(DEPTH.get() + 1);
    // The objects behind handles are immutable, so nothing half-changed outlives a panic.
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    match result {
        Ok(Ok(())) => std::ptr::null_mut(),
        Ok(Err(failure)) => error::give(&failure),
        Err(payload) => {
            let what = payload
                .downcast_ref::<&str>()
                .map(|s| s.to_string())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic without a message".to_string());
            // A payload whose destructor panics must not unwind into C.
            std::mem::forget(payload);
            let place = PLACE.take();
            let message = format!("internal error, please report it: {what}{place}");
            error::give(&Error::new(ErrorKind::Internal, message))
        }
    }
}

/// Runs the body of a C function that makes a handle and writes it to `out`. On failure `*out` is NULL.
///
/// # Safety
/// `out` is NULL or valid for writing one pointer.
pub(crate) unsafe fn produce<H: Object>(
    out: *mut *mut H,
    body: impl FnOnce() -> Result<H::Value, Error>,
) -> *mut rkeops_error {
    guard(|| {
        // SAFETY: the caller vouches for `out`.
        unsafe { handle::write(out, std::ptr::null_mut()) }?;
        let value = body()?;
        // SAFETY: the same.
        unsafe { handle::write(out, handle::give(value)) }
    })
}

/// A caught panic would still be printed by the standard hook to the host's stderr. Ours keeps the place of a
/// guarded panic for the message and passes every other panic on. It is set at the first guarded call, not at
/// load, and matters to a host in Rust only: every other host has no hook of this kind.
fn keep_guarded_panics_quiet() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let worker = std::thread::current().name().is_some_and(|name| name.starts_with(WORKER));
        if DEPTH.get() > 0 {
            let place = info.location().map_or_else(String::new, |at| format!(" (at {}:{})", at.file(), at.line()));
            PLACE.replace(place);
        } else if !worker {
            before(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RKEOPS_ERROR_INTERNAL, rkeops_error_code, rkeops_error_free, rkeops_error_message};
    use std::ffi::CStr;

    fn message(error: *mut rkeops_error) -> (i32, String) {
        // SAFETY: the error is live and owned here.
        unsafe {
            let text = CStr::from_ptr(rkeops_error_message(error)).to_str().unwrap().to_string();
            let code = rkeops_error_code(error);
            rkeops_error_free(error);
            (code, text)
        }
    }

    #[test]
    fn a_panic_is_an_error() {
        let (code, text) = message(guard(|| panic!("seven {}", 7)));
        assert_eq!(code, RKEOPS_ERROR_INTERNAL);
        assert!(text.contains("seven 7") && text.contains("guard.rs:"), "{text}");
        let (_, text) = message(guard(|| std::panic::panic_any(5)));
        assert!(text.contains("without a message"), "{text}");
        assert!(guard(|| Ok(())).is_null());
    }

    /// Run by `guarded_panics_print_nothing` in a process of its own.
    #[test]
    #[ignore = "a part of guarded_panics_print_nothing"]
    fn child() {
        message(guard(|| panic!("guarded one")));
        message(guard(|| {
            let worker = std::thread::Builder::new().name("rkeops-0".into());
            let caught = worker.spawn(|| panic!("worker one")).unwrap().join();
            panic::resume_unwind(caught.unwrap_err())
        }));
        let _ = panic::catch_unwind(|| panic!("of the host"));
    }

    #[test]
    fn guarded_panics_print_nothing() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "guard::tests::child", "--ignored", "--nocapture", "--test-threads=1"]);
        let output = command.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{printed}");
        assert!(printed.contains("of the host"), "other panics are passed on: {printed}");
        assert!(!printed.contains(" one"), "{printed}");
    }
}
