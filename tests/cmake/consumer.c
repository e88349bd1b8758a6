/* The smallest whole program: sum_j exp(-(x_i - y_j)^2) for two points and three. */
#include <math.h>
#include <rkeops.h>
#include <stdio.h>

static int failed(rkeops_error *error) {
    if (error == NULL) return 0;
    fprintf(stderr, "%s\n", rkeops_error_message(error));
    rkeops_error_free(error);
    return 1;
}

int main(void) {
    const char *const aliases[] = {"x = Vi(0,1)", "y = Vj(1,1)"};
    float x[2] = {0, 1}, y[3] = {0, 1, 2}, out[2] = {0, 0};
    const int64_t two = 2, three = 3;
    const rkeops_array inputs[2] = {{x, RKEOPS_DTYPE_FLOAT, 32, RKEOPS_DEVICE_CPU, 0, 1, &two, NULL},
                                    {y, RKEOPS_DTYPE_FLOAT, 32, RKEOPS_DEVICE_CPU, 0, 1, &three, NULL}};
    const rkeops_array output = {out, RKEOPS_DTYPE_FLOAT, 32, RKEOPS_DEVICE_CPU, 0, 1, &two, NULL};
    rkeops_reduction *sum = NULL;
    rkeops_kernel *kernel = NULL;
    int bad = failed(rkeops_reduction_parse("Sum_Reduction(Exp(-SqDist(x,y)),0)", aliases, 2, &sum));
    bad = bad || failed(rkeops_kernel_compile((const rkeops_reduction *const *)&sum, 1, NULL, &kernel));
    bad = bad || failed(rkeops_kernel_run(kernel, inputs, 2, &output, 1, NULL));
    rkeops_kernel_free(kernel);
    rkeops_reduction_free(sum);
    bad = bad || fabs(out[0] - (1 + exp(-1) + exp(-4))) > 1e-5 || fabs(out[1] - (1 + 2 * exp(-1))) > 1e-5;
    printf("rkeops %s: %g %g\n", rkeops_version(), (double)out[0], (double)out[1]);
    return bad;
}
