//! Executable memory: written first, then made executable and never written again.

use memmap2::{Mmap, MmapMut};

use crate::error::{Error, ErrorKind, Result};

/// Machine code that can be called.
#[derive(Debug)]
pub(super) struct Executable {
    pages: Mmap,
}

impl Executable {
    /// Puts code into executable pages; the error says that the system refuses them.
    pub(super) fn new(code: &[u8]) -> Result<Self> {
        let refused = |error: std::io::Error| {
            Error::new(ErrorKind::Unsupported, format!("the system refuses executable memory: {error}"))
        };
        let mut pages = MmapMut::map_anon(code.len().max(1)).map_err(refused)?;
        pages[..code.len()].copy_from_slice(code);
        Ok(Executable { pages: pages.make_exec().map_err(refused)? })
    }

    /// Calls the function at an offset of the code with up to six numbers. What it gives means something only where the
    /// function says so.
    ///
    /// # Safety
    /// At `offset` there is a function of the System V calling convention that takes these arguments, and all memory
    /// that it touches with them is valid and not otherwise in use.
    pub(super) unsafe fn call(&self, offset: usize, arguments: [usize; 6]) -> usize {
        type Function = unsafe extern "sysv64" fn(usize, usize, usize, usize, usize, usize) -> usize;
        let address = self.pages[offset..].as_ptr();
        // SAFETY: the pages are executable and hold a function of this type at the offset, as the caller states.
        let function = unsafe { std::mem::transmute::<*const u8, Function>(address) };
        let [a, b, c, d, e, f] = arguments;
        // SAFETY: the caller states that the arguments suit the function.
        unsafe { function(a, b, c, d, e, f) }
    }
}
