//! A code that a function fails with is in its list in the header.

use std::ffi::{CString, c_char};
use std::path::Path;
use std::ptr::{null, null_mut};

use rkeops::*;

/// The codes in the order of their numbers.
const CODES: [&str; 18] = [
    "OK",
    "SYNTAX",
    "UNKNOWN_NAME",
    "ARITY",
    "DIMENSION",
    "ARGUMENT",
    "DTYPE",
    "SHAPE",
    "STRIDE",
    "DEVICE",
    "OVERLAP",
    "SIZE",
    "CANCELLED",
    "UNSUPPORTED",
    "INTERNAL",
    "COUNT",
    "HANDLE",
    "CONVERGENCE",
];

/// What the header says of a function, from "Errors:" on.
fn list(function: &str) -> String {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/rkeops.h");
    let header = std::fs::read_to_string(header).unwrap();
    let (before, _) = header.split_once(&format!("*{function}(")).unwrap_or_else(|| panic!("{function}"));
    let comment = &before[before.rfind("/**").unwrap()..];
    comment[comment.find("Errors:").unwrap_or_else(|| panic!("{function} has no list"))..].to_owned()
}

/// A call of the function failed as it should, and the list says so.
fn fails(function: &str, expected: i32, error: *mut rkeops_error) {
    // SAFETY: the error was just made, and is freed once.
    let code = unsafe {
        let code = rkeops_error_code(error);
        rkeops_error_free(error);
        code
    };
    assert_eq!(code, expected, "{function}");
    let (list, name) = (list(function), CODES[code as usize]);
    let mut words = list.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
    let named = words.any(|word| word.strip_prefix("RKEOPS_ERROR").unwrap_or(word) == format!("_{name}"));
    assert!(named, "{function} failed with {name}, which is not in its list: {list}");
}

fn text(words: &str) -> CString {
    CString::new(words).unwrap()
}

fn aliases() -> Vec<CString> {
    ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)", "e = Vi(3,1)"].map(text).into()
}

#[test]
fn texts() {
    let aliases = aliases();
    let list: Vec<*const c_char> = aliases.iter().map(|alias| alias.as_ptr()).collect();
    let long = "x+".repeat(600_000) + "x";
    let both = [
        ("x+", RKEOPS_ERROR_SYNTAX),
        ("Foo(x)", RKEOPS_ERROR_UNKNOWN_NAME),
        ("Exp(x,x)", RKEOPS_ERROR_ARITY),
        ("x|b*(x-Concat(x,y))", RKEOPS_ERROR_DIMENSION),
        ("Grad(x,x+y,x)", RKEOPS_ERROR_ARGUMENT),
        (long.as_str(), RKEOPS_ERROR_SIZE),
    ];
    for (words, code) in both {
        let (formula, reduction) = (text(words), text(&format!("Sum_Reduction({words},0)")));
        let (mut first, mut second) = (null_mut(), null_mut());
        // SAFETY: strings and lists live here, and results go to variables of this function.
        unsafe {
            let error = rkeops_formula_parse(formula.as_ptr(), list.as_ptr(), list.len(), &mut first);
            fails("rkeops_formula_parse", code, error);
            let error = rkeops_reduction_parse(reduction.as_ptr(), list.as_ptr(), list.len(), &mut second);
            fails("rkeops_reduction_parse", code, error);
        }
    }
    let none = text("Grad(Any_Reduction(b,0),b,e)");
    let mut out = null_mut();
    // SAFETY: as before.
    let error = unsafe { rkeops_reduction_parse(none.as_ptr(), list.as_ptr(), list.len(), &mut out) };
    fails("rkeops_reduction_parse", RKEOPS_ERROR_UNSUPPORTED, error);
}

fn variable(index: i64, dim: i64, category: i32) -> *mut rkeops_formula {
    let mut out = null_mut();
    // SAFETY: the result goes to a variable of this function.
    assert!(unsafe { rkeops_formula_variable(index, dim, category, &mut out) }.is_null());
    out
}

fn reduction(name: &str, formula: *mut rkeops_formula) -> *mut rkeops_reduction {
    let (name, mut out) = (text(name), null_mut());
    // SAFETY: the handle is live, and the result goes to a variable of this function.
    let error = unsafe { rkeops_reduction_create(name.as_ptr(), formula, RKEOPS_AXIS_J, null(), 0, null(), &mut out) };
    assert!(error.is_null());
    out
}

