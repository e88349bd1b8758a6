/* Reductions with parameters, weights and several results, and ways of adding. */
#include "check.h"

enum { M = 9, N = 50, K = 3 };
static const char *const ALIASES[] = {"x = Vi(0,1)", "y = Vj(1,1)"};

static rkeops_array array_of(void *data, int code, int bits, const int64_t *shape) {
    rkeops_array array = {data, code, bits, RKEOPS_DEVICE_CPU, 0, 2, shape, NULL};
    return array;
}

/* The K smallest values by a call, two arrays, compared with a search. */
static void nearest(void) {
    float x[M], y[N], values[M * K];
    int64_t indices[M * K], k = K;
    const int64_t rows[2] = {M, 1}, columns[2] = {N, 1}, result[2] = {M, K};
    rkeops_formula *product = NULL;
    rkeops_reduction *reduction = NULL;
    rkeops_array inputs[2], outputs[2];
    rkeops_kernel *kernel;
    size_t count = 0;
    int64_t dim = 0;
    int32_t code = -1, bits = 0;
    for (int i = 0; i < M; i++) x[i] = (float)(i % 3 - 1);
    for (int j = 0; j < N; j++) y[j] = (float)(j * 7 % 10);
    SUCCEEDS(rkeops_formula_parse("x*y", ALIASES, 2, &product));
    SUCCEEDS(rkeops_reduction_create("KMin_ArgKMin", product, RKEOPS_AXIS_J, &k, 1, NULL, &reduction));
    kernel = compile_one(reduction, 32);
    SUCCEEDS(rkeops_kernel_output_count(kernel, &count));
    CHECK(count == 2);
    SUCCEEDS(rkeops_kernel_output(kernel, 1, &dim, &code, &bits));
    CHECK(dim == K && code == RKEOPS_DTYPE_INT && bits == 64);
    inputs[0] = array_of(x, RKEOPS_DTYPE_FLOAT, 32, rows), inputs[1] = array_of(y, RKEOPS_DTYPE_FLOAT, 32, columns);
    outputs[0] = array_of(values, RKEOPS_DTYPE_FLOAT, 32, result);
    outputs[1] = array_of(indices, RKEOPS_DTYPE_INT, 64, result);
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, outputs, 2, NULL));
    for (int i = 0; i < M; i++) {
        char taken[N] = {0};
        for (int rank = 0; rank < K; rank++) {
            int best = -1;
            for (int j = 0; j < N; j++)
                if (!taken[j] && (best < 0 || x[i] * y[j] < x[i] * y[best])) best = j;
            taken[best] = 1;
            CHECK(values[i * K + rank] == x[i] * y[best]);
            CHECK(indices[i * K + rank] == best);
        }
    }
    rkeops_kernel_free(kernel), rkeops_reduction_free(reduction), rkeops_formula_free(product);
}

/* The mean of the weights under a softmax. */
static void weighted(void) {
    double x[1] = {1}, y[2] = {0, 1}, out[1] = {0};
    const int64_t one[2] = {1, 1}, two[2] = {2, 1};
    rkeops_formula *product = NULL, *weights = NULL;
    rkeops_reduction *reduction = NULL;
    rkeops_array inputs[2], output;
    rkeops_kernel *kernel;
    SUCCEEDS(rkeops_formula_parse("x*y", ALIASES, 2, &product));
    SUCCEEDS(rkeops_formula_parse("3*y", ALIASES, 2, &weights));
    SUCCEEDS(rkeops_reduction_create("SoftMax", product, RKEOPS_AXIS_J, NULL, 0, weights, &reduction));
    kernel = compile_one(reduction, 64);
    inputs[0] = array_of(x, RKEOPS_DTYPE_FLOAT, 64, one), inputs[1] = array_of(y, RKEOPS_DTYPE_FLOAT, 64, two);
    output = array_of(out, RKEOPS_DTYPE_FLOAT, 64, one);
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &output, 1, NULL));
    CHECK(fabs(out[0] - 3 * exp(1.0) / (1 + exp(1.0))) < 1e-14);
    rkeops_kernel_free(kernel), rkeops_reduction_free(reduction);
    rkeops_formula_free(product), rkeops_formula_free(weights);
}

static void ways_of_adding(void) {
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    rkeops_reduction *sum = parse_reduction("Sum_Reduction(x*y,0)", ALIASES, 2);
    rkeops_reduction *least = parse_reduction("Min_Reduction(x*y,0)", ALIASES, 2);
    rkeops_kernel *kernel = NULL;
    options.summation = RKEOPS_SUMMATION_COMPENSATED;
    FAILS(rkeops_kernel_compile((const rkeops_reduction *const *)&least, 1, &options, &kernel), RKEOPS_ERROR_ARGUMENT,
          "nothing is added");
    SUCCEEDS(rkeops_kernel_compile((const rkeops_reduction *const *)&sum, 1, &options, &kernel));
    rkeops_kernel_free(kernel), kernel = NULL;
    options.summation = 4;
    FAILS(rkeops_kernel_compile((const rkeops_reduction *const *)&sum, 1, &options, &kernel), RKEOPS_ERROR_ARGUMENT,
          "options->summation is 4");
    options.summation = 0, options.accumulator_bits = 64;
    SUCCEEDS(rkeops_kernel_compile((const rkeops_reduction *const *)&sum, 1, &options, &kernel));
    rkeops_kernel_free(kernel), kernel = NULL;
    options.dtype_bits = 64, options.accumulator_bits = 32;
    FAILS(rkeops_kernel_compile((const rkeops_reduction *const *)&sum, 1, &options, &kernel), RKEOPS_ERROR_DTYPE,
          "cannot be added in float32");
    CHECK(kernel == NULL);
    rkeops_reduction_free(sum), rkeops_reduction_free(least);
}

int main(void) {
    nearest();
    weighted();
    ways_of_adding();
    return check_report("reductions");
}
