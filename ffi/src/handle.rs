//! Handles: the one place where a C pointer becomes an object and an object a C pointer.
//! It knows nothing of what the objects do.
//!
//! A handle points to a small shell: a magic word that tells the type, a count of references and the object.
//! When the last reference goes, the object is dropped and the shell is marked dead, but its memory stays for
//! the next `GRAVES` frees. So using or freeing a recently freed handle reads memory that still exists, and is
//! an error instead of a crash. The graveyard is lock-free: it also works in a child that was forked while
//! another thread was freeing.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use rkeops_core::{Error, ErrorKind};

use crate::error::argument;

/// A C type that is a handle.
pub(crate) trait Object {
    /// What the handle holds. It may be used from any thread, since any thread may hold a handle.
    type Value: Send + Sync;
    /// The type's name in C, for messages.
    const NAME: &'static str;
    /// The word that tells this type from others.
    const MAGIC: u64;
}

/// The magic word of a type: eight letters with the high bits set, which no text, pointer or small number has.
pub(crate) const fn magic(letters: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*letters) | 0x8080_8080_8080_8080
}

const DEAD: u64 = magic(b"was free");

struct Shell {
    magic: AtomicU64,
    count: AtomicUsize,
    value: AtomicPtr<()>,
}

/// How many dead shells are kept; 24 KiB of them.
const GRAVES: usize = 1024;
static GRAVEYARD: [AtomicPtr<Shell>; GRAVES] = [const { AtomicPtr::new(ptr::null_mut()) }; GRAVES];
static NEXT_GRAVE: AtomicUsize = AtomicUsize::new(0);

/// Makes a handle with one reference, which the caller of the library owns.
pub(crate) fn give<H: Object>(value: H::Value) -> *mut H {
    let value = Box::into_raw(Box::new(value));
    let shell =
        Shell { magic: AtomicU64::new(H::MAGIC), count: AtomicUsize::new(1), value: AtomicPtr::new(value.cast()) };
    Box::into_raw(Box::new(shell)).cast()
}

/// The live shell of a handle, or why it is none. `name` is the argument's name, for the message.
///
/// # Safety
/// `handle` is NULL, or was made by `give` for any type and is live or was freed not long ago.
unsafe fn shell<'a, H: Object>(name: &str, handle: *const H) -> Result<&'a Shell, Error> {
    if handle.is_null() {
        return Err(argument(format!("{name} is NULL; it must be a handle of type {}", H::NAME)));
    }
    let shell = handle.cast::<Shell>();
    let wrong = |what: &str| Err(Error::new(ErrorKind::Handle, format!("{name} {what}")));
    if !shell.is_aligned() {
        return wrong("is not a handle of this library");
    }
    // SAFETY: not NULL and aligned; the caller vouches that a shell is there, live or in the graveyard.
    let shell = unsafe { &*shell };
    match shell.magic.load(Ordering::Acquire) {
        m if m == H::MAGIC => Ok(shell),
        DEAD => wrong(&format!("is a handle that was freed before; keep a reference with {}_retain", H::NAME)),
        _ => wrong(&format!("is not a handle of type {}", H::NAME)),
    }
}

/// The object of a handle. `name` is the argument's name, for the message.
///
/// # Safety
/// `handle` is NULL, or was made by `give` and is live or was freed not long ago; nobody drops its last
/// reference during `'a`.
pub(crate) unsafe fn borrow<'a, H: Object>(name: &str, handle: *const H) -> Result<&'a H::Value, Error> {
    // SAFETY: the same promise.
    let shell = unsafe { shell(name, handle)? };
    let value = shell.value.load(Ordering::Acquire).cast::<H::Value>();
    // SAFETY: a live shell of this magic holds a value of this type, or NULL while it is being freed.
    unsafe { value.as_ref() }
        .ok_or_else(|| Error::new(ErrorKind::Handle, format!("{name} is being freed by another thread")))
}

/// Adds a reference.
///
/// # Safety
/// As for [`borrow`].
pub(crate) unsafe fn retain<H: Object>(name: &str, handle: *const H) -> Result<(), Error> {
    // SAFETY: the same promise.
    let shell = unsafe { shell(name, handle)? };
    let more = |count: usize| if count == 0 { None } else { count.checked_add(1) };
    match shell.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(ErrorKind::Handle, format!("{name} is a handle that was freed before"))),
    }
}

