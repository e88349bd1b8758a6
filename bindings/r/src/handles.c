/* Handles of the library as external pointers, and vectors of R as lists for it. */

#include "binding.h"

#include <math.h>

static const char *const names[HANDLE_TYPES] = {"rkeops_formula", "rkeops_reduction", "rkeops_kernel", "rkeops_solver"};

static void finalize(SEXP pointer) {
    void *handle = R_ExternalPtrAddr(pointer);
    SEXP tag = R_ExternalPtrTag(pointer);
    R_ClearExternalPtr(pointer);
    if (tag == Rf_install(names[FORMULA])) rkeops_formula_free(handle);
    if (tag == Rf_install(names[REDUCTION])) rkeops_reduction_free(handle);
    if (tag == Rf_install(names[KERNEL])) rkeops_kernel_free(handle);
    if (tag == Rf_install(names[SOLVER])) rkeops_solver_free(handle);
}

SEXP new_handle(HandleType type, void *handle) {
    SEXP pointer = PROTECT(R_MakeExternalPtr(handle, Rf_install(names[type]), R_NilValue));
    R_RegisterCFinalizerEx(pointer, finalize, TRUE);
    UNPROTECT(1);
    return pointer;
}

void *handle_of(SEXP pointer, HandleType type) {
    if (TYPEOF(pointer) != EXTPTRSXP || R_ExternalPtrTag(pointer) != Rf_install(names[type])) {
        fail(RKEOPS_ERROR_HANDLE, "expected a handle of type %s, got a value of type '%s'", names[type], Rf_type2char(TYPEOF(pointer)));
    }
    void *handle = R_ExternalPtrAddr(pointer);
    if (!handle) {
        fail(RKEOPS_ERROR_HANDLE, "this object was saved or sent by another R process, where what it stands for stayed; make it again");
    }
    return handle;
}

void **handles_of(SEXP list, HandleType type) {
    const R_xlen_t count = Rf_xlength(list);
    void **handles = (void **)R_alloc(count > 0 ? count : 1, sizeof(void *));
    for (R_xlen_t k = 0; k < count; ++k) handles[k] = handle_of(VECTOR_ELT(list, k), type);
    return handles;
}

SEXP take_text(rkeops_text *text) {
    SEXP string = PROTECT(Rf_mkCharCE(rkeops_text_data(text), CE_UTF8));
    rkeops_text_free(text);
    string = Rf_ScalarString(string);
    UNPROTECT(1);
    return string;
}

const char *string_of(SEXP string) {
    if (TYPEOF(string) != STRSXP || Rf_xlength(string) != 1 || STRING_ELT(string, 0) == NA_STRING) {
        fail(RKEOPS_ERROR_ARGUMENT, "expected one string");
    }
    return Rf_translateCharUTF8(STRING_ELT(string, 0));
}

const char **strings_of(SEXP strings) {
    if (TYPEOF(strings) != STRSXP) fail(RKEOPS_ERROR_ARGUMENT, "expected a character vector, got a value of type '%s'", Rf_type2char(TYPEOF(strings)));
    const R_xlen_t count = Rf_xlength(strings);
    const char **all = (const char **)R_alloc(count > 0 ? count : 1, sizeof(char *));
    for (R_xlen_t k = 0; k < count; ++k) all[k] = Rf_translateCharUTF8(STRING_ELT(strings, k));
    return all;
}

int64_t *integers_of(SEXP numbers) {
    const R_xlen_t count = Rf_xlength(numbers);
    int64_t *all = (int64_t *)R_alloc(count > 0 ? count : 1, sizeof(int64_t));
    for (R_xlen_t k = 0; k < count; ++k) {
        const double number = TYPEOF(numbers) == INTSXP && INTEGER(numbers)[k] != NA_INTEGER ? INTEGER(numbers)[k]
                              : TYPEOF(numbers) == REALSXP                                   ? REAL(numbers)[k]
                                                                                             : NAN;
        if (!(number == floor(number) && fabs(number) < 9e15)) fail(RKEOPS_ERROR_ARGUMENT, "expected whole numbers");
        all[k] = (int64_t)number;
    }
    return all;
}

SEXP r_is_alive(SEXP pointer) { return Rf_ScalarLogical(TYPEOF(pointer) == EXTPTRSXP && R_ExternalPtrAddr(pointer)); }

SEXP r_version(void) { return Rf_mkString(rkeops_version()); }

SEXP r_doctor(void) {
    rkeops_text *text = NULL;
    check(rkeops_doctor(&text));
    return take_text(text);
}

/* Sets how many threads runs take together, for a number; tells it. */
SEXP r_threads(SEXP count) {
    if (count != R_NilValue) check(rkeops_set_num_threads((int32_t)*integers_of(count)));
    return Rf_ScalarInteger(rkeops_num_threads());
}
