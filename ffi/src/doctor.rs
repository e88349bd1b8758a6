//! C functions that tell what this library is and what it found on this machine.

use std::ffi::{CStr, c_char};

use crate::error::{c_string, rkeops_error};
use crate::guard::produce;
use crate::text::rkeops_text;
use crate::types::RKEOPS_ABI_VERSION;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => panic!("a version has no zero byte"),
};

/// The version of the binary interface of the library in use; RKEOPS_ABI_VERSION is
/// that of the header. A program works with every library whose version is not
/// lower than its header's. Any thread, never blocks.
#[unsafe(no_mangle)]
pub extern "C" fn rkeops_abi_version() -> i32 {
    RKEOPS_ABI_VERSION
}

/// The version of the library, such as "0.1.0". The string is never freed. Any
/// thread, never blocks.
#[unsafe(no_mangle)]
pub extern "C" fn rkeops_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Tells in words what the library found on this machine: processor, the target that
/// is used, threads, what is missing, and the environment variables that it reads:
/// RKEOPS_TARGET, RKEOPS_NUM_THREADS and RKEOPS_DUMP.
/// `*out` becomes a text that the caller owns: rkeops_text_free.
/// Errors: RKEOPS_ERROR_ARGUMENT. Any thread; takes milliseconds at most.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_doctor(out: *mut *mut rkeops_text) -> *mut rkeops_error {
    // SAFETY: the caller vouches for `out` (the manual in lib.rs).
    unsafe { produce(out, || Ok(c_string(&rkeops_core::doctor()))) }
}
