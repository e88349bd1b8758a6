//! C functions on reductions. It only converts; what reductions mean is the core's.

use std::ffi::c_char;

use rkeops_core::{Error, ErrorKind, Extra, Formula, Reduction};

use crate::error::{c_string, rkeops_error};
use crate::formula::rkeops_formula;
use crate::guard::{guard, produce};
use crate::handle::{self, Object};
use crate::input;
use crate::text::rkeops_text;

/// A formula together with how it is reduced over i or j. A counted reference to
/// something that never changes.
pub struct rkeops_reduction {
    _private: [u8; 0],
}

impl Object for rkeops_reduction {
    type Value = Reduction;
    const NAME: &'static str = "rkeops_reduction";
    const MAGIC: u64 = handle::magic(b"reductio");
}

/// Makes a reduction from text, for instance "Sum_Reduction(Exp(-SqDist(x,y))*b,0)".
///
/// The number at the end is KeOps' category of the index that remains: 0 reduces over
/// j and gives one row per i, 1 reduces over i. `aliases` are as in
/// rkeops_formula_parse. The texts are not kept.
/// "Grad(reduction,variable,cotangent,saved...)" is what rkeops_reduction_gradient makes,
/// "Diff(reduction,variable,direction,saved...)" what rkeops_reduction_directional does;
/// "Diff(reduction,(v,w),(a,b),saved...)" is the sum of those in several variables.
/// `*out` becomes a reduction that the caller owns.
/// Errors: RKEOPS_ERROR_SYNTAX, _UNKNOWN_NAME, _ARITY, _DIMENSION with a caret under
/// the place, _SIZE for more than a million characters, _UNSUPPORTED for the gradient
/// of a reduction that has none, _ARGUMENT. Any thread; takes microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_parse(
    text: *const c_char,
    aliases: *const *const c_char,
    alias_count: usize,
    out: *mut *mut rkeops_reduction,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its strings, its list and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let text = input::string("text", text)?;
            let aliases = input::strings("aliases", aliases, alias_count)?;
            Reduction::parse(text, &aliases)
        })
    }
}

/// Makes a reduction of a formula.
///
/// `name` is "Sum", "LogSumExp", "Min", "ArgMin" or another name that text has before
/// "_Reduction". `axis` is the index that is reduced, one of RKEOPS_AXIS_...
/// `parameters` are the reduction's `parameter_count` integers, such as the number of
/// neighbours of "KMin"; most have none: NULL and 0. `weights` is the second formula of
/// a reduction with weights, such as "SumSoftMaxWeight", and NULL for others.
/// `*out` becomes a reduction that the caller owns; it does not need the formulas'
/// handles any longer.
/// Errors: RKEOPS_ERROR_UNKNOWN_NAME, _ARITY for parameters or weights that are missing
/// or not wanted, _DIMENSION, _ARGUMENT, _HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_create(
    name: *const c_char,
    formula: *const rkeops_formula,
    axis: i32,
    parameters: *const i64,
    parameter_count: usize,
    weights: *const rkeops_formula,
    out: *mut *mut rkeops_reduction,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its string, its list, its handles and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let (name, formula) = (input::string("name", name)?, handle::borrow("formula", formula)?);
            let parameters = input::list("parameters", parameters, parameter_count)?;
            let weights = if weights.is_null() { None } else { Some(handle::borrow("weights", weights)?) };
            Reduction::with(name, formula, Extra { parameters, weights }, input::axis(axis)?)
        })
    }
}

/// Writes to `*out` how many results the derivatives of a reduction need: 0 for a sum, 1
/// for the log-sum-exp, which needs its own result, and for a smallest value, which needs
/// its index. Indices and counts are passed on as arguments that hold integers.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_saved_count(
    reduction: *const rkeops_reduction,
    out: *mut usize,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe { handle::write(out, handle::borrow("reduction", reduction)?.saved()?.len()) })
}

/// Makes the reduction whose result is number `position` of those that the derivatives of
/// `reduction` need. It is over the same axis, so that one kernel gives it together with
/// the result itself.
/// `*out` becomes a reduction that the caller owns.
/// Errors: RKEOPS_ERROR_COUNT if there is no such result, _ARGUMENT, _HANDLE. Any
/// thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_saved(
    reduction: *const rkeops_reduction,
    position: usize,
    out: *mut *mut rkeops_reduction,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let mut saved = handle::borrow("reduction", reduction)?.saved()?;
            if position < saved.len() {
                return Ok(saved.swap_remove(position));
            }
            let message =
                format!("there is no saved result {position}: the reduction has {}, counted from 0", saved.len());
            Err(Error::new(ErrorKind::Count, message))
        })
    }
}

