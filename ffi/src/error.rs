//! Errors as C sees them: a code, a message, an owner. It knows nothing of what raises them.

use std::ffi::{CStr, CString, c_char};

use rkeops_core::{Error, ErrorKind};

use crate::handle::{self, Object};

/// The code of "no error", which rkeops_error_code gives for NULL.
pub const RKEOPS_OK: i32 = 0;
/// The text is not a formula; the message has the text with a caret under the place.
pub const RKEOPS_ERROR_SYNTAX: i32 = 1;
/// An operation, a reduction or a variable has no such name.
pub const RKEOPS_ERROR_UNKNOWN_NAME: i32 = 2;
/// An operation got too few or too many operands or parameters.
pub const RKEOPS_ERROR_ARITY: i32 = 3;
/// The dimensions of operands do not fit together.
pub const RKEOPS_ERROR_DIMENSION: i32 = 4;
/// An argument has a value that is not allowed, for instance NULL.
pub const RKEOPS_ERROR_ARGUMENT: i32 = 5;
/// An array has a number format that does not fit.
pub const RKEOPS_ERROR_DTYPE: i32 = 6;
/// An array has a rank or an extent that does not fit.
pub const RKEOPS_ERROR_SHAPE: i32 = 7;
/// The strides or the alignment of an array cannot be used.
pub const RKEOPS_ERROR_STRIDE: i32 = 8;
/// The device of an array is missing or cannot be used here.
pub const RKEOPS_ERROR_DEVICE: i32 = 9;
/// An output shares memory with another array of the call.
pub const RKEOPS_ERROR_OVERLAP: i32 = 10;
/// A size overflows what can be addressed.
pub const RKEOPS_ERROR_SIZE: i32 = 11;
/// The progress callback asked to stop.
pub const RKEOPS_ERROR_CANCELLED: i32 = 12;
/// The request makes sense, but this library or this machine cannot do it.
pub const RKEOPS_ERROR_UNSUPPORTED: i32 = 13;
/// A defect of the library; please report it with the message.
pub const RKEOPS_ERROR_INTERNAL: i32 = 14;
/// The number of arrays is wrong.
pub const RKEOPS_ERROR_COUNT: i32 = 15;
/// A handle was freed before, or is a handle of another type.
pub const RKEOPS_ERROR_HANDLE: i32 = 16;
/// A solver did not reach its tolerance.
pub const RKEOPS_ERROR_CONVERGENCE: i32 = 17;

/// An error: a code for programs and a message for people. Owned by whoever called.
pub struct rkeops_error {
    _private: [u8; 0],
}

/// What an error handle holds.
pub(crate) struct Failure {
    code: i32,
    message: CString,
}

impl Object for rkeops_error {
    type Value = Failure;
    const NAME: &'static str = "rkeops_error";
    const MAGIC: u64 = handle::magic(b"error   ");
}

/// Gives an error to the caller.
pub(crate) fn give(error: &Error) -> *mut rkeops_error {
    handle::give(Failure { code: error.kind() as i32, message: c_string(&error.to_string()) })
}

/// A C string of a text; a zero byte, which C cannot have inside a string, becomes `?`.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "?")).unwrap_or_default()
}

/// The error for an argument with a value that is not allowed.
pub(crate) fn argument(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, message)
}

/// The code of an error, one of RKEOPS_ERROR_...; RKEOPS_OK for NULL. A code keeps
/// its meaning for ever; new versions may add codes. RKEOPS_ERROR_HANDLE if the
/// error was freed before. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_error_code(error: *const rkeops_error) -> i32 {
    if error.is_null() {
        return RKEOPS_OK;
    }
    // SAFETY: the caller passes NULL or an error of this library (the manual in lib.rs).
    match unsafe { handle::borrow("error", error) } {
        Ok(failure) => failure.code,
        Err(_) => RKEOPS_ERROR_HANDLE,
    }
}

/// The message of an error: what is wrong, where, and what would be right. UTF-8,
/// one or several lines without a line break at the end; lines after the first may
/// show the text of a formula with a caret under the place. An empty string for
/// NULL. The string belongs to the error and lives until rkeops_error_free. Any
/// thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_error_message(error: *const rkeops_error) -> *const c_char {
    const FREED: &CStr = c"this is not an rkeops_error, or it was freed before";
    if error.is_null() {
        return c"".as_ptr();
    }
    // SAFETY: the caller passes NULL or an error of this library (the manual in lib.rs).
    match unsafe { handle::borrow("error", error) } {
        Ok(failure) => failure.message.as_ptr(),
        Err(_) => FREED.as_ptr(),
    }
}

/// Frees an error and its message. NULL is allowed. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_error_free(error: *mut rkeops_error) {
    // SAFETY: the caller passes NULL or an error of this library that it owns (the manual in lib.rs).
    unsafe { handle::release(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_core() {
        let codes = [
            (ErrorKind::Syntax, RKEOPS_ERROR_SYNTAX),
            (ErrorKind::UnknownName, RKEOPS_ERROR_UNKNOWN_NAME),
            (ErrorKind::Arity, RKEOPS_ERROR_ARITY),
            (ErrorKind::Dimension, RKEOPS_ERROR_DIMENSION),
            (ErrorKind::Argument, RKEOPS_ERROR_ARGUMENT),
            (ErrorKind::Dtype, RKEOPS_ERROR_DTYPE),
            (ErrorKind::Shape, RKEOPS_ERROR_SHAPE),
            (ErrorKind::Stride, RKEOPS_ERROR_STRIDE),
            (ErrorKind::Device, RKEOPS_ERROR_DEVICE),
            (ErrorKind::Overlap, RKEOPS_ERROR_OVERLAP),
            (ErrorKind::Size, RKEOPS_ERROR_SIZE),
            (ErrorKind::Cancelled, RKEOPS_ERROR_CANCELLED),
            (ErrorKind::Unsupported, RKEOPS_ERROR_UNSUPPORTED),
            (ErrorKind::Internal, RKEOPS_ERROR_INTERNAL),
            (ErrorKind::Count, RKEOPS_ERROR_COUNT),
            (ErrorKind::Handle, RKEOPS_ERROR_HANDLE),
            (ErrorKind::Convergence, RKEOPS_ERROR_CONVERGENCE),
        ];
        for (k, (kind, code)) in codes.into_iter().enumerate() {
            assert_eq!(kind as i32, code);
            assert_eq!(code, k as i32 + 1, "codes are dense and in order");
        }
    }

    #[test]
    fn null_is_success() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert_eq!(rkeops_error_code(std::ptr::null()), RKEOPS_OK);
            assert_eq!(CStr::from_ptr(rkeops_error_message(std::ptr::null())), c"");
            rkeops_error_free(std::ptr::null_mut());
        }
    }

    #[test]
    fn message_and_code_arrive_and_a_freed_error_is_noticed() {
        let error = give(&Error::new(ErrorKind::Shape, "bad\0shape"));
        // SAFETY: the error is live until it is freed; afterwards its shell is still in the graveyard.
        unsafe {
            assert_eq!(rkeops_error_code(error), RKEOPS_ERROR_SHAPE);
            assert_eq!(CStr::from_ptr(rkeops_error_message(error)), c"bad?shape");
            rkeops_error_free(error);
            assert_eq!(rkeops_error_code(error), RKEOPS_ERROR_HANDLE);
            assert!(CStr::from_ptr(rkeops_error_message(error)).to_str().unwrap().contains("freed"));
            rkeops_error_free(error);
        }
    }
}
