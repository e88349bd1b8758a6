//! C functions on formulas. It only converts; what formulas mean is the core's.

use std::ffi::c_char;

use rkeops_core::{Field, Formula};

use crate::error::{c_string, rkeops_error};
use crate::guard::{guard, produce};
use crate::handle::{self, Object};
use crate::input;
use crate::text::rkeops_text;

/// A formula F(p, x_i, y_j), vector-valued. A counted reference to something that
/// never changes.
pub struct rkeops_formula {
    _private: [u8; 0],
}

impl Object for rkeops_formula {
    type Value = Formula;
    const NAME: &'static str = "rkeops_formula";
    const MAGIC: u64 = handle::magic(b"formula ");
}

/// Makes a formula from text, for instance "Exp(-SqDist(x,y)*g)*b".
///
/// `text` is the formula. `aliases` are `alias_count` texts that name its variables:
/// "x = Vi(0,3)" is the argument 0, with 3 columns and one row per i; Vj has one row
/// per j, Pm one row in all; "x = Vi(3)" takes its place in the list as its position.
/// `aliases` may be NULL if the count is 0: the formula may name variables itself, as
/// "Var(0,3,0)" (position, columns, category). The texts are not kept.
/// `*out` becomes a formula that the caller owns.
/// Errors: RKEOPS_ERROR_SYNTAX, _UNKNOWN_NAME, _ARITY, _DIMENSION with a caret under
/// the place, _SIZE for more than a million characters, _ARGUMENT. Any thread; takes
/// microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_parse(
    text: *const c_char,
    aliases: *const *const c_char,
    alias_count: usize,
    out: *mut *mut rkeops_formula,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its strings, its list and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let text = input::string("text", text)?;
            let aliases = input::strings("aliases", aliases, alias_count)?;
            Formula::parse(text, &aliases)
        })
    }
}

/// Makes a variable: the array that a run gets as argument number `index`, with
/// `dim` columns. `category` is one of RKEOPS_CATEGORY_...
/// `*out` becomes a formula that the caller owns.
/// Errors: RKEOPS_ERROR_DIMENSION for a `dim` that is 0 or more than 2^20, _ARGUMENT.
/// Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_variable(
    index: i64,
    dim: i64,
    category: i32,
    out: *mut *mut rkeops_formula,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let (index, dim) = (input::natural("index", index)?, input::natural("dim", dim)?);
            Formula::variable(index, dim, input::category(category)?)
        })
    }
}

/// Makes a constant with one column.
/// `*out` becomes a formula that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_constant(value: f64, out: *mut *mut rkeops_formula) -> *mut rkeops_error {
    // SAFETY: the caller vouches for `out` (the manual in lib.rs).
    unsafe { produce(out, || Ok(Formula::constant(value))) }
}

/// Applies an operation, by the name that it has in text: "Add", "Exp", "SqDist" ...
///
/// `operands` are `operand_count` formulas and `parameters` are `parameter_count`
/// integers, such as the position and length of "Extract"; both lists may be NULL if
/// their count is 0, and neither is kept. Derivatives are operations too: "Grad", "Diff",
/// "GradMatrix", "Divergence", "Laplacian" ... of a formula and a variable. "Index" has
/// no operand: its parameter is 0 for the row number of i and 1 for that of j. "Mask"
/// has a formula and a condition: pairs where the condition is 0 or NaN take no part in
/// the reduction, of which it has to be the outermost operation.
/// `*out` becomes a formula that the caller owns; it does not need the operands'
/// handles any longer.
/// Errors: RKEOPS_ERROR_UNKNOWN_NAME, _ARITY, _DIMENSION, _SIZE for a formula of more
/// than a million parts, _ARGUMENT, _HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_apply(
    name: *const c_char,
    operands: *const *const rkeops_formula,
    operand_count: usize,
    parameters: *const i64,
    parameter_count: usize,
    out: *mut *mut rkeops_formula,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its string, its lists, its handles and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let name = input::string("name", name)?;
            let operands = input::handles("operands", operands, operand_count)?;
            let parameters = input::list("parameters", parameters, parameter_count)?;
            Formula::apply(name, &operands, parameters)
        })
    }
}

