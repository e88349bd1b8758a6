//! C functions on kernels: compile, ask, run. It only converts; all work is the core's.

use std::ffi::c_void;
use std::sync::Arc;

use rkeops_core::{Axis, Category, Error, Field, Kernel, Reduction};

use crate::array;
use crate::call::{self, Arrays};
use crate::error::{c_string, rkeops_error};
use crate::guard::{guard, produce};
use crate::handle::{self, Object};
use crate::input;
use crate::reduction::rkeops_reduction;
use crate::text::rkeops_text;
use crate::types::{
    RKEOPS_AXIS_I, RKEOPS_AXIS_J, RKEOPS_CATEGORY_I, RKEOPS_CATEGORY_J, RKEOPS_CATEGORY_PARAMETER, rkeops_array,
    rkeops_options,
};

/// One or several reductions compiled into one pass over the pairs. A counted
/// reference to something that never changes.
pub struct rkeops_kernel {
    _private: [u8; 0],
}

impl Object for rkeops_kernel {
    type Value = Arc<Kernel>;
    const NAME: &'static str = "rkeops_kernel";
    const MAGIC: u64 = handle::magic(b"kernel  ");
}

/// Compiles reductions over the same axis into one kernel, which computes all of them
/// in one pass and shares what they have in common.
///
/// `reductions` are `count` reductions, at least one; the list is not kept.
/// `options` may be NULL; its dtype_bits, target, accumulator_bits and summation are
/// read here.
/// `*out` becomes a kernel that the caller owns. Kernels are cached inside the library
/// by formula and these options: compiling the same again is cheap and gives the same
/// kernel, also from several threads at once.
/// Where the system refuses executable memory a kernel for any target runs portable
/// code instead; rkeops_doctor and rkeops_kernel_explain tell.
/// Errors: RKEOPS_ERROR_UNSUPPORTED for a target that this processor does not have,
/// _SIZE for a formula that needs absurdly many operations, _DTYPE for an accumulator
/// with fewer bits, _DIMENSION, _ARGUMENT, also for a summation where nothing is added,
/// _HANDLE. Any thread; takes up to some milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_compile(
    reductions: *const *const rkeops_reduction,
    count: usize,
    options: *const rkeops_options,
    out: *mut *mut rkeops_kernel,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its list, its handles, its options and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let reductions = input::handles("reductions", reductions, count)?;
            let reductions: Vec<Reduction> = reductions.into_iter().cloned().collect();
            let options = input::compile_options(&input::options(options)?)?;
            Kernel::compile(&reductions, &options)
        })
    }
}

