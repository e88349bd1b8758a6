/* Small calls from C, where the work is nothing and the way to it is everything: N = M = 100, Gaussian D = 3, float32.
 *
 *     warm [formulas [calls]]
 *
 * Prints "name value" lines: the time from text to first result (parse, compile, run) of the process's first formula and
 * the median over formulas that were never seen before, and the median time of a call of a kernel that is at hand.
 */
#include <rkeops.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 100, BATCH = 100 };

static float x[ROWS * 3], y[ROWS * 3], b[ROWS], a[ROWS];
static const int64_t points[2] = {ROWS, 3}, column[2] = {ROWS, 1};

static void must(rkeops_error *error) {
    if (error == NULL) return;
    fprintf(stderr, "warm: %s\n", rkeops_error_message(error));
    exit(1);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int ascending(const void *p, const void *q) {
    const double d = *(const double *)p - *(const double *)q;
    return (d > 0) - (d < 0);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

static rkeops_array matrix(float *data, const int64_t *shape) {
    rkeops_array m = {data, RKEOPS_DTYPE_FLOAT, 32, RKEOPS_DEVICE_CPU, 0, 2, shape, NULL};
    return m;
}

static void run(const rkeops_kernel *kernel) {
    const rkeops_array inputs[3] = {matrix(x, points), matrix(y, points), matrix(b, column)};
    const rkeops_array output = matrix(a, column);
    must(rkeops_kernel_run(kernel, inputs, 3, &output, 1, NULL));
}

/* The constant makes the formula a new one: no cache of the library can know it. */
static rkeops_kernel *compile(double constant) {
    static const char *const aliases[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"};
    char text[128];
    rkeops_reduction *reduction;
    rkeops_kernel *kernel;
    snprintf(text, sizeof text, "Sum_Reduction(Exp(-%.9f*SqDist(x,y))*b,0)", constant);
    must(rkeops_reduction_parse(text, aliases, 3, &reduction));
    must(rkeops_kernel_compile((const rkeops_reduction *const *)&reduction, 1, NULL, &kernel));
    rkeops_reduction_free(reduction);
    return kernel;
}

int main(int argc, char **argv) {
    const int formulas = argc > 1 ? atoi(argv[1]) : 200, calls = argc > 2 ? atoi(argv[2]) : 400;
    if (formulas < 1 || calls < 1) return 2;
    const int count = formulas > calls ? formulas : calls;
    double *times = malloc((size_t)count * sizeof *times);
    if (times == NULL) return 1;
    for (int k = 0; k < 3 * ROWS; k++) x[k] = (float)(k % 17) / 17, y[k] = (float)(k % 13) / 13;
    for (int k = 0; k < ROWS; k++) b[k] = (float)(k % 7) / 7;

    rkeops_kernel *kernel = NULL;
    for (int k = -1; k < formulas; k++) {
        rkeops_kernel_free(kernel);
        const double start = seconds();
        kernel = compile(1 + (k + 1) * 1e-3);
        run(kernel);
        const double taken = seconds() - start;
        if (k < 0) printf("first_of_process_us %.3f\n", 1e6 * taken);
        else times[k] = taken;
    }
    printf("new_formula_us %.3f\n", 1e6 * median(times, formulas));
    printf("new_formula_slowest_us %.3f\n", 1e6 * times[formulas - 1]);

    for (int k = 0; k < calls; k++) { /* in batches, so that reading the clock does not count */
        const double start = seconds();
        for (int repeat = 0; repeat < BATCH; repeat++) run(kernel);
        times[k] = (seconds() - start) / BATCH;
    }
    printf("warm_call_us %.4f\n", 1e6 * median(times, calls));
    rkeops_kernel_free(kernel);
    free(times);
    return 0;
}
