/* Errors of the library and of the binding as R conditions. */

#include "binding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The names of the codes, as classes of conditions have them. */
static const char *kind_of(int code) {
    switch (code) {
    case RKEOPS_ERROR_SYNTAX: return "rkeops_syntax_error";
    case RKEOPS_ERROR_UNKNOWN_NAME: return "rkeops_name_error";
    case RKEOPS_ERROR_ARITY: return "rkeops_arity_error";
    case RKEOPS_ERROR_DIMENSION: return "rkeops_dimension_error";
    case RKEOPS_ERROR_DTYPE: return "rkeops_type_error";
    case RKEOPS_ERROR_SHAPE: return "rkeops_shape_error";
    case RKEOPS_ERROR_DEVICE: return "rkeops_device_error";
    case RKEOPS_ERROR_SIZE: return "rkeops_size_error";
    case RKEOPS_ERROR_UNSUPPORTED: return "rkeops_unsupported_error";
    case RKEOPS_ERROR_INTERNAL: return "rkeops_internal_error";
    case RKEOPS_ERROR_COUNT: return "rkeops_count_error";
    case RKEOPS_ERROR_HANDLE: return "rkeops_handle_error";
    case RKEOPS_ERROR_CONVERGENCE: return "rkeops_convergence_error";
    case RKEOPS_ERROR_CANCELLED: return "rkeops_cancelled_error";
    default: return "rkeops_argument_error";
    }
}

/* A function of R's base package with one argument. */
static void call_base(const char *name, SEXP argument) {
    SEXP call = PROTECT(Rf_lang2(Rf_install(name), argument));
    Rf_eval(call, R_BaseEnv);
    UNPROTECT(1);
}

/* An object that is a list with names and classes. */
static SEXP condition(SEXP values, const char *const *classes, int count) {
    SEXP names = PROTECT(Rf_allocVector(STRSXP, 2)), kinds = PROTECT(Rf_allocVector(STRSXP, count));
    SET_STRING_ELT(names, 0, Rf_mkChar("message"));
    SET_STRING_ELT(names, 1, Rf_mkChar("call"));
    for (int k = 0; k < count; ++k) SET_STRING_ELT(kinds, k, Rf_mkChar(classes[k]));
    Rf_setAttrib(values, R_NamesSymbol, names);
    Rf_setAttrib(values, R_ClassSymbol, kinds);
    UNPROTECT(2);
    return values;
}

static void stop_with(int code, SEXP message) {
    const char *classes[] = {kind_of(code), "rkeops_error", "error", "condition"};
    SEXP values = PROTECT(Rf_allocVector(VECSXP, 2));
    SET_VECTOR_ELT(values, 0, Rf_ScalarString(message));
    SEXP home = PROTECT(R_FindNamespace(PROTECT(Rf_mkString("rkeops"))));
    SEXP asked = PROTECT(Rf_lang1(Rf_install(".user_call")));
    SET_VECTOR_ELT(values, 1, Rf_eval(asked, home));
    call_base("stop", condition(values, classes, 4));
    UNPROTECT(4);
}

void check(rkeops_error *error) {
    if (!error) return;
    const int code = rkeops_error_code(error);
    SEXP message = PROTECT(Rf_mkCharCE(rkeops_error_message(error), CE_UTF8));
    rkeops_error_free(error);
    stop_with(code, message);
    UNPROTECT(1);
}

void fail(int code, const char *format, ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    stop_with(code, PROTECT(Rf_mkCharCE(words, CE_UTF8)));
    UNPROTECT(1);
}

void interrupt(void) {
    const char *classes[] = {"interrupt", "condition"};
    SEXP values = PROTECT(Rf_allocVector(VECSXP, 2));
    SET_VECTOR_ELT(values, 0, Rf_mkString(""));
    call_base("signalCondition", condition(values, classes, 2));
    /* Nobody has caught it: back to the prompt. */
    call_base("invokeRestart", PROTECT(Rf_mkString("abort")));
    UNPROTECT(2);
}