#[test]
fn formulas() {
    let (x, y) = (variable(0, 3, RKEOPS_CATEGORY_I), variable(1, 2, RKEOPS_CATEGORY_I));
    let mut out = null_mut();
    for (index, dim, category, code) in [
        (0, 0, 0, RKEOPS_ERROR_DIMENSION),
        (0, 1 << 21, 0, RKEOPS_ERROR_DIMENSION),
        (0, i64::MIN, 0, RKEOPS_ERROR_ARGUMENT),
        (1 << 40, 1, 0, RKEOPS_ERROR_ARGUMENT),
        (0, 1, 7, RKEOPS_ERROR_ARGUMENT),
    ] {
        // SAFETY: the result goes to a variable of this function.
        fails("rkeops_formula_variable", code, unsafe { rkeops_formula_variable(index, dim, category, &mut out) });
    }
    let apply = |name: &str, operands: &[*mut rkeops_formula], code: i32| {
        let (name, mut out) = (text(name), null_mut());
        let operands: Vec<_> = operands.iter().map(|operand| operand.cast_const()).collect();
        // SAFETY: the string, the list and the handles live, and the result goes to a variable of this function.
        let error =
            unsafe { rkeops_formula_apply(name.as_ptr(), operands.as_ptr(), operands.len(), null(), 0, &mut out) };
        fails("rkeops_formula_apply", code, error);
    };
    apply("Foo", &[x], RKEOPS_ERROR_UNKNOWN_NAME);
    apply("Exp", &[x, x], RKEOPS_ERROR_ARITY);
    apply("Add", &[x, y], RKEOPS_ERROR_DIMENSION);
    apply("Add", &[x, null_mut()], RKEOPS_ERROR_ARGUMENT);
    // SAFETY: handles are live, NULL or of another type, and the result goes to a variable of this function.
    unsafe {
        fails("rkeops_formula_gradient", RKEOPS_ERROR_DIMENSION, rkeops_formula_gradient(x, x, y, &mut out));
        fails("rkeops_formula_gradient", RKEOPS_ERROR_ARGUMENT, rkeops_formula_gradient(x, null(), x, &mut out));
        let other = reduction("Sum", x);
        let error = rkeops_formula_gradient(other.cast_const().cast(), x, x, &mut out);
        fails("rkeops_formula_gradient", RKEOPS_ERROR_HANDLE, error);
        rkeops_reduction_free(other);
        rkeops_formula_free(x);
        rkeops_formula_free(y);
    }
}

#[test]
fn reductions_and_kernels() {
    let (x, j) = (variable(0, 3, RKEOPS_CATEGORY_I), variable(1, 3, RKEOPS_CATEGORY_J));
    let wide = variable(0, 200_000, RKEOPS_CATEGORY_I);
    let mut exponential = null_mut();
    let (sum, least) = (reduction("Sum", x), reduction("ArgMin", x));
    let (mut out, mut kernel) = (null_mut(), null_mut());
    // SAFETY: strings live here, handles are live or NULL, and results go to variables of this function.
    unsafe {
        let create = |name: &str, axis| {
            let (name, mut out) = (text(name), null_mut());
            rkeops_reduction_create(name.as_ptr(), x, axis, null(), 0, null(), &mut out)
        };
        fails("rkeops_reduction_create", RKEOPS_ERROR_UNKNOWN_NAME, create("Foo", RKEOPS_AXIS_J));
        fails("rkeops_reduction_create", RKEOPS_ERROR_DIMENSION, create("LogSumExp", RKEOPS_AXIS_J));
        fails("rkeops_reduction_create", RKEOPS_ERROR_ARGUMENT, create("Sum", 7));
        fails("rkeops_reduction_create", RKEOPS_ERROR_ARITY, create("SumSoftMaxWeight", RKEOPS_AXIS_J));
        for (from, cotangent, code) in
            [(sum, j, RKEOPS_ERROR_ARGUMENT), (sum, wide, RKEOPS_ERROR_DIMENSION), (least, x, RKEOPS_ERROR_UNSUPPORTED)]
        {
            fails(
                "rkeops_reduction_gradient",
                code,
                rkeops_reduction_gradient(from, x, cotangent, null(), 0, &mut out),
            );
        }
        let saved = &x.cast_const();
        let error = rkeops_reduction_gradient(sum, x, x, saved, 1, &mut out);
        fails("rkeops_reduction_gradient", RKEOPS_ERROR_ARITY, error);
        for (from, direction, code) in
            [(sum, j, RKEOPS_ERROR_ARGUMENT), (sum, wide, RKEOPS_ERROR_DIMENSION), (least, x, RKEOPS_ERROR_UNSUPPORTED)]
        {
            let error = rkeops_reduction_directional(from, x, direction, null(), 0, &mut out);
            fails("rkeops_reduction_directional", code, error);
        }
        let error = rkeops_reduction_directional(sum, x, x, saved, 1, &mut out);
        fails("rkeops_reduction_directional", RKEOPS_ERROR_ARITY, error);
        fails("rkeops_reduction_saved", RKEOPS_ERROR_COUNT, rkeops_reduction_saved(sum, 0, &mut out));
        fails("rkeops_reduction_saved", RKEOPS_ERROR_ARGUMENT, rkeops_reduction_saved(null(), 0, &mut out));
        let error = rkeops_reduction_saved_count(sum, null_mut());
        fails("rkeops_reduction_saved_count", RKEOPS_ERROR_ARGUMENT, error);
        let name = text("Exp");
        assert!(rkeops_formula_apply(name.as_ptr(), &wide.cast_const(), 1, null(), 0, &mut exponential).is_null());
        let absurd = reduction("Sum", exponential);
        let error = rkeops_kernel_compile(&absurd.cast_const(), 1, null(), &mut kernel);
        fails("rkeops_kernel_compile", RKEOPS_ERROR_SIZE, error);
        fails("rkeops_kernel_compile", RKEOPS_ERROR_ARGUMENT, rkeops_kernel_compile(null(), 0, null(), &mut kernel));
        for made in [sum, least, absurd] {
            rkeops_reduction_free(made);
        }
        for made in [x, j, wide, exponential] {
            rkeops_formula_free(made);
        }
    }
}
