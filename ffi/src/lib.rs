//! rkeops: reductions of formulas F(p, x_i, y_j) over i or j, without the matrix.
//!
//! This header is the manual. The order of a program is: make a formula or a
//! reduction from text or from calls, compile one or several reductions into a
//! kernel, run the kernel on arrays as often as wanted, free the handles.
//!
//! MEMORY. Formulas, reductions, kernels, solvers, ranges, errors and texts are opaque handles.
//! A function that makes one writes it through its last argument, `out`, and the
//! caller owns it: it must be passed once to the `_free` of its type. When a call
//! fails, `*out` is NULL, and every `_free` accepts NULL. Formulas, reductions, kernels,
//! solvers and ranges are counted references: `_retain` adds a reference and asks for one
//! more `_free`. What was made from a handle does not need that handle any longer.
//! Arrays, texts and structs that are passed in belong to the caller; nothing of
//! them is kept after the call returns. Arrays are read and written in place.
//!
//! ERRORS. A call that can fail returns `rkeops_error *`: NULL is success. The
//! caller owns the error: read it with rkeops_error_code and
//! rkeops_error_message, then pass it to rkeops_error_free. There is no global or
//! per-thread error state. The library never prints (unless the environment
//! variable RKEOPS_DUMP asks it to show its kernels), never exits the process,
//! installs no signal handler and does no work when it is loaded. A defect inside
//! the library is an error with code RKEOPS_ERROR_INTERNAL. A NULL where a value
//! is needed, a handle of another type and a recently freed handle are errors
//! too; other invalid pointers cannot be detected, as everywhere in C.
//! A run that was cancelled, or that failed by a defect, leaves its output arrays
//! in any state; every other error leaves them untouched.
//!
//! THREADS. Handles are immutable after they are made: any number of threads may
//! use one handle at the same time, also for its first use. A handle must not be
//! freed (its last reference) while another thread uses it. A call blocks until
//! its work is done. A long rkeops_kernel_run starts threads to help the one that
//! made the call, and ends them before it returns; results do not depend on their
//! number. Callbacks run on the thread that made the call. After fork() the child
//! may go on using every handle, but a run from whose callback it was forked
//! cannot go on in it: the helpers do not exist there. Two runs may share
//! inputs at the same time, never outputs, nor what lies between their elements.
//!
//! DEVICES. Arrays may be on a CUDA device (NVIDIA's GPUs): rkeops_kernel_run then queues
//! the run on a stream and returns. Its driver and its run-time compiler, NVRTC, are
//! looked for when they are first needed; without them everything else works, and
//! rkeops_doctor tells what is missing. The compiler is searched for by the names that
//! the system's loader knows and in CUDA_HOME; the environment variable RKEOPS_NVRTC may
//! name its file. What it made of a kernel is kept in the folder that RKEOPS_CACHE
//! names (`none`: nowhere), by default the user's cache folder. After fork() the child
//! cannot use devices that its parent has used: CUDA does not allow it.

// The names are C's: what is in the header is found here by the same word.
#![allow(non_camel_case_types)]
// What C must guarantee for every pointer is the manual above, once for all functions.
#![allow(clippy::missing_safety_doc)]

mod array;
mod aside;
mod call;
mod doctor;
mod error;
mod formula;
mod guard;
mod handle;
mod input;
mod kernel;
mod overlap;
mod ranges;
mod reduction;
mod solver;
mod text;
mod threads;
mod types;

pub use doctor::{rkeops_abi_version, rkeops_doctor, rkeops_version};
pub use error::{
    RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_ARITY, RKEOPS_ERROR_CANCELLED, RKEOPS_ERROR_CONVERGENCE, RKEOPS_ERROR_COUNT,
    RKEOPS_ERROR_DEVICE, RKEOPS_ERROR_DIMENSION, RKEOPS_ERROR_DTYPE, RKEOPS_ERROR_HANDLE, RKEOPS_ERROR_INTERNAL,
    RKEOPS_ERROR_OVERLAP, RKEOPS_ERROR_SHAPE, RKEOPS_ERROR_SIZE, RKEOPS_ERROR_STRIDE, RKEOPS_ERROR_SYNTAX,
    RKEOPS_ERROR_UNKNOWN_NAME, RKEOPS_ERROR_UNSUPPORTED, RKEOPS_OK, rkeops_error, rkeops_error_code, rkeops_error_free,
    rkeops_error_message,
};
pub use formula::{
    rkeops_formula, rkeops_formula_apply, rkeops_formula_constant, rkeops_formula_dim, rkeops_formula_free,
    rkeops_formula_gradient, rkeops_formula_is_complex, rkeops_formula_parse, rkeops_formula_renumber,
    rkeops_formula_retain, rkeops_formula_text, rkeops_formula_transpose, rkeops_formula_variable,
};
pub use kernel::{
    rkeops_kernel, rkeops_kernel_axis, rkeops_kernel_compile, rkeops_kernel_explain, rkeops_kernel_free,
    rkeops_kernel_input, rkeops_kernel_input_count, rkeops_kernel_operations, rkeops_kernel_output,
    rkeops_kernel_output_count, rkeops_kernel_retain, rkeops_kernel_run, rkeops_kernel_workspace,
};
pub use ranges::{
    rkeops_ranges, rkeops_ranges_create, rkeops_ranges_free, rkeops_ranges_from_blocks, rkeops_ranges_from_labels,
    rkeops_ranges_half, rkeops_ranges_ragged, rkeops_ranges_retain,
};
pub use reduction::{
    rkeops_reduction, rkeops_reduction_create, rkeops_reduction_dim, rkeops_reduction_directional,
    rkeops_reduction_free, rkeops_reduction_gradient, rkeops_reduction_output_count, rkeops_reduction_parse,
    rkeops_reduction_retain, rkeops_reduction_saved, rkeops_reduction_saved_count, rkeops_reduction_text,
};
pub use solver::{
    rkeops_iteration, rkeops_solution, rkeops_solve_options, rkeops_solver, rkeops_solver_create, rkeops_solver_free,
    rkeops_solver_retain, rkeops_solver_run,
};
pub use text::{rkeops_text, rkeops_text_data, rkeops_text_free};
pub use threads::{rkeops_num_threads, rkeops_set_num_threads};
pub use types::{
    RKEOPS_ABI_VERSION, RKEOPS_AXIS_I, RKEOPS_AXIS_J, RKEOPS_CATEGORY_I, RKEOPS_CATEGORY_J, RKEOPS_CATEGORY_PARAMETER,
    RKEOPS_DEVICE_CPU, RKEOPS_DEVICE_CUDA, RKEOPS_DTYPE_BFLOAT, RKEOPS_DTYPE_BOOL, RKEOPS_DTYPE_COMPLEX,
    RKEOPS_DTYPE_FLOAT, RKEOPS_DTYPE_INT, RKEOPS_DTYPE_UINT, RKEOPS_MAX_RANK, RKEOPS_SUMMATION_AUTO,
    RKEOPS_SUMMATION_BLOCK, RKEOPS_SUMMATION_COMPENSATED, RKEOPS_SUMMATION_DIRECT, RKEOPS_TARGET_AUTO,
    RKEOPS_TARGET_AVX2, RKEOPS_TARGET_AVX512, RKEOPS_TARGET_CUDA, RKEOPS_TARGET_PORTABLE, rkeops_array, rkeops_options,
    rkeops_progress,
};
