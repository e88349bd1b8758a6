/* The Gaussian product that benchmarks of bindings compare their calls with, called from C alone. */

#include <rkeops.h>
#include <stdint.h>
#include <time.h>

/* Exp(-g * SqDist(x, y)) * b, summed over j, in float64; what it gives is kept for the life of the process. */
static rkeops_error *compiled_product(rkeops_kernel **out) {
    static rkeops_kernel *kernel;
    rkeops_error *error = NULL;
    if (kernel == NULL) {
        const char *aliases[] = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "g=Pm(1)"};
        rkeops_options options = RKEOPS_OPTIONS_INIT;
        rkeops_reduction *reduction = NULL;
        options.dtype_bits = 64;
        error = rkeops_reduction_parse("Sum_Reduction(Exp(-g * SqDist(x, y)) * b, 0)", aliases, 4, &reduction);
        if (error == NULL) error = rkeops_kernel_compile((const rkeops_reduction *const *)&reduction, 1, &options, &kernel);
        rkeops_reduction_free(reduction);
    }
    *out = kernel;
    return error;
}

/* Computes the product `calls` times and tells the seconds of a call. `data` are m points x, n points y, n numbers b and g;
 * `rows` and `columns` are the steps from point to point and from component to component, of x and of y. */
static rkeops_error *time_product(int64_t m, int64_t n, double *const data[4], const int64_t rows[2],
                                  const int64_t columns[2], double *result, int calls, double *seconds) {
    const int64_t shapes[4][2] = {{m, 3}, {n, 3}, {n, 1}, {1, 0}}, shape[2] = {m, 1};
    const int64_t strides[4][2] = {{rows[0], columns[0]}, {rows[1], columns[1]}, {1, 1}, {1, 0}};
    const rkeops_array output = {result, RKEOPS_DTYPE_FLOAT, 64, RKEOPS_DEVICE_CPU, 0, 2, shape, NULL};
    rkeops_array inputs[4];
    rkeops_kernel *kernel;
    rkeops_error *error = compiled_product(&kernel);
    struct timespec start, end;
    for (int k = 0; k < 4; k++) {
        const int32_t rank = k == 3 ? 1 : 2;
        inputs[k] = (rkeops_array){data[k], RKEOPS_DTYPE_FLOAT, 64, RKEOPS_DEVICE_CPU, 0, rank, shapes[k], strides[k]};
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int k = 0; k < calls && error == NULL; k++) error = rkeops_kernel_run(kernel, inputs, 4, &output, 1, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    *seconds = ((double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec)) / calls;
    return error;
}
