/* The Gaussian product of benchmark.m, called from C alone: [result, seconds of a call] = benchmark_c(x, y, b, g,
   calls). */

#include <mex.h>
#include <rkeops.h>
#include <time.h>

static void check(rkeops_error *error) {
    if (error) mexErrMsgIdAndTxt("rkeops:benchmark", "%s", rkeops_error_message(error));
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

void mexFunction(int result_count, mxArray *results[], int count, const mxArray *values[]) {
    if (count != 5) mexErrMsgIdAndTxt("rkeops:benchmark", "expected x, y, b, g and a number of calls");
    const int64_t m = (int64_t)mxGetN(values[0]), n = (int64_t)mxGetN(values[1]);
    const int64_t shapes[4][2] = {{m, 3}, {n, 3}, {n, 1}, {1, 0}}, strides[4][2] = {{3, 1}, {3, 1}, {1, 1}, {1, 0}};
    const int64_t shape[2] = {m, 1}, steps[2] = {1, 1};
    rkeops_array inputs[4];
    for (int k = 0; k < 4; ++k) {
        inputs[k] = (rkeops_array){mxGetPr(values[k]), RKEOPS_DTYPE_FLOAT, 64, RKEOPS_DEVICE_CPU, 0, k == 3 ? 1 : 2,
                                   shapes[k], strides[k]};
    }
    results[0] = mxCreateDoubleMatrix(1, (mwSize)m, mxREAL);
    const rkeops_array output = {mxGetPr(results[0]), RKEOPS_DTYPE_FLOAT, 64, RKEOPS_DEVICE_CPU, 0, 2, shape, steps};
    const rkeops_kernel *kernel = compiled();
    const int calls = (int)mxGetScalar(values[4]);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int k = 0; k < calls; ++k) check(rkeops_kernel_run(kernel, inputs, 4, &output, 1, NULL));
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    if (result_count > 1) results[1] = mxCreateDoubleScalar(seconds / calls);
}
