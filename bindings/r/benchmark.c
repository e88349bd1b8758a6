/* The Gaussian product of benchmark.R, called from C alone: how long a call takes on average, and its result. */

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <rkeops.h>
#include <time.h>

static void check(rkeops_error *error) {
    if (error) Rf_error("%s", rkeops_error_message(error));
}

static rkeops_kernel *compiled(void) {
    static rkeops_kernel *kernel;
    if (kernel) return kernel;
    const char *aliases[] = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "g=Pm(1)"};
    rkeops_reduction *reduction = NULL;
    check(rkeops_reduction_parse("Sum_Reduction(Exp(-g * SqDist(x, y)) * b, 0)", aliases, 4, &reduction));
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    options.dtype_bits = 64;
    check(rkeops_kernel_compile((const rkeops_reduction *const *)&reduction, 1, &options, &kernel));
    rkeops_reduction_free(reduction);
    return kernel;
}

SEXP call_from_c(SEXP x, SEXP y, SEXP b, SEXP g, SEXP calls) {
    const int64_t m = Rf_nrows(x), n = Rf_nrows(y);
    const int64_t shapes[4][2] = {{m, 3}, {n, 3}, {n, 1}, {1, 0}}, strides[4][2] = {{1, m}, {1, n}, {1, n}, {1, 0}};
    const int64_t shape[2] = {m, 1}, steps[2] = {1, m};
    double *data[4] = {REAL(x), REAL(y), REAL(b), REAL(g)};
    rkeops_array inputs[4];
    for (int k = 0; k < 4; ++k) {
        inputs[k] = (rkeops_array){data[k], RKEOPS_DTYPE_FLOAT, 64, RKEOPS_DEVICE_CPU, 0, k == 3 ? 1 : 2, shapes[k], strides[k]};
    }
    SEXP result = PROTECT(Rf_allocVector(REALSXP, m));
    rkeops_array output = {REAL(result), RKEOPS_DTYPE_FLOAT, 64, RKEOPS_DEVICE_CPU, 0, 2, shape, steps};
    const rkeops_kernel *kernel = compiled();
    const int count = Rf_asInteger(calls);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int k = 0; k < count; ++k) check(rkeops_kernel_run(kernel, inputs, 4, &output, 1, NULL));
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    Rf_setAttrib(result, Rf_install("seconds"), Rf_ScalarReal(seconds / count));
    UNPROTECT(1);
    return result;
}