/// Runs a kernel on arrays and writes its outputs. Blocks until all is done; arrays on a
/// CUDA device are computed there, and then the run is only queued on the stream of the
/// options: it is ordered as what else is queued there, may be captured in a CUDA graph,
/// and errors that the device finds come with what waits for it.
///
/// `inputs` are `input_count` arrays: argument k is the variable with position k. A
/// variable of category i has shape (M, columns), one of category j (N, columns), a
/// parameter (columns); the last axis may be left out if there is one column. M and N
/// may be 0. `outputs` are `output_count` arrays in the order of the reductions of the
/// compilation, one for each, but two for a reduction such as "Min_ArgMin" (the values,
/// then the indices), of shape (M, columns) for a reduction over j and (N, columns) for
/// one over i.
///
/// A kernel computes in float32 or float64, as its compilation said; arrays may store
/// something else. Inputs are integers of any size, bool (a byte, true unless it is 0),
/// float16, bfloat16, float32 or, where the kernel computes in float64, float64. Each
/// number becomes the nearest one of the kernel's format, the even one of two: integers
/// are exact in float32 up to 2^24, and exact as they are where the formula says
/// Integer(v). Outputs are int64 if they are indices or counts; others are of the
/// kernel's format or a narrower one of these floating-point formats, and hold the
/// nearest numbers, infinite ones beyond the largest.
///
/// Complex numbers are two columns, a real part and the imaginary part after it. Where
/// columns alternate like that, an array may also be described as RKEOPS_DTYPE_COMPLEX
/// with half as many columns: an input of an even dimension, and an output that
/// rkeops_kernel_output tells to be complex.
///
/// Any array may have axes before these, for a batch of problems of one size: they are
/// broadcast as in NumPy (matched from the last; an extent of 1 or a missing axis
/// stands for any extent), and outputs have those of all inputs together. Then the axis
/// of one column may not be left out, and indices in results count the rows of their
/// own problem.
///
/// The structs and the arrays belong to the caller; the arrays are used in
/// place. An output must share no element with another array of the call; one that is
/// woven into another, such as two blocks of columns of one row-major matrix, is
/// computed aside and copied at the end. During the run an array takes all memory
/// from its lowest to its highest element, gaps between elements included: nobody
/// else may write there, nor read there if it is an output. So two runs at the same
/// time must not write into one matrix, even into different columns.
/// `options` may be NULL; its threads, progress, ranges, skipped and device are read
/// here, and on a device its ranges, stream and workspace.
/// Results do not depend on the number of threads.
/// Errors: RKEOPS_ERROR_COUNT, _DTYPE, _SHAPE, _STRIDE, _DEVICE, _OVERLAP, _SIZE,
/// _ARGUMENT, _HANDLE name the array and leave the outputs as they were;
/// RKEOPS_ERROR_CANCELLED, because the callback asked for it, leaves them unspecified. Any
/// thread, also several on the same kernel at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_run(
    kernel: *const rkeops_kernel,
    inputs: *const rkeops_array,
    input_count: usize,
    outputs: *const rkeops_array,
    output_count: usize,
    options: *const rkeops_options,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle, its lists, its arrays and its options (the manual in lib.rs).
    guard(|| unsafe {
        // A reference of our own: the progress callback may free the caller's.
        let kernel = Arc::clone(handle::borrow("kernel", kernel)?);
        let options = input::options(options)?;
        let arrays = Arrays::new(&kernel, (inputs, input_count), (outputs, output_count))?;
        match arrays.device {
            Some(device) => call::run_on_device(&kernel, &arrays, device, &options),
            None => arrays.with_memory(|inputs, outputs| {
                call::with_run_options(&options, |options| kernel.run(inputs, outputs, options))
            }),
        }
    })
}

/// Tells how many bytes of a device's memory rkeops_kernel_run works in, for arrays like
/// these on a CUDA device: they may be given to it as `options->workspace`. Only the
/// dtypes, shapes, strides and devices of the arrays matter, and the ranges of the options.
/// `*bytes` becomes 0 for arrays in ordinary memory.
/// Errors: those of rkeops_kernel_run. Any thread; the first call for a device takes as
/// long as starting it does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_workspace(
    kernel: *const rkeops_kernel,
    inputs: *const rkeops_array,
    input_count: usize,
    outputs: *const rkeops_array,
    output_count: usize,
    options: *const rkeops_options,
    bytes: *mut usize,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle, its lists, its options and `bytes` (the manual in lib.rs).
    guard(|| unsafe {
        let kernel = handle::borrow("kernel", kernel)?;
        let options = input::options(options)?;
        let arrays = Arrays::new(kernel, (inputs, input_count), (outputs, output_count))?;
        let ranges = call::ranges(&options)?;
        let count = match arrays.device {
            None => 0,
            Some(device) => {
                let [inputs, outputs] = arrays.on_device();
                kernel.device_workspace(device, &inputs, &outputs, ranges.as_deref())?
            }
        };
        handle::write(bytes, count)
    })
}

/// Writes the number of inputs that a run of the kernel wants to `*out`.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_input_count(kernel: *const rkeops_kernel, out: *mut usize) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe { handle::write(out, handle::borrow("kernel", kernel)?.inputs().len()) })
}

/// Tells what input number `position` of a kernel is: its columns and its category
/// (RKEOPS_CATEGORY_...). Each of `dim` and `category` may be NULL if it is not
/// wanted.
/// Errors: RKEOPS_ERROR_COUNT if there is no such input, _HANDLE, _ARGUMENT. Any
/// thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_input(
    kernel: *const rkeops_kernel,
    position: usize,
    dim: *mut i64,
    category: *mut i32,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and for where the results go (the manual in lib.rs).
    guard(|| unsafe {
        let inputs = handle::borrow("kernel", kernel)?.inputs();
        let input = inputs.get(position).ok_or_else(|| no_such("input", position, inputs.len()))?;
        write_wanted(dim, input.dim as i64);
        let number = match input.category {
            Category::I => RKEOPS_CATEGORY_I,
            Category::J => RKEOPS_CATEGORY_J,
            Category::Parameter => RKEOPS_CATEGORY_PARAMETER,
        };
        write_wanted(category, number);
        Ok(())
    })
}

