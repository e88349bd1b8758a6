/* R's matrices as arrays of the library: in place where the library reads what R stores, else a copy that lasts as long as the call.
   A matrix of N points with D components has strides 1 and N, and with its points in columns D and 1. */

#include "binding.h"

/* Whether a value is what R stores as numbers and has no numbers for: is.numeric() is FALSE for the first three, and package bit64 stores integers in
   the bits of doubles. */
static int is_measure(SEXP value) {
    return Rf_isObject(value) && (Rf_inherits(value, "Date") || Rf_inherits(value, "POSIXt") || Rf_inherits(value, "difftime") ||
                                  Rf_inherits(value, "integer64"));
}

/* The type of a value, in words. */
static const char *kind_of(SEXP value) {
    if (Rf_inherits(value, "data.frame")) return "a data frame";
    if (Rf_isFactor(value)) return "a factor";
    if (Rf_inherits(value, "LazyTensor")) return "a LazyTensor";
    if (is_measure(value)) return "a vector of class Date, POSIXt, difftime or integer64";
    switch (TYPEOF(value)) {
    case NILSXP: return "NULL";
    case STRSXP: return "a character vector";
    case VECSXP: return "a list";
    case CLOSXP:
    case BUILTINSXP:
    case SPECIALSXP: return "a function";
    case S4SXP: return "an object of class S4";
    default: return Rf_type2char(TYPEOF(value));
    }
}

static int is_numeric(SEXP value) {
    switch (TYPEOF(value)) {
    case REALSXP: return !is_measure(value);
    case CPLXSXP:
    case LGLSXP: return 1;
    case INTSXP: return !Rf_isFactor(value) && !is_measure(value);
    default: return 0;
    }
}

/* Rows and columns of R's matrix; a vector is one column. */
static void extents_of(SEXP value, int64_t extents[2]) {
    SEXP dim = Rf_getAttrib(value, R_DimSymbol);
    extents[0] = Rf_xlength(value);
    extents[1] = 1;
    if (dim == R_NilValue) return;
    if (Rf_xlength(dim) == 2) extents[0] = INTEGER(dim)[0], extents[1] = INTEGER(dim)[1];
    if (Rf_xlength(dim) > 2) extents[0] = -1;
}

int64_t rows_of(SEXP value, int64_t columns, int32_t category, int points_in_columns) {
    if (!is_numeric(value)) return -1;
    const int64_t parts = TYPEOF(value) == CPLXSXP ? 2 : 1;
    if (category == RKEOPS_CATEGORY_PARAMETER) return Rf_xlength(value) * parts == columns ? 1 : -1;
    int64_t extents[2];
    extents_of(value, extents);
    const int has_axes = Rf_xlength(Rf_getAttrib(value, R_DimSymbol)) == 2;
    const int64_t rows = points_in_columns && has_axes ? extents[1] : extents[0];
    const int64_t own = points_in_columns && has_axes ? extents[0] : extents[1];
    return own * parts == columns ? rows : -1;
}

/* Says what is wrong with an argument. */
static void refuse(SEXP value, int64_t columns, int32_t category, int points_in_columns, int position, const char *name) {
    char expected[96], got[96];
    const int64_t parts = TYPEOF(value) == CPLXSXP ? 2 : 1;
    const long long own = (long long)(columns / parts);
    if (category == RKEOPS_CATEGORY_PARAMETER) snprintf(expected, sizeof expected, "a numeric vector of length %lld", own);
    else if (points_in_columns) snprintf(expected, sizeof expected, "a numeric matrix with %lld row%s, one column per point", own, own == 1 ? "" : "s");
    else snprintf(expected, sizeof expected, "a numeric matrix with %lld column%s, one row per point", own, own == 1 ? "" : "s");
    SEXP dim = Rf_getAttrib(value, R_DimSymbol);
    if (!is_numeric(value)) snprintf(got, sizeof got, "%s", kind_of(value));
    else if (dim == R_NilValue) snprintf(got, sizeof got, "a vector of length %lld", (long long)Rf_xlength(value));
    else if (Rf_xlength(dim) == 2) snprintf(got, sizeof got, "a %d x %d matrix", INTEGER(dim)[0], INTEGER(dim)[1]);
    else snprintf(got, sizeof got, "an array with %lld axes", (long long)Rf_xlength(dim));
    fail(is_numeric(value) ? RKEOPS_ERROR_SHAPE : RKEOPS_ERROR_DTYPE, "argument %d%s%s%s: expected %s, got %s", position + 1,
         *name ? " (" : "", name, *name ? ")" : "", expected, got);
}

static int has_missing(SEXP value) {
    const int *numbers = TYPEOF(value) == LGLSXP ? LOGICAL(value) : INTEGER(value);
    for (R_xlen_t k = 0; k < Rf_xlength(value); ++k) {
        if (numbers[k] == NA_INTEGER) return 1;
    }
    return 0;
}

/* A copy of numbers in a floating-point format. */
static void *converted(SEXP value, int bits) {
    const R_xlen_t count = Rf_xlength(value) * (TYPEOF(value) == CPLXSXP ? 2 : 1);
    const double *doubles = TYPEOF(value) == REALSXP ? REAL(value) : TYPEOF(value) == CPLXSXP ? (const double *)COMPLEX(value) : NULL;
    const int *integers = doubles ? NULL : TYPEOF(value) == LGLSXP ? LOGICAL(value) : INTEGER(value);
    void *copy = R_alloc(count > 0 ? count : 1, bits / 8);
    for (R_xlen_t k = 0; k < count; ++k) {
        const double number = doubles ? doubles[k] : integers[k] == NA_INTEGER ? NA_REAL : integers[k];
        if (bits == 32) ((float *)copy)[k] = (float)number;
        else ((double *)copy)[k] = number;
    }
    return copy;
}

void describe_input(Operand *operand, SEXP value, int64_t columns, int32_t category, int points_in_columns, int bits, int position,
                    const char *name) {
    const int64_t rows = rows_of(value, columns, category, points_in_columns);
    if (rows < 0) refuse(value, columns, category, points_in_columns, position, name);
    rkeops_array *array = &operand->array;
    const int is_complex = TYPEOF(value) == CPLXSXP, parts = is_complex ? 2 : 1;
    if (TYPEOF(value) == LGLSXP || TYPEOF(value) == INTSXP) {
        const int is_missing = has_missing(value);
        array->dtype_code = is_missing ? RKEOPS_DTYPE_FLOAT : RKEOPS_DTYPE_INT;
        array->dtype_bits = is_missing ? bits : 32;
        array->data = is_missing ? converted(value, bits) : TYPEOF(value) == LGLSXP ? (void *)LOGICAL(value) : (void *)INTEGER(value);
    } else {
        array->dtype_code = is_complex ? RKEOPS_DTYPE_COMPLEX : RKEOPS_DTYPE_FLOAT;
        array->dtype_bits = bits * parts;
        array->data = bits == 32 ? converted(value, bits) : is_complex ? (void *)COMPLEX(value) : (void *)REAL(value);
    }
    array->device_type = RKEOPS_DEVICE_CPU;
    array->device_id = 0;
    array->shape = operand->shape;
    array->strides = operand->strides;
    if (category == RKEOPS_CATEGORY_PARAMETER) {
        array->rank = 1;
        operand->shape[0] = columns / parts;
        operand->strides[0] = 1;
        return;
    }
    array->rank = 2;
    operand->shape[0] = rows;
    operand->shape[1] = columns / parts;
    operand->strides[0] = points_in_columns ? columns / parts : 1;
    operand->strides[1] = points_in_columns ? 1 : rows;
}
