//! C functions for the number of threads of the process.

use crate::error::{argument, rkeops_error};
use crate::guard::guard;

/// Sets how many threads runs use together where their options name no number; 0
/// is for as many as RKEOPS_NUM_THREADS of the environment says or the process may
/// use, as at first. Runs that have begun go on as they are, and results do not
/// depend on it.
/// Errors: RKEOPS_ERROR_ARGUMENT (a negative number). Any thread, never blocks.
#[unsafe(no_mangle)]
pub extern "C" fn rkeops_set_num_threads(count: i32) -> *mut rkeops_error {
    guard(|| {
        let Ok(count) = usize::try_from(count) else {
            return Err(argument(format!("the number of threads is {count}; expected 0 or more")));
        };
        rkeops_core::set_num_threads(count);
        Ok(())
    })
}

/// How many threads runs use together where their options name no number. Any
/// thread, never blocks.
#[unsafe(no_mangle)]
pub extern "C" fn rkeops_num_threads() -> i32 {
    rkeops_core::num_threads() as i32
}
