//! What C passes by value or by plain pointer, checked: strings, lists, numbers, options.
//! It knows nothing of handles' insides or of arrays.

use std::ffi::{CStr, c_char};

use rkeops_core::{Axis, Category, CompileOptions, Dtype, Error, Summation, Target};

use crate::error::argument;
use crate::handle::{self, Object};
use crate::solver::rkeops_solve_options;
use crate::types::{
    RKEOPS_AXIS_I, RKEOPS_AXIS_J, RKEOPS_CATEGORY_I, RKEOPS_CATEGORY_J, RKEOPS_CATEGORY_PARAMETER,
    RKEOPS_SUMMATION_AUTO, RKEOPS_SUMMATION_BLOCK, RKEOPS_SUMMATION_COMPENSATED, RKEOPS_SUMMATION_DIRECT,
    RKEOPS_TARGET_AUTO, RKEOPS_TARGET_AVX2, RKEOPS_TARGET_AVX512, RKEOPS_TARGET_CUDA, RKEOPS_TARGET_PORTABLE,
    rkeops_options,
};

/// A C string.
///
/// # Safety
/// `text` is NULL or a string with a zero at its end that lives during `'a`.
pub(crate) unsafe fn string<'a>(name: &str, text: *const c_char) -> Result<&'a str, Error> {
    if text.is_null() {
        return Err(argument(format!("{name} is NULL; it must be a string")));
    }
    // SAFETY: not NULL, and the caller vouches for the zero at the end.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|wrong| {
        argument(format!("{name} is not UTF-8: byte {} does not belong to a character", wrong.valid_up_to()))
    })
}

/// A C list: pointer and length. NULL is allowed for a length of 0.
///
/// # Safety
/// `items` is NULL or points to `count` items that live during `'a`.
pub(crate) unsafe fn list<'a, T>(name: &str, items: *const T, count: usize) -> Result<&'a [T], Error> {
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(argument(format!("{name} is NULL, but its count is {count}")));
    }
    if !items.is_aligned() {
        return Err(argument(format!("{name} is not aligned as its type asks")));
    }
    // No list of that length is in memory: the count is wrong. Without this check it would be read past its end.
    if count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(argument(format!("the count {count} of {name} is not that of a list in memory")));
    }
    // SAFETY: not NULL, aligned, not longer than memory, and the caller vouches for the items.
    Ok(unsafe { std::slice::from_raw_parts(items, count) })
}

/// A C list of strings.
///
/// # Safety
/// As for [`list`] and [`string`].
pub(crate) unsafe fn strings<'a>(name: &str, items: *const *const c_char, count: usize) -> Result<Vec<&'a str>, Error> {
    // SAFETY: the caller vouches for the list and its strings.
    let items = unsafe { list(name, items, count) }?;
    let each = items.iter().enumerate();
    // SAFETY: the same.
    each.map(|(k, &item)| unsafe { string(&format!("{name}[{k}]"), item) }).collect()
}

/// A C list of handles.
///
/// # Safety
/// As for [`list`] and [`handle::borrow`].
pub(crate) unsafe fn handles<'a, H: Object>(
    name: &str,
    items: *const *const H,
    count: usize,
) -> Result<Vec<&'a H::Value>, Error> {
    // SAFETY: the caller vouches for the list and its handles.
    let items = unsafe { list(name, items, count) }?;
    let each = items.iter().enumerate();
    // SAFETY: the same.
    each.map(|(k, &item)| unsafe { handle::borrow(&format!("{name}[{k}]"), item) }).collect()
}

/// A number that must not be negative.
pub(crate) fn natural(name: &str, value: i64) -> Result<usize, Error> {
    usize::try_from(value).map_err(|_| argument(format!("{name} is {value}; it must not be negative")))
}

pub(crate) fn category(value: i32) -> Result<Category, Error> {
    match value {
        RKEOPS_CATEGORY_I => Ok(Category::I),
        RKEOPS_CATEGORY_J => Ok(Category::J),
        RKEOPS_CATEGORY_PARAMETER => Ok(Category::Parameter),
        _ => Err(argument(format!("category is {value}; it must be 0 (i), 1 (j) or 2 (parameter)"))),
    }
}

