//! Texts that are given to the caller. It knows nothing of what they say.

use std::ffi::{CString, c_char};

use crate::handle::{self, Object};

/// A text made by the library. Owned by the caller.
pub struct rkeops_text {
    _private: [u8; 0],
}

impl Object for rkeops_text {
    type Value = CString;
    const NAME: &'static str = "rkeops_text";
    const MAGIC: u64 = handle::magic(b"text    ");
}

/// The characters of a text, UTF-8, with a zero at the end. They belong to the text
/// and live until rkeops_text_free. An empty string for NULL and for a text that was
/// freed before. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_text_data(text: *const rkeops_text) -> *const c_char {
    // SAFETY: the caller passes NULL or a text of this library (the manual in lib.rs).
    match unsafe { handle::borrow("text", text) } {
        Ok(text) => text.as_ptr(),
        Err(_) => c"".as_ptr(),
    }
}

/// Frees a text. NULL is allowed. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_text_free(text: *mut rkeops_text) {
    // SAFETY: the caller passes NULL or a text of this library that it owns (the manual in lib.rs).
    unsafe { handle::release(text) }
}