/// Makes the same formula of other arguments: its variable number `k` becomes number
/// `positions[k]`. So formulas that were made apart, each with arguments from 0 on, are
/// brought together before an operation takes both.
///
/// `positions` are `count` positions, one for each argument of the formula; the list may
/// be NULL if the count is 0, and is not kept.
/// `*out` becomes a formula that the caller owns.
/// Errors: RKEOPS_ERROR_COUNT for an argument without a position, _ARGUMENT for a negative
/// position or two different variables at one, _HANDLE. Any thread; takes microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_renumber(
    formula: *const rkeops_formula,
    positions: *const i64,
    count: usize,
    out: *mut *mut rkeops_formula,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle, its list and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let formula = handle::borrow("formula", formula)?;
            let positions = input::list("positions", positions, count)?.iter();
            let positions: Vec<usize> = positions.map(|&p| input::natural("positions", p)).collect::<Result<_, _>>()?;
            formula.renumbered(&positions)
        })
    }
}

/// Makes the same formula with i and j exchanged: that of the transposed matrix. What
/// had one row per i has one per j, and row numbers change places too.
/// `*out` becomes a formula that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread; takes microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_transpose(
    formula: *const rkeops_formula,
    out: *mut *mut rkeops_formula,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    unsafe { produce(out, || handle::borrow("formula", formula)?.transposed()) }
}

/// Makes the gradient of a formula with respect to a variable: the transposed
/// Jacobian times `cotangent`, which has the dimension of `formula`; for a complex
/// formula it is complex, or real of twice that dimension. The gradient has as many
/// columns as `variable`. It is a formula like others and can be
/// differentiated again.
/// `*out` becomes a formula that the caller owns.
/// Errors: RKEOPS_ERROR_ARGUMENT if `variable` is no variable, _DIMENSION, _SIZE,
/// _HANDLE. Any thread; takes microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_gradient(
    formula: *const rkeops_formula,
    variable: *const rkeops_formula,
    cotangent: *const rkeops_formula,
    out: *mut *mut rkeops_formula,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handles and `out` (the manual in lib.rs).
    unsafe {
        produce(out, || {
            let formula = handle::borrow("formula", formula)?;
            let variable = handle::borrow("variable", variable)?;
            formula.gradient(variable, handle::borrow("cotangent", cotangent)?)
        })
    }
}

/// Writes the dimension of a formula to `*out`. A complex number counts as one; where
/// rkeops_formula_is_complex tells so, results have two columns of real numbers for it.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_dim(formula: *const rkeops_formula, out: *mut i64) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe { handle::write(out, handle::borrow("formula", formula)?.dim() as i64) })
}

/// Writes 1 to `*out` if the values of a formula are complex numbers, 0 if they are real.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_is_complex(formula: *const rkeops_formula, out: *mut i32) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    guard(|| unsafe {
        let is_complex = handle::borrow("formula", formula)?.field() == Field::Complex;
        handle::write(out, i32::from(is_complex))
    })
}

/// Prints a formula as text that parses to the same formula.
/// `*out` becomes a text that the caller owns: rkeops_text_free.
/// Errors: RKEOPS_ERROR_SIZE for a text that is absurdly long (shared parts of a
/// formula are written out each time), _ARGUMENT, _HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_text(
    formula: *const rkeops_formula,
    out: *mut *mut rkeops_text,
) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle and `out` (the manual in lib.rs).
    unsafe { produce(out, || Ok(c_string(&handle::borrow("formula", formula)?.text()?))) }
}

/// Adds a reference, which asks for one more rkeops_formula_free.
/// Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_retain(formula: *const rkeops_formula) -> *mut rkeops_error {
    // SAFETY: the caller vouches for its handle (the manual in lib.rs).
    guard(|| unsafe { handle::retain("formula", formula) })
}

/// Drops a reference; the last one frees the formula. NULL is allowed. Any thread,
/// never blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rkeops_formula_free(formula: *mut rkeops_formula) {
    // SAFETY: the caller passes NULL or a formula that it owns (the manual in lib.rs).
    unsafe { handle::release(formula) }
}
