//! C functions on solvers of linear systems. It only converts; all work is the core's.

use std::ffi::c_void;
use std::sync::Arc;

use rkeops_core::{SolveOptions, Solver};

use crate::call::{self, Arrays};
use crate::error::rkeops_error;
use crate::guard::{guard, produce};
use crate::handle::{self, Object};
use crate::input;
use crate::reduction::rkeops_reduction;
use crate::types::{rkeops_array, rkeops_options};

/// A sum over one index, compiled as the matrix of a linear system. A counted
/// reference to something that never changes.
pub struct rkeops_solver {
    _private: [u8; 0],
}

impl Object for rkeops_solver {
    type Value = Arc<Solver>;
    const NAME: &'static str = "rkeops_solver";
    const MAGIC: u64 = handle::magic(b"solver  ");
}

/// Called after each iteration of a solver, on the thread that called, with its number
/// and the largest root mean square of a column's residual. Return 0 to go on, anything
/// else to stop: the call then fails with RKEOPS_ERROR_CANCELLED. It must return.
pub type rkeops_iteration = Option<unsafe extern "C" fn(iteration: u64, residual: f64, user: *mut c_void) -> i32>;

/// How a system is solved; NULL stands for RKEOPS_SOLVE_OPTIONS_INIT. Set `size` to
/// sizeof(rkeops_solve_options): newer headers add fields at the end. Belongs to the
/// caller and is not kept.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rkeops_solve_options {
    /// sizeof(rkeops_solve_options).
    pub size: usize,
    /// What is added to the diagonal of the matrix: 0 or more. KeOps' default: 1e-10.
    pub alpha: f64,
    /// A column is solved when the root mean square of its residual is at most this.
    /// KeOps' default: 1e-6.
    pub tolerance: f64,
    /// Iterations at most; 0 stands for ten for each row, and ten.
    pub iterations: u64,
    /// Called after each iteration; may stop the solver. NULL: none.
    pub progress: rkeops_iteration,
    /// Passed to `progress` as it is.
    pub progress_user: *mut c_void,
}

/// How a system was solved.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct rkeops_solution {
    /// Products with the matrix.
    pub iterations: u64,
    /// The largest root mean square of a column's residual, as the recurrence has it.
    pub residual: f64,
}

/// Makes a solver of (K + alpha I) x = b for the matrix K of K x = the reduction, a sum
/// in whose formula argument number `unknown` stands for x: a variable of the index
/// that is reduced, with as many columns as the sum, in which the formula is linear.
/// `options` are as in rkeops_kernel_compile.
/// `*out` becomes a solver that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT and _DIMENSION for what is no such sum or variable, and
/// those of rkeops_kernel_compile. Any thread; takes up to some milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_solver_create(
    reduction: *const rkeops_reduction,
    unknown: usize,
    options: *const rkeops_options,
    out: *mut *mut rkeops_solver,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle, its options and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let options = input::compile_options(&input::options(options)?)?;
            Solver::compile(handle::borrow("reduction", reduction)?, unknown, &options).map(Arc::new)
        })
    }
}

/// Solves a linear system by conjugate gradients. Blocks until it is solved.
///
/// `inputs` are those of rkeops_kernel_run; the right-hand side b comes in the place of
/// the unknown. `output` takes x; it has the shape that the sum has. The problems of a
/// batch are systems of their own, iterated together, and so are columns, unless the
/// formula makes a column of another one (kernels whose values are matrices): then they
/// are one system, counted as one column. The matrix must be symmetric and positive
/// definite.
/// `solve` may be NULL. `run` may be NULL; its threads, progress, ranges and skipped are
/// read for each product with the matrix. `*solution` tells how it was solved; it may be NULL.
/// Errors: those of rkeops_kernel_run; RKEOPS_ERROR_CONVERGENCE where the matrix is found
/// not to be positive definite, a residual is not finite or the iterations do not
/// suffice: the output then holds the last iterate. Any thread, also several on the same
/// solver at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_solver_run(
    solver: *const rkeops_solver,
    inputs: *const rkeops_array,
    input_count: usize,
    output: *const rkeops_array,
    solve: *const rkeops_solve_options,
    run: *const rkeops_options,
    solution: *mut rkeops_solution,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle, its lists, its arrays and its options (the manual in lib.rs).
    guard(|| unsafe {
        // A reference of our own: a callback may free the caller's.
        let solver = Arc::clone(handle::borrow("solver", solver)?);
        let run = input::options(run)?;
        let solve = input::solve_options(solve)?;
        // SAFETY: C vouches for the callback and its user pointer during the run.
        let callback = solve.progress.map(|callback| {
            move |iteration: usize, residual: f64| callback(iteration as u64, residual, solve.progress_user) == 0
        });
        let arrays = Arrays::new(solver.kernel(), (inputs, input_count), (output, 1))?;
        let found = arrays.with_memory(|inputs, outputs| {
            call::with_run_options(&run, |run| {
                let options = SolveOptions {
                    alpha: solve.alpha,
                    tolerance: solve.tolerance,
                    iterations: usize::try_from(solve.iterations).unwrap_or(usize::MAX),
                    run: *run,
                    progress: callback.as_ref().map(|callback| callback as &dyn Fn(usize, f64) -> bool),
                };
                solver.solve(inputs, &mut outputs[0], &options)
            })
        })?;
        if !solution.is_null() {
            let found = rkeops_solution { iterations: found.iterations as u64, residual: found.residual };
            solution.write_unaligned(found);
        }
        Ok(())
    })
}

/// Adds a reference, which asks for one more rkeops_solver_free.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_solver_retain(solver: *const rkeops_solver) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle (the manual in lib.rs).
    guard(|| unsafe { handle::retain("solver", solver) })
}

/// Drops a reference; the last one frees the solver. NULL is allowed. Any thread, never
/// blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_solver_free(solver: *mut rkeops_solver) {
    // SAFETY: the caller passes NULL or a solver that it owns (the manual in lib.rs).
    unsafe { handle::release(solver) }
}

impl Default for rkeops_solve_options {
    fn default() -> Self {
        let SolveOptions { alpha, tolerance, .. } = SolveOptions::default();
        rkeops_solve_options {
            size: size_of::<Self>(),
            alpha,
            tolerance,
            iterations: 0,
            progress: None,
            progress_user: std::ptr::null_mut(),
        }
    }
}