/// Makes the gradient of a reduction with respect to a variable, as a reduction.
///
/// `cotangent` has the columns of the reduction's output and its index: for a
/// reduction over j it is a formula of i-variables and parameters. `saved` are the
/// `saved_count` results that rkeops_reduction_saved tells, as variables of that index;
/// NULL and 0 for a sum. The gradient has one row per row of `variable`. If `variable`
/// is a parameter, it has one row per row of the reduction's output instead, and the sum
/// of these rows is the gradient. It may be compiled into one kernel with reductions
/// over the same axis, which shares the work on each pair.
///
/// The gradient is a sum that takes the saved results as they are. Whoever
/// differentiates it again adds what comes through them: its gradient with respect to
/// each is the cotangent of the reduction that gave it.
/// `*out` becomes a reduction that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT if `variable` is no variable or `cotangent` or a saved
/// result depends on the index that is reduced, _ARITY for another number of saved
/// results, _DIMENSION, _SIZE, _UNSUPPORTED for a reduction without a gradient, _HANDLE.
/// Any thread; takes microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_gradient(
    reduction: *const rkeops_reduction,
    variable: *const rkeops_formula,
    cotangent: *const rkeops_formula,
    saved: *const *const rkeops_formula,
    saved_count: usize,
    out: *mut *mut rkeops_reduction,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handles, its list and `out` (the manual in lib.rs).
    unsafe { derived(Reduction::gradient, reduction, variable, ("cotangent", cotangent), (saved, saved_count), out) }
}

/// The gradient or the derivative of a reduction.
///
/// # Safety
/// The handles, the list and `out` are as the manual in lib.rs asks for.
unsafe fn derived(
    derive: fn(&Reduction, &Formula, &Formula, &[&Formula]) -> Result<Reduction, Error>,
    reduction: *const rkeops_reduction,
    variable: *const rkeops_formula,
    (name, along): (&str, *const rkeops_formula),
    (saved, saved_count): (*const *const rkeops_formula, usize),
    out: *mut *mut rkeops_reduction,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for all of them.
    unsafe {
        produce(out, || {
            let reduction = handle::borrow("reduction", reduction)?;
            let variable = handle::borrow("variable", variable)?;
            let along = handle::borrow(name, along)?;
            derive(reduction, variable, along, &input::handles("saved", saved, saved_count)?)
        })
    }
}

/// Makes the derivative of a reduction where a variable changes along a direction, as a
/// reduction over the same axis with the same columns.
///
/// `direction` has the columns and the index of `variable`, or one column that stands for
/// each. `saved` are as in rkeops_reduction_gradient.
/// `*out` becomes a reduction that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT if `variable` is no variable, if `direction` depends on
/// another index or if a saved result depends on the index that is reduced, _ARITY for
/// another number of saved results, _DIMENSION, _SIZE, _UNSUPPORTED for a reduction
/// without a derivative, _HANDLE. Any thread; takes microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_directional(
    reduction: *const rkeops_reduction,
    variable: *const rkeops_formula,
    direction: *const rkeops_formula,
    saved: *const *const rkeops_formula,
    saved_count: usize,
    out: *mut *mut rkeops_reduction,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handles, its list and `out` (the manual in lib.rs).
    unsafe { derived(Reduction::directional, reduction, variable, ("direction", direction), (saved, saved_count), out) }
}

/// Writes the number of columns of a reduction's output, of the first one if there are
/// several, to `*out`.
/// A complex number is two columns of real numbers.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_dim(reduction: *const rkeops_reduction, out: *mut i64) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe { handle::write(out, handle::borrow("reduction", reduction)?.dim() as i64) })
}

/// Writes how many outputs a reduction has to `*out`: one, or two for one such as
/// "Min_ArgMin".
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_output_count(
    reduction: *const rkeops_reduction,
    out: *mut usize,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe { handle::write(out, handle::borrow("reduction", reduction)?.results().len()) })
}

/// Prints a reduction as text that parses to the same reduction, without arguments
/// that were declared but are not used.
/// `*out` becomes a text that the caller owns: rkeops_text_free.
/// Errors: RKEOPS_ERROR_SIZE for a text that is absurdly long (shared parts of a
/// formula are written out each time), _ARGUMENT, _HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_text(
    reduction: *const rkeops_reduction,
    out: *mut *mut rkeops_text,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    unsafe { produce(out, || Ok(c_string(&handle::borrow("reduction", reduction)?.text()?))) }
}

/// Adds a reference, which asks for one more rkeops_reduction_free.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_retain(reduction: *const rkeops_reduction) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle (the manual in lib.rs).
    guard(|| unsafe { handle::retain("reduction", reduction) })
}

/// Drops a reference; the last one frees the reduction. NULL is allowed. Any thread,
/// never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_reduction_free(reduction: *mut rkeops_reduction) {
    // SAFETY: the caller passes NULL or a reduction that it owns (the manual in lib.rs).
    unsafe { handle::release(reduction) }
}
