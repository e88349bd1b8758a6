/* Formulas and reductions: each entry point is a function of the library. */

#include "binding.h"

#include <string.h>

static SEXP made(HandleType type, rkeops_error *error, void *handle) {
    check(error);
    return new_handle(type, handle);
}

SEXP r_formula_parse(SEXP text, SEXP aliases) {
    const char **names = strings_of(aliases);
    rkeops_formula *formula = NULL;
    rkeops_error *error = rkeops_formula_parse(string_of(text), names, Rf_xlength(aliases), &formula);
    return made(FORMULA, error, formula);
}

SEXP r_formula_variable(SEXP index, SEXP dim, SEXP category) {
    rkeops_formula *formula = NULL;
    rkeops_error *error = rkeops_formula_variable(*integers_of(index), *integers_of(dim), Rf_asInteger(category), &formula);
    return made(FORMULA, error, formula);
}

SEXP r_formula_constant(SEXP value) {
    rkeops_formula *formula = NULL;
    rkeops_error *error = rkeops_formula_constant(Rf_asReal(value), &formula);
    return made(FORMULA, error, formula);
}

SEXP r_formula_apply(SEXP name, SEXP operands, SEXP parameters) {
    void **handles = handles_of(operands, FORMULA);
    const int64_t *numbers = integers_of(parameters);
    rkeops_formula *formula = NULL;
    rkeops_error *error = rkeops_formula_apply(string_of(name), (const rkeops_formula *const *)handles, Rf_xlength(operands), numbers,
                                               Rf_xlength(parameters), &formula);
    return made(FORMULA, error, formula);
}

SEXP r_formula_renumber(SEXP formula, SEXP positions) {
    const rkeops_formula *old = handle_of(formula, FORMULA);
    const int64_t *places = integers_of(positions);
    rkeops_formula *renumbered = NULL;
    rkeops_error *error = rkeops_formula_renumber(old, places, Rf_xlength(positions), &renumbered);
    return made(FORMULA, error, renumbered);
}

SEXP r_formula_transpose(SEXP formula) {
    rkeops_formula *transposed = NULL;
    rkeops_error *error = rkeops_formula_transpose(handle_of(formula, FORMULA), &transposed);
    return made(FORMULA, error, transposed);
}

/* Dimension, and 1 if its values are complex. */
SEXP r_formula_facts(SEXP formula) {
    const rkeops_formula *own = handle_of(formula, FORMULA);
    int64_t dim = 0;
    int32_t is_complex = 0;
    check(rkeops_formula_dim(own, &dim));
    check(rkeops_formula_is_complex(own, &is_complex));
    SEXP facts = Rf_allocVector(INTSXP, 2);
    INTEGER(facts)[0] = (int)dim;
    INTEGER(facts)[1] = is_complex;
    return facts;
}

SEXP r_formula_text(SEXP formula) {
    rkeops_text *text = NULL;
    check(rkeops_formula_text(handle_of(formula, FORMULA), &text));
    return take_text(text);
}

/* The numbers of a vector, and how many bytes one takes. */
static const void *numbers_of(SEXP value, size_t *size) {
    switch (TYPEOF(value)) {
    case REALSXP: *size = sizeof(double); return REAL(value);
    case CPLXSXP: *size = sizeof(Rcomplex); return COMPLEX(value);
    case INTSXP: *size = sizeof(int); return INTEGER(value);
    case LGLSXP: *size = sizeof(int); return LOGICAL(value);
    default: *size = 0; return NULL;
    }
}

/* Whether two arguments of one kind are one: the same object, or the same numbers, as R has values. Others mostly differ at once. Zeros of
   different signs differ: 1 / x and atan2 tell them apart. */
static int is_same(SEXP a, SEXP b) {
    if (a == b) return 1;
    if (TYPEOF(a) != TYPEOF(b) || Rf_xlength(a) != Rf_xlength(b)) return 0;
    size_t size = 0;
    const void *first = numbers_of(a, &size), *second = numbers_of(b, &size);
    return first && !memcmp(first, second, size * (size_t)Rf_xlength(a));
}

