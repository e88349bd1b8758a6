// The C ABI written down a second time, by hand, as a binding in Rust. `layout.rs` lets a C compiler compare it
// with include/rkeops.h: sizes, offsets, constants, and the functions themselves. It is no test of its own.

pub enum rkeops_error {}
pub enum rkeops_text {}
pub enum rkeops_formula {}
pub enum rkeops_reduction {}
pub enum rkeops_kernel {}
pub enum rkeops_ranges {}
pub enum rkeops_solver {}

use std::ffi::{c_char, c_void};

pub const RKEOPS_ABI_VERSION: i32 = 1;
pub const RKEOPS_CATEGORY_I: i32 = 0;
pub const RKEOPS_CATEGORY_J: i32 = 1;
pub const RKEOPS_CATEGORY_PARAMETER: i32 = 2;
pub const RKEOPS_AXIS_I: i32 = 0;
pub const RKEOPS_AXIS_J: i32 = 1;
pub const RKEOPS_TARGET_AUTO: i32 = 0;
pub const RKEOPS_TARGET_PORTABLE: i32 = 1;
pub const RKEOPS_TARGET_AVX2: i32 = 2;
pub const RKEOPS_TARGET_AVX512: i32 = 3;
pub const RKEOPS_TARGET_CUDA: i32 = 4;
pub const RKEOPS_SUMMATION_AUTO: i32 = 0;
pub const RKEOPS_SUMMATION_DIRECT: i32 = 1;
pub const RKEOPS_SUMMATION_BLOCK: i32 = 2;
pub const RKEOPS_SUMMATION_COMPENSATED: i32 = 3;
pub const RKEOPS_DTYPE_INT: i32 = 0;
pub const RKEOPS_DTYPE_FLOAT: i32 = 2;
pub const RKEOPS_DTYPE_COMPLEX: i32 = 5;
pub const RKEOPS_DEVICE_CPU: i32 = 1;
pub const RKEOPS_DEVICE_CUDA: i32 = 2;
pub const RKEOPS_MAX_RANK: i32 = 8;
pub const RKEOPS_OK: i32 = 0;
pub const RKEOPS_ERROR_SYNTAX: i32 = 1;
pub const RKEOPS_ERROR_UNKNOWN_NAME: i32 = 2;
pub const RKEOPS_ERROR_ARITY: i32 = 3;
pub const RKEOPS_ERROR_DIMENSION: i32 = 4;
pub const RKEOPS_ERROR_ARGUMENT: i32 = 5;
pub const RKEOPS_ERROR_DTYPE: i32 = 6;
pub const RKEOPS_ERROR_SHAPE: i32 = 7;
pub const RKEOPS_ERROR_STRIDE: i32 = 8;
pub const RKEOPS_ERROR_DEVICE: i32 = 9;
pub const RKEOPS_ERROR_OVERLAP: i32 = 10;
pub const RKEOPS_ERROR_SIZE: i32 = 11;
pub const RKEOPS_ERROR_CANCELLED: i32 = 12;
pub const RKEOPS_ERROR_UNSUPPORTED: i32 = 13;
pub const RKEOPS_ERROR_INTERNAL: i32 = 14;
pub const RKEOPS_ERROR_COUNT: i32 = 15;
pub const RKEOPS_ERROR_HANDLE: i32 = 16;
pub const RKEOPS_ERROR_CONVERGENCE: i32 = 17;

#[repr(C)]
pub struct rkeops_array {
    pub data: *mut c_void,
    pub dtype_code: i32,
    pub dtype_bits: i32,
    pub device_type: i32,
    pub device_id: i32,
    pub rank: i32,
    pub shape: *const i64,
    pub strides: *const i64,
}

#[repr(C)]
pub struct rkeops_options {
    pub size: usize,
    pub dtype_bits: i32,
    pub target: i32,
    pub threads: i32,
    pub device: i32,
    pub progress: Option<unsafe extern "C" fn(done: u64, total: u64, user: *mut c_void) -> i32>,
    pub progress_user: *mut c_void,
    pub ranges: *const rkeops_ranges,
    pub accumulator_bits: i32,
    pub summation: i32,
    pub skipped: *mut u64,
    pub stream: *mut c_void,
    pub workspace: *mut c_void,
    pub workspace_bytes: usize,
    pub allow_tf32: i32,
}

#[repr(C)]
pub struct rkeops_solve_options {
    pub size: usize,
    pub alpha: f64,
    pub tolerance: f64,
    pub iterations: u64,
    pub progress: Option<unsafe extern "C" fn(u64, f64, *mut c_void) -> i32>,
    pub progress_user: *mut c_void,
}

