/* The product of benches/product.h with MATLAB's matrices: [result, seconds of a call] = benchmark_c(x, y, b, g, calls). */

#include <mex.h>
#include <product.h>

void mexFunction(int result_count, mxArray *results[], int count, const mxArray *values[]) {
    if (count != 5) mexErrMsgIdAndTxt("rkeops:benchmark", "expected x, y, b, g and a number of calls");
    const int64_t m = (int64_t)mxGetN(values[0]), n = (int64_t)mxGetN(values[1]);
    const int64_t rows[2] = {3, 3}, columns[2] = {1, 1};
    double *const data[4] = {mxGetPr(values[0]), mxGetPr(values[1]), mxGetPr(values[2]), mxGetPr(values[3])};
    double seconds;
    results[0] = mxCreateDoubleMatrix(1, (mwSize)m, mxREAL);
    rkeops_error *error =
        time_product(m, n, data, rows, columns, mxGetPr(results[0]), (int)mxGetScalar(values[4]), &seconds);
    if (error != NULL) mexErrMsgIdAndTxt("rkeops:benchmark", "%s", rkeops_error_message(error));
    if (result_count > 1) results[1] = mxCreateDoubleScalar(seconds);
}