/// Drops a reference, and the object with the last one. NULL and handles that are not live are left alone:
/// a free cannot report, and must not crash for a double free that can be noticed.
///
/// # Safety
/// As for [`borrow`], and the caller owns a reference.
pub(crate) unsafe fn release<H: Object>(handle: *mut H) {
    // SAFETY: the same promise.
    let Ok(shell) = (unsafe { shell("handle", handle.cast_const()) }) else { return };
    if shell.count.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |count| count.checked_sub(1)) != Ok(1) {
        return;
    }
    shell.magic.store(DEAD, Ordering::Release);
    let value = shell.value.swap(ptr::null_mut(), Ordering::AcqRel).cast::<H::Value>();
    if !value.is_null() {
        // SAFETY: the value came from `Box::into_raw` in `give`, and the swap gave it to us alone.
        let value = unsafe { Box::from_raw(value) };
        // A destructor must not unwind into C.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(value)));
    }
    bury(handle.cast());
}

/// Puts a dead shell into the graveyard and frees the one that has been there longest.
fn bury(shell: *mut Shell) {
    let grave = NEXT_GRAVE.fetch_add(1, Ordering::Relaxed) % GRAVES;
    let old = GRAVEYARD[grave].swap(shell, Ordering::AcqRel);
    if !old.is_null() {
        // SAFETY: it came from `Box::into_raw` in `give`, is dead, and the swap gave it to us alone.
        drop(unsafe { Box::from_raw(old) });
    }
}

/// A place for a result, `out` of a C function.
///
/// # Safety
/// `out` is NULL or valid for writing one `T`.
pub(crate) unsafe fn write<T>(out: *mut T, value: T) -> Result<(), Error> {
    if out.is_null() {
        return Err(argument("out is NULL; it must point to where the result goes"));
    }
    // SAFETY: not NULL, and the caller vouches for the rest; unaligned because C may pack structs.
    unsafe { out.write_unaligned(value) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Apple;
    struct Pear;
    impl Object for Apple {
        type Value = Arc<i32>;
        const NAME: &'static str = "apple";
        const MAGIC: u64 = magic(b"apple   ");
    }
    impl Object for Pear {
        type Value = i32;
        const NAME: &'static str = "pear";
        const MAGIC: u64 = magic(b"pear    ");
    }

    fn kind<T>(result: Result<T, Error>) -> (ErrorKind, String) {
        match result {
            Ok(_) => panic!("expected an error"),
            Err(error) => (error.kind(), error.to_string()),
        }
    }

    #[test]
    fn references_are_counted_and_the_last_one_drops_the_object() {
        let value = Arc::new(7);
        let handle = give::<Apple>(value.clone());
        // SAFETY: the handle is live, or dead and in the graveyard.
        unsafe {
            assert_eq!(**borrow("a", handle).unwrap(), 7);
            retain("a", handle).unwrap();
            release(handle);
            assert_eq!(Arc::strong_count(&value), 2);
            release(handle);
            assert_eq!(Arc::strong_count(&value), 1);
            let (kind, message) = kind(borrow("a", handle));
            assert_eq!(kind, ErrorKind::Handle);
            assert_eq!(message, "a is a handle that was freed before; keep a reference with apple_retain");
            assert!(retain("a", handle).is_err());
            release(handle);
        }
    }

    #[test]
    fn wrong_handles_are_told_apart() {
        let pear = give::<Pear>(1);
        // SAFETY: NULL, a live handle of another type, and a pointer that is never read.
        unsafe {
            assert_eq!(kind(borrow::<Apple>("a", ptr::null())).0, ErrorKind::Argument);
            let (kind_of, message) = kind(borrow::<Apple>("a", pear.cast()));
            assert_eq!((kind_of, message.as_str()), (ErrorKind::Handle, "a is not a handle of type apple"));
            assert_eq!(kind(borrow::<Apple>("a", 3 as *const Apple)).0, ErrorKind::Handle);
            release::<Apple>(pear.cast());
            assert_eq!(*borrow("b", pear).unwrap(), 1);
            release(pear);
        }
    }

    #[test]
    fn many_threads_free_at_once() {
        let value = Arc::new(1);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..2 * GRAVES {
                        let handle = give::<Apple>(value.clone());
                        // SAFETY: this thread owns the handle.
                        unsafe {
                            retain("a", handle).unwrap();
                            release(handle);
                            release(handle);
                        }
                    }
                });
            }
        });
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