#[repr(C)]
pub struct rkeops_solution {
    pub iterations: u64,
    pub residual: f64,
}

#[repr(C)]
pub struct rkeops_ranges_half {
    pub kept: *const i64,
    pub slices: *const i64,
    pub count: usize,
    pub reduced: *const i64,
    pub reduced_count: usize,
}

extern "C" {
    pub fn rkeops_abi_version() -> i32;
    pub fn rkeops_version() -> *const c_char;
    pub fn rkeops_doctor(out: *mut *mut rkeops_text) -> *mut rkeops_error;
    pub fn rkeops_set_num_threads(count: i32) -> *mut rkeops_error;
    pub fn rkeops_num_threads() -> i32;

    pub fn rkeops_error_code(error: *const rkeops_error) -> i32;
    pub fn rkeops_error_message(error: *const rkeops_error) -> *const c_char;
    pub fn rkeops_error_free(error: *mut rkeops_error);

    pub fn rkeops_text_data(text: *const rkeops_text) -> *const c_char;
    pub fn rkeops_text_free(text: *mut rkeops_text);

    pub fn rkeops_formula_parse(
        text: *const c_char,
        aliases: *const *const c_char,
        alias_count: usize,
        out: *mut *mut rkeops_formula,
    ) -> *mut rkeops_error;
    pub fn rkeops_formula_variable(
        index: i64,
        dim: i64,
        category: i32,
        out: *mut *mut rkeops_formula,
    ) -> *mut rkeops_error;
    pub fn rkeops_formula_constant(value: f64, out: *mut *mut rkeops_formula) -> *mut rkeops_error;
    pub fn rkeops_formula_apply(
        name: *const c_char,
        operands: *const *const rkeops_formula,
        operand_count: usize,
        parameters: *const i64,
        parameter_count: usize,
        out: *mut *mut rkeops_formula,
    ) -> *mut rkeops_error;
    pub fn rkeops_formula_renumber(
        formula: *const rkeops_formula,
        positions: *const i64,
        count: usize,
        out: *mut *mut rkeops_formula,
    ) -> *mut rkeops_error;
    pub fn rkeops_formula_transpose(
        formula: *const rkeops_formula,
        out: *mut *mut rkeops_formula,
    ) -> *mut rkeops_error;
    pub fn rkeops_formula_gradient(
        formula: *const rkeops_formula,
        variable: *const rkeops_formula,
        cotangent: *const rkeops_formula,
        out: *mut *mut rkeops_formula,
    ) -> *mut rkeops_error;
    pub fn rkeops_formula_dim(formula: *const rkeops_formula, out: *mut i64) -> *mut rkeops_error;
    pub fn rkeops_formula_is_complex(formula: *const rkeops_formula, out: *mut i32) -> *mut rkeops_error;
    pub fn rkeops_formula_text(formula: *const rkeops_formula, out: *mut *mut rkeops_text) -> *mut rkeops_error;
    pub fn rkeops_formula_retain(formula: *const rkeops_formula) -> *mut rkeops_error;
    pub fn rkeops_formula_free(formula: *mut rkeops_formula);

    pub fn rkeops_reduction_parse(
        text: *const c_char,
        aliases: *const *const c_char,
        alias_count: usize,
        out: *mut *mut rkeops_reduction,
    ) -> *mut rkeops_error;
    pub fn rkeops_reduction_create(
        name: *const c_char,
        formula: *const rkeops_formula,
        axis: i32,
        parameters: *const i64,
        parameter_count: usize,
        weights: *const rkeops_formula,
        out: *mut *mut rkeops_reduction,
    ) -> *mut rkeops_error;
    pub fn rkeops_reduction_saved_count(reduction: *const rkeops_reduction, out: *mut usize) -> *mut rkeops_error;
    pub fn rkeops_reduction_saved(
        reduction: *const rkeops_reduction,
        position: usize,
        out: *mut *mut rkeops_reduction,
    ) -> *mut rkeops_error;
    pub fn rkeops_reduction_gradient(
        reduction: *const rkeops_reduction,
        variable: *const rkeops_formula,
        cotangent: *const rkeops_formula,
        saved: *const *const rkeops_formula,
        saved_count: usize,
        out: *mut *mut rkeops_reduction,
    ) -> *mut rkeops_error;
    pub fn rkeops_reduction_directional(
        reduction: *const rkeops_reduction,
        variable: *const rkeops_formula,
        direction: *const rkeops_formula,
        saved: *const *const rkeops_formula,
        saved_count: usize,
        out: *mut *mut rkeops_reduction,
    ) -> *mut rkeops_error;
    pub fn rkeops_reduction_output_count(reduction: *const rkeops_reduction, out: *mut usize) -> *mut rkeops_error;
    pub fn rkeops_reduction_dim(reduction: *const rkeops_reduction, out: *mut i64) -> *mut rkeops_error;
    pub fn rkeops_reduction_text(reduction: *const rkeops_reduction, out: *mut *mut rkeops_text) -> *mut rkeops_error;
    pub fn rkeops_reduction_retain(reduction: *const rkeops_reduction) -> *mut rkeops_error;
    pub fn rkeops_reduction_free(reduction: *mut rkeops_reduction);

    pub fn rkeops_ranges_create(
        over_j: *const rkeops_ranges_half,
        over_i: *const rkeops_ranges_half,
        out: *mut *mut rkeops_ranges,
    ) -> *mut rkeops_error;
    pub fn rkeops_ranges_from_blocks(
        blocks_i: *const i64,
        count_i: usize,
        blocks_j: *const i64,
        count_j: usize,
        keep: *const u8,
        out: *mut *mut rkeops_ranges,
    ) -> *mut rkeops_error;
    pub fn rkeops_ranges_from_labels(
        labels_i: *const i64,
        rows_i: usize,
        labels_j: *const i64,
        rows_j: usize,
        pairs: *const i64,
        pair_count: usize,
        out: *mut *mut rkeops_ranges,
    ) -> *mut rkeops_error;
    pub fn rkeops_ranges_ragged(
        offsets_i: *const i64,
        offsets_j: *const i64,
        problems: usize,
        out: *mut *mut rkeops_ranges,
    ) -> *mut rkeops_error;
    pub fn rkeops_ranges_retain(ranges: *const rkeops_ranges) -> *mut rkeops_error;
    pub fn rkeops_ranges_free(ranges: *mut rkeops_ranges);

    pub fn rkeops_kernel_compile(
        reductions: *const *const rkeops_reduction,
        count: usize,
        options: *const rkeops_options,
        out: *mut *mut rkeops_kernel,
    ) -> *mut rkeops_error;
    pub fn rkeops_kernel_run(
        kernel: *const rkeops_kernel,
        inputs: *const rkeops_array,
        input_count: usize,
        outputs: *const rkeops_array,
        output_count: usize,
        options: *const rkeops_options,
    ) -> *mut rkeops_error;
    pub fn rkeops_kernel_workspace(
        kernel: *const rkeops_kernel,
        inputs: *const rkeops_array,
        input_count: usize,
        outputs: *const rkeops_array,
        output_count: usize,
        options: *const rkeops_options,
        bytes: *mut usize,
    ) -> *mut rkeops_error;
    pub fn rkeops_solver_create(
        reduction: *const rkeops_reduction,
        unknown: usize,
        options: *const rkeops_options,
        out: *mut *mut rkeops_solver,
    ) -> *mut rkeops_error;
    pub fn rkeops_solver_run(
        solver: *const rkeops_solver,
        inputs: *const rkeops_array,
        input_count: usize,
        output: *const rkeops_array,
        solve: *const rkeops_solve_options,
        run: *const rkeops_options,
        solution: *mut rkeops_solution,
    ) -> *mut rkeops_error;
    pub fn rkeops_solver_retain(solver: *const rkeops_solver) -> *mut rkeops_error;
    pub fn rkeops_solver_free(solver: *mut rkeops_solver);
    pub fn rkeops_kernel_input_count(kernel: *const rkeops_kernel, out: *mut usize) -> *mut rkeops_error;
    pub fn rkeops_kernel_input(
        kernel: *const rkeops_kernel,
        position: usize,
        dim: *mut i64,
        category: *mut i32,
    ) -> *mut rkeops_error;
    pub fn rkeops_kernel_output_count(kernel: *const rkeops_kernel, out: *mut usize) -> *mut rkeops_error;
    pub fn rkeops_kernel_output(
        kernel: *const rkeops_kernel,
        position: usize,
        dim: *mut i64,
        dtype_code: *mut i32,
        dtype_bits: *mut i32,
    ) -> *mut rkeops_error;
    pub fn rkeops_kernel_operations(kernel: *const rkeops_kernel, out: *mut i64) -> *mut rkeops_error;
    pub fn rkeops_kernel_axis(kernel: *const rkeops_kernel, out: *mut i32) -> *mut rkeops_error;
    pub fn rkeops_kernel_explain(kernel: *const rkeops_kernel, out: *mut *mut rkeops_text) -> *mut rkeops_error;
    pub fn rkeops_kernel_retain(kernel: *const rkeops_kernel) -> *mut rkeops_error;
    pub fn rkeops_kernel_free(kernel: *mut rkeops_kernel);
}