pub(crate) fn axis(value: i32) -> Result<Axis, Error> {
    match value {
        RKEOPS_AXIS_I => Ok(Axis::I),
        RKEOPS_AXIS_J => Ok(Axis::J),
        _ => Err(argument(format!("axis is {value}; it must be 0 (reduce over i) or 1 (reduce over j)"))),
    }
}

/// A struct of options, completed with zeros.
///
/// The struct grows at its end only, and 0 means "default" in every field that is added. So a shorter struct of an older
/// header is completed with zeros, and a longer one of a newer header is fine as long as what this library does not know
/// is 0.
///
/// # Safety
/// `options` is NULL or points to as many bytes as its first field says. `T` is a struct of C that starts with its size,
/// and any bits are fine for its fields.
unsafe fn sized<T: Copy>(name: &str, type_name: &str, options: *const T, default: T) -> Result<T, Error> {
    let known = size_of::<T>();
    const LONGEST: usize = 4096;
    if options.is_null() {
        return Ok(default);
    }
    let bytes = options.cast::<u8>();
    // SAFETY: not NULL, and every version of the struct starts with its size.
    let size = unsafe { bytes.cast::<usize>().read_unaligned() };
    if size < size_of::<usize>() || size > LONGEST || size % align_of::<T>() != 0 {
        return Err(argument(format!("{name}->size is {size}; set it to sizeof({type_name}), which is {known}")));
    }
    // SAFETY: zeros are fine for all fields.
    let mut copy: T = unsafe { std::mem::zeroed() };
    // SAFETY: the caller vouches for `size` bytes; `copy` has `known` bytes, all of whose fields may be any bits.
    unsafe { bytes.copy_to_nonoverlapping((&raw mut copy).cast::<u8>(), size.min(known)) };
    for at in known..size {
        // SAFETY: `at` is below the size that the caller vouches for.
        if unsafe { bytes.add(at).read() } != 0 {
            return Err(argument(format!(
                "byte {at} of {name} is set, but this library knows {known} bytes: the program was built with a newer rkeops.h"
            )));
        }
    }
    Ok(copy)
}

/// The options of a compilation or a run.
///
/// # Safety
/// `options` is NULL or points to as many bytes as its first field says.
pub(crate) unsafe fn options(options: *const rkeops_options) -> Result<rkeops_options, Error> {
    // SAFETY: the caller vouches for the bytes.
    unsafe { sized("options", "rkeops_options", options, rkeops_options::default()) }
}

/// The options of a solver.
///
/// # Safety
/// As for [`options`].
pub(crate) unsafe fn solve_options(options: *const rkeops_solve_options) -> Result<rkeops_solve_options, Error> {
    // SAFETY: the caller vouches for the bytes.
    unsafe { sized("solve", "rkeops_solve_options", options, rkeops_solve_options::default()) }
}

