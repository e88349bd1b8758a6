/* The product of benches/product.h with R's matrices: its result, with the seconds of a call as an attribute. */

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <product.h>

SEXP call_from_c(SEXP x, SEXP y, SEXP b, SEXP g, SEXP calls) {
    const int64_t m = Rf_nrows(x), n = Rf_nrows(y);
    const int64_t rows[2] = {1, 1}, columns[2] = {m, n};
    double *const data[4] = {REAL(x), REAL(y), REAL(b), REAL(g)};
    SEXP result = PROTECT(Rf_allocVector(REALSXP, m));
    double seconds;
    rkeops_error *error = time_product(m, n, data, rows, columns, REAL(result), Rf_asInteger(calls), &seconds);
    if (error != NULL) Rf_error("%s", rkeops_error_message(error));
    Rf_setAttrib(result, Rf_install("seconds"), Rf_ScalarReal(seconds));
    UNPROTECT(1);
    return result;
}
