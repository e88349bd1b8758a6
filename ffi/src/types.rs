//! The structs and numbers that C and Rust share, byte for byte. It has no code but defaults.

use std::ffi::c_void;

use crate::ranges::rkeops_ranges;

/// Grows when a program built with this header would not work with an older library.
pub const RKEOPS_ABI_VERSION: i32 = 1;

/// A variable with one row per index i.
pub const RKEOPS_CATEGORY_I: i32 = 0;
/// A variable with one row per index j.
pub const RKEOPS_CATEGORY_J: i32 = 1;
/// A variable with one row for all pairs.
pub const RKEOPS_CATEGORY_PARAMETER: i32 = 2;

/// Reduce over i: the output has one row per j.
pub const RKEOPS_AXIS_I: i32 = 0;
/// Reduce over j: the output has one row per i.
pub const RKEOPS_AXIS_J: i32 = 1;

/// The best code for this processor. The environment variable RKEOPS_TARGET
/// (portable, avx2, avx512 or cuda) may force another choice.
pub const RKEOPS_TARGET_AUTO: i32 = 0;
/// No machine code is made: works on every processor.
pub const RKEOPS_TARGET_PORTABLE: i32 = 1;
/// Machine code for x86-64 with AVX2 and FMA.
pub const RKEOPS_TARGET_AVX2: i32 = 2;
/// Machine code for x86-64 with AVX-512.
pub const RKEOPS_TARGET_AVX512: i32 = 3;
/// Kernels for a CUDA device, also for arrays in ordinary memory, which are copied
/// there and back, in pieces if they are larger than its memory. Arrays that are on a
/// device are computed there by every kernel.
pub const RKEOPS_TARGET_CUDA: i32 = 4;

/// Sums are added as is best by default: RKEOPS_SUMMATION_BLOCK.
pub const RKEOPS_SUMMATION_AUTO: i32 = 0;
/// Sums are added term by term (KeOps' direct_sum).
pub const RKEOPS_SUMMATION_DIRECT: i32 = 1;
/// Sums are added in blocks of 256 terms, and blocks with the error of each addition
/// kept (KeOps' block_sum).
pub const RKEOPS_SUMMATION_BLOCK: i32 = 2;
/// The error of each addition is kept (KeOps' kahan_scheme).
pub const RKEOPS_SUMMATION_COMPENSATED: i32 = 3;

/// Signed integers (kDLInt of DLPack).
pub const RKEOPS_DTYPE_INT: i32 = 0;
/// Integers without a sign (kDLUInt of DLPack).
pub const RKEOPS_DTYPE_UINT: i32 = 1;
/// Floating-point numbers (kDLFloat of DLPack).
pub const RKEOPS_DTYPE_FLOAT: i32 = 2;
/// bfloat16 numbers (kDLBfloat of DLPack): the upper halves of float32 numbers.
pub const RKEOPS_DTYPE_BFLOAT: i32 = 4;
/// Complex numbers (kDLComplex of DLPack): a real part and the imaginary part after
/// it, as C's `float _Complex` and `double _Complex` and Fortran's COMPLEX.
pub const RKEOPS_DTYPE_COMPLEX: i32 = 5;
/// Truth values (kDLBool of DLPack): bytes, 0 for false and anything else for true.
pub const RKEOPS_DTYPE_BOOL: i32 = 6;

/// Ordinary memory (kDLCPU of DLPack).
pub const RKEOPS_DEVICE_CPU: i32 = 1;
/// Memory of a CUDA device (kDLCUDA of DLPack).
pub const RKEOPS_DEVICE_CUDA: i32 = 2;
/// In place of the number of a CUDA device: all of them.
pub const RKEOPS_ALL_DEVICES: i32 = -1;

/// The largest rank of an array.
pub const RKEOPS_MAX_RANK: i32 = 8;

/// An array of the caller, described, not owned; the fields mean what they mean in
/// DLPack's DLTensor. It is read or written in place, so row-major,
/// column-major, padded, transposed, reversed and broadcast arrays are all just
/// strides. Nothing of it is kept after a call returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rkeops_array {
    /// The element whose indices are all 0, aligned to the size of an element, or of
    /// its parts if it is complex; an address of the device if it is not the CPU. May
    /// be NULL if some extent is 0.
    pub data: *mut c_void,
    /// One of RKEOPS_DTYPE_...; rkeops_kernel_run says which ones an array may have.
    pub dtype_code: i32,
    /// Bits of an element: 16, 32 or 64, but 8 too for integers, 8 for bool, 16 for
    /// bfloat16, and 64 or 128 for complex numbers.
    pub dtype_bits: i32,
    /// RKEOPS_DEVICE_CPU or RKEOPS_DEVICE_CUDA, the same for all arrays of a call.
    pub device_type: i32,
    /// 0, or which one of several devices.
    pub device_id: i32,
    /// Number of axes: 0 to RKEOPS_MAX_RANK.
    pub rank: i32,
    /// `rank` extents, none negative.
    pub shape: *const i64,
    /// `rank` steps, in elements (not bytes), from one index to the next of each
    /// axis. May be negative; 0 repeats an input along that axis. NULL: compact
    /// and row-major.
    pub strides: *const i64,
}