/// The part of the options that a compilation reads.
pub(crate) fn compile_options(options: &rkeops_options) -> Result<CompileOptions, Error> {
    let dtype = match options.dtype_bits {
        0 | 32 => Dtype::F32,
        64 => Dtype::F64,
        bits => {
            return Err(argument(format!("options->dtype_bits is {bits}; it must be 32, 64 or 0 (the default, 32)")));
        }
    };
    let target = match options.target {
        RKEOPS_TARGET_AUTO => Target::Auto,
        RKEOPS_TARGET_PORTABLE => Target::Portable,
        RKEOPS_TARGET_AVX2 => Target::Avx2,
        RKEOPS_TARGET_AVX512 => Target::Avx512,
        RKEOPS_TARGET_CUDA => Target::Cuda,
        target => {
            return Err(argument(format!(
                "options->target is {target}; it must be 0 (auto), 1 (portable), 2 (avx2), 3 (avx512) or 4 (cuda)"
            )));
        }
    };
    let accumulator = match options.accumulator_bits {
        0 => None,
        32 => Some(Dtype::F32),
        64 => Some(Dtype::F64),
        bits => {
            let what = format!("options->accumulator_bits is {bits}; it must be 32, 64 or 0 (the default, dtype_bits)");
            return Err(argument(what));
        }
    };
    let summation = match options.summation {
        RKEOPS_SUMMATION_AUTO => Summation::Auto,
        RKEOPS_SUMMATION_DIRECT => Summation::Direct,
        RKEOPS_SUMMATION_BLOCK => Summation::Block,
        RKEOPS_SUMMATION_COMPENSATED => Summation::Compensated,
        summation => {
            let known = "0 (auto), 1 (direct), 2 (block) or 3 (compensated)";
            return Err(argument(format!("options->summation is {summation}; it must be {known}")));
        }
    };
    let allow_tf32 = match options.allow_tf32 {
        0 => false,
        1 => true,
        other => return Err(argument(format!("options->allow_tf32 is {other}; it must be 0 (no) or 1 (yes)"))),
    };
    Ok(CompileOptions { dtype, target, accumulator, summation, allow_tf32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    struct Longer {
        known: rkeops_options,
        more: [u64; 2],
    }

    fn read(value: &Longer) -> Result<rkeops_options, Error> {
        // SAFETY: `value` has more bytes than any size used below that is accepted.
        unsafe { options((&raw const *value).cast()) }
    }

    #[test]
    fn options_of_every_version() {
        let full = size_of::<rkeops_options>();
        let known = rkeops_options { size: full, dtype_bits: 64, threads: 3, ..Default::default() };
        let mut value = Longer { known, more: [0; 2] };
        assert_eq!(read(&value).unwrap().dtype_bits, 64);
        value.known.size = 16;
        let short = read(&value).unwrap();
        assert_eq!((short.dtype_bits, short.threads), (64, 0), "what an old header does not have is the default");
        value.known.allow_tf32 = 1;
        value.known.size = std::mem::offset_of!(rkeops_options, allow_tf32);
        assert!(!compile_options(&read(&value).unwrap()).unwrap().allow_tf32, "a header without it means no");
        value.known.size = full;
        assert!(compile_options(&read(&value).unwrap()).unwrap().allow_tf32);
        value.known.size = size_of::<Longer>();
        assert_eq!(read(&value).unwrap().threads, 3, "zeros that we do not know are fine");
        value.more[1] = 1 << 56;
        assert!(read(&value).unwrap_err().to_string().contains("newer rkeops.h"));
        for size in [0, 7, full + 1, 1 << 20, usize::MAX] {
            value.known.size = size;
            assert!(read(&value).unwrap_err().to_string().contains("sizeof(rkeops_options)"), "{size}");
        }
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { options(std::ptr::null()) }.unwrap().threads, 0);
    }

    #[test]
    fn rounded_factors() {
        let with = |allow_tf32| compile_options(&rkeops_options { allow_tf32, ..Default::default() });
        assert_eq!([0, 1].map(|value| with(value).unwrap().allow_tf32), [false, true]);
        for value in [-1, 2, i32::MAX] {
            let error = with(value).unwrap_err().to_string();
            assert!(error.contains(&format!("allow_tf32 is {value}; it must be 0 (no) or 1 (yes)")), "{error}");
        }
    }

    #[test]
    fn lists_and_strings() {
        // SAFETY: NULL, or lists and strings that live here; the wrong counts are refused before a read.
        unsafe {
            assert!(list::<i64>("n", std::ptr::null(), 0).unwrap().is_empty());
            assert!(list::<i64>("n", std::ptr::null(), 2).is_err());
            assert!(list::<i64>("n", [1i64].as_ptr(), usize::MAX).is_err());
            assert!(list("n", [1i64, 2].as_ptr().byte_add(1), 1).is_err());
            assert_eq!(string("s", c"abc".as_ptr()).unwrap(), "abc");
            assert!(string("s", std::ptr::null()).is_err());
            let wrong = string("s", c"ab\xff".as_ptr()).unwrap_err().to_string();
            assert!(wrong.contains("byte 2"), "{wrong}");
            let items = [c"a".as_ptr(), std::ptr::null()];
            assert!(strings("s", items.as_ptr(), 2).unwrap_err().to_string().contains("s[1]"));
        }
    }
}