/* The place of each argument among others, to which those that are new are added; kinds are pairs of columns and category. */
SEXP r_positions(SEXP known, SEXP known_kinds, SEXP others, SEXP kinds) {
    const R_xlen_t before = Rf_xlength(known), count = Rf_xlength(others);
    SEXP positions = PROTECT(Rf_allocVector(INTSXP, count));
    int next = (int)before;
    for (R_xlen_t k = 0; k < count; ++k) {
        const int *kind = INTEGER(kinds) + 2 * k;
        int place = -1;
        for (R_xlen_t n = 0; n < before && place < 0; ++n) {
            const int *other = INTEGER(known_kinds) + 2 * n;
            if (kind[0] == other[0] && kind[1] == other[1] && is_same(VECTOR_ELT(known, n), VECTOR_ELT(others, k))) place = (int)n;
        }
        INTEGER(positions)[k] = place >= 0 ? place : next++;
    }
    UNPROTECT(1);
    return positions;
}

SEXP r_reduction_parse(SEXP text, SEXP aliases) {
    const char **names = strings_of(aliases);
    rkeops_reduction *reduction = NULL;
    rkeops_error *error = rkeops_reduction_parse(string_of(text), names, Rf_xlength(aliases), &reduction);
    return made(REDUCTION, error, reduction);
}

SEXP r_reduction_create(SEXP name, SEXP formula, SEXP axis, SEXP parameters, SEXP weights) {
    const rkeops_formula *own = handle_of(formula, FORMULA);
    const rkeops_formula *weighting = weights == R_NilValue ? NULL : handle_of(weights, FORMULA);
    const int64_t *numbers = integers_of(parameters);
    rkeops_reduction *reduction = NULL;
    rkeops_error *error = rkeops_reduction_create(string_of(name), own, Rf_asInteger(axis), numbers, Rf_xlength(parameters), weighting,
                                                  &reduction);
    return made(REDUCTION, error, reduction);
}

/* The reductions whose results the gradient needs, a list. */
SEXP r_reduction_saved(SEXP reduction) {
    const rkeops_reduction *own = handle_of(reduction, REDUCTION);
    size_t count = 0;
    check(rkeops_reduction_saved_count(own, &count));
    SEXP all = PROTECT(Rf_allocVector(VECSXP, (R_xlen_t)count));
    for (size_t k = 0; k < count; ++k) {
        rkeops_reduction *saved = NULL;
        rkeops_error *error = rkeops_reduction_saved(own, k, &saved);
        SET_VECTOR_ELT(all, (R_xlen_t)k, made(REDUCTION, error, saved));
    }
    UNPROTECT(1);
    return all;
}

SEXP r_reduction_gradient(SEXP reduction, SEXP variable, SEXP cotangent, SEXP saved) {
    const rkeops_reduction *own = handle_of(reduction, REDUCTION);
    void **results = handles_of(saved, FORMULA);
    rkeops_reduction *gradient = NULL;
    rkeops_error *error = rkeops_reduction_gradient(own, handle_of(variable, FORMULA), handle_of(cotangent, FORMULA),
                                                    (const rkeops_formula *const *)results, Rf_xlength(saved), &gradient);
    return made(REDUCTION, error, gradient);
}

/* Columns of the first result, and how many results there are. */
SEXP r_reduction_facts(SEXP reduction) {
    const rkeops_reduction *own = handle_of(reduction, REDUCTION);
    int64_t dim = 0;
    size_t count = 0;
    check(rkeops_reduction_dim(own, &dim));
    check(rkeops_reduction_output_count(own, &count));
    SEXP facts = Rf_allocVector(INTSXP, 2);
    INTEGER(facts)[0] = (int)dim;
    INTEGER(facts)[1] = (int)count;
    return facts;
}

SEXP r_reduction_text(SEXP reduction) {
    rkeops_text *text = NULL;
    check(rkeops_reduction_text(handle_of(reduction, REDUCTION), &text));
    return take_text(text);
}