/// Called now and then during a run, on the thread that called, with the number of
/// pairs (i, j) done and in all. Return 0 to go on, anything else to stop the run
/// soon: it then fails with RKEOPS_ERROR_CANCELLED, and the callback is not called
/// again. It may call the library. It must return: no longjmp, no C++ exception may
/// leave it.
pub type rkeops_progress = Option<unsafe extern "C" fn(done: u64, total: u64, user: *mut c_void) -> i32>;

/// Options of a compilation or a run; NULL, or 0 in a field, means the default. Set
/// `size` to sizeof(rkeops_options), or start from RKEOPS_OPTIONS_INIT: newer
/// headers add fields at the end, and the size tells the library which ones there
/// are. Belongs to the caller and is not kept.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rkeops_options {
    /// sizeof(rkeops_options).
    pub size: usize,
    /// Compilation: bits of the floating-point numbers that are computed with: 32 or
    /// 64. Default: 32.
    pub dtype_bits: i32,
    /// Compilation: one of RKEOPS_TARGET_... Default: RKEOPS_TARGET_AUTO.
    pub target: i32,
    /// Run: number of threads, the calling one included. Default: those of
    /// rkeops_num_threads that no other run uses.
    pub threads: i32,
    /// Run: number of the CUDA device that arrays in ordinary memory are copied to, for a
    /// kernel whose target is RKEOPS_TARGET_CUDA, or RKEOPS_ALL_DEVICES: each takes a
    /// share of the problems or of the rows of the result. Default: 0.
    pub device: i32,
    /// Run: called with the progress; may stop the run. Default: none.
    pub progress: rkeops_progress,
    /// Run: passed to `progress` as it is.
    pub progress_user: *mut c_void,
    /// Run: which pairs of rows are reduced. Default: all.
    pub ranges: *const rkeops_ranges,
    /// Compilation: bits of the floating-point numbers that sums are added in: 64 with
    /// a dtype_bits of 32 is slower and more accurate. Default: dtype_bits.
    pub accumulator_bits: i32,
    /// Compilation: one of RKEOPS_SUMMATION_... Default: RKEOPS_SUMMATION_AUTO.
    pub summation: i32,
    /// Run: takes the number of pairs that were not computed, because the conditions of
    /// masks rule out whole blocks of them; 0 where there is no mask. It is written at
    /// the end of a run that succeeds or is stopped; a solver writes that of its last
    /// product with the matrix. Default: NULL, nobody is told.
    pub skipped: *mut u64,
    /// Run, of arrays on a CUDA device: the stream (cudaStream_t or CUstream) on which
    /// all is queued. Default: NULL, the device's default stream.
    pub stream: *mut c_void,
    /// Run, of arrays on a CUDA device: memory of that device to work in, aligned to 256
    /// bytes, which is free again when what was queued is done. Default: NULL, memory is
    /// allocated and freed in the order of the stream.
    pub workspace: *mut c_void,
    /// Run: bytes of `workspace`, at least as many as rkeops_kernel_workspace says.
    pub workspace_bytes: usize,
    /// Compilation: 1 if tensor cores of a CUDA device may round the factors of float32
    /// products to TF32, 11 binary digits, which is faster and less exact; of no effect
    /// elsewhere. Default: 0, they may not.
    pub allow_tf32: i32,
    // What comes next has 8 bytes, so that the size tells whether it is there: with 4 it would be in the padding of older structs.
}

impl Default for rkeops_options {
    fn default() -> Self {
        rkeops_options {
            size: size_of::<Self>(),
            dtype_bits: 0,
            target: 0,
            threads: 0,
            device: 0,
            progress: None,
            progress_user: std::ptr::null_mut(),
            ranges: std::ptr::null(),
            accumulator_bits: 0,
            summation: 0,
            skipped: std::ptr::null_mut(),
            stream: std::ptr::null_mut(),
            workspace: std::ptr::null_mut(),
            workspace_bytes: 0,
            allow_tf32: 0,
        }
    }
}