/// Writes the number of outputs of the kernel to `*out`: one per reduction, or more for
/// one that has several.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_output_count(
    kernel: *const rkeops_kernel,
    out: *mut usize,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe { handle::write(out, handle::borrow("kernel", kernel)?.outputs().len()) })
}

/// Tells what output number `position` of a kernel is: its columns and its dtype, as
/// in rkeops_array. A run also takes narrower floating-point numbers, and instead of complex numbers a run also takes an array of real ones
/// with twice as many columns. Each of `dim`, `dtype_code` and `dtype_bits` may be NULL if it is
/// not wanted.
/// Errors: RKEOPS_ERROR_COUNT if there is no such output, _HANDLE, _ARGUMENT. Any
/// thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_output(
    kernel: *const rkeops_kernel,
    position: usize,
    dim: *mut i64,
    dtype_code: *mut i32,
    dtype_bits: *mut i32,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and for where the results go (the manual in lib.rs).
    guard(|| unsafe {
        let outputs = handle::borrow("kernel", kernel)?.outputs();
        let output = outputs.get(position).ok_or_else(|| no_such("output", position, outputs.len()))?;
        let complex = output.dtype.complex().filter(|_| output.field == Field::Complex);
        let dtype = complex.unwrap_or(output.dtype);
        let (code, bits) = array::code_and_bits(dtype);
        write_wanted(dim, (output.dim / dtype.parts()) as i64);
        write_wanted(dtype_code, code);
        write_wanted(dtype_bits, bits);
        Ok(())
    })
}

/// Writes the index that the kernel reduces, one of RKEOPS_AXIS_..., to `*out`.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_axis(kernel: *const rkeops_kernel, out: *mut i32) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe {
        let number = match handle::borrow("kernel", kernel)?.axis() {
            Axis::I => RKEOPS_AXIS_I,
            Axis::J => RKEOPS_AXIS_J,
        };
        handle::write(out, number)
    })
}

/// Writes how many operations on a lane a kernel needs for each pair of rows to `*out`.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_operations(kernel: *const rkeops_kernel, out: *mut i64) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe { handle::write(out, handle::borrow("kernel", kernel)?.operations_per_pair() as i64) })
}

/// Tells in words how a kernel works: its formula, what is computed how often, the
/// program of one pair with its operation counts, the target.
/// `*out` becomes a text that the caller owns: rkeops_text_free. Its form may change
/// with every version.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread; takes milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_explain(
    kernel: *const rkeops_kernel,
    out: *mut *mut rkeops_text,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    unsafe { produce(out, || Ok(c_string(&handle::borrow("kernel", kernel)?.explain()))) }
}

/// Adds a reference, which asks for one more rkeops_kernel_free.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_retain(kernel: *const rkeops_kernel) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle (the manual in lib.rs).
    guard(|| unsafe { handle::retain("kernel", kernel) })
}

/// Drops a reference; the last one frees the kernel. It must not be the last one
/// while a run of the kernel is under way. NULL is allowed. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_kernel_free(kernel: *mut rkeops_kernel) {
    // SAFETY: the caller passes NULL or a kernel that it owns (the manual in lib.rs).
    unsafe { handle::release(kernel) }
}

/// Writes a result that the caller may not want.
///
/// # Safety
/// `out` is NULL or valid for writing one `T`.
unsafe fn write_wanted<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL, and the caller vouches for the rest.
        unsafe { out.write_unaligned(value) };
    }
}

fn no_such(what: &str, position: usize, count: usize) -> Error {
    let message = format!("there is no {what} {position}: the kernel has {count}, counted from 0");
    Error::new(rkeops_core::ErrorKind::Count, message)
}

/// A callback must be usable as C's function pointer, NULL included.
const _: () = assert!(size_of::<crate::rkeops_progress>() == size_of::<*mut c_void>());
