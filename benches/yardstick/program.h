// The command-line program around a yardstick: times it on points of the unit cube and compares some rows with float64.
#include <stdio.h>
#include <time.h>

typedef int yardstick(const float *, const float *, const float *, ptrdiff_t, ptrdiff_t, float *, int);

static double seconds(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    const double d = *(const double *)a - *(const double *)b;
    return (d > 0) - (d < 0);
}

static int program(const char *name, yardstick *run, int argc, char **argv) {
    const ptrdiff_t n = argc > 1 ? atol(argv[1]) : 40000;
    const int rounds = argc > 2 ? atoi(argv[2]) : 9;
    if (n < 1 || rounds < 1) {
        fprintf(stderr, "usage: %s [N [rounds]]\n", argv[0]);
        return 2;
    }
    float *x = malloc((size_t)n * 12), *y = malloc((size_t)n * 12), *b = malloc((size_t)n * 4), *a = malloc((size_t)n * 4);
    double *times = malloc((size_t)rounds * sizeof *times);
    if (!x || !y || !b || !a || !times) return 1;
    srand(1);
    for (ptrdiff_t k = 0; k < 3 * n; k++) x[k] = (float)rand() / (float)RAND_MAX;
    for (ptrdiff_t k = 0; k < 3 * n; k++) y[k] = (float)rand() / (float)RAND_MAX;
    for (ptrdiff_t k = 0; k < n; k++) b[k] = (float)rand() / (float)RAND_MAX;
    for (int r = -1; r < rounds; r++) {  // the first call, which starts the threads, is not counted
        const double start = seconds();
        if (run(x, y, b, n, n, a, 0)) return 1;
        if (r >= 0) times[r] = seconds() - start;
    }
    qsort(times, (size_t)rounds, sizeof *times, ascending);
    double error = 0;
    for (ptrdiff_t i = 0; i < n; i += 1 + n / 64) {
        double reference = 0;
        for (ptrdiff_t j = 0; j < n; j++) {
            double q = 0;
            for (int k = 0; k < 3; k++) q += pow((double)x[3 * i + k] - (double)y[3 * j + k], 2);
            reference += exp(-q) * (double)b[j];
        }
        error = fmax(error, fabs(a[i] - reference) / reference);
    }
    printf("%-8s N=%td  median %.3f Gpair/s, best %.3f  largest relative error of 64 rows: %.1e\n", name, n,
           (double)n * (double)n / times[rounds / 2] / 1e9, (double)n * (double)n / times[0] / 1e9, error);
    free(x), free(y), free(b), free(a), free(times);
    return 0;
}
