/* Sizes around every tile: nothing, one, and one more and less than powers of two; few rows with many columns and
 * the reverse. Sums over both axes, with several thread counts that must agree bit for bit. */
#include "check.h"

enum { D = 3, E = 2 };

/* Adds with the rounding errors kept: the reference must be better than what it judges. */
static void add(double *sum, double *rest, double term) {
    const double total = *sum + term;
    *rest += fabs(*sum) >= fabs(term) ? (*sum - total) + term : (term - total) + *sum;
    *sum = total;
}

static void dense(const void *x, const void *y, const void *b, int bits, double g, int64_t m, int64_t n, int axis,
                  double *value, double *size) {
    const int64_t kept = axis == RKEOPS_AXIS_J ? m : n;
    double *rest = (double *)random_array(64, kept * E, 0);
    for (int64_t k = 0; k < kept * E; k++) value[k] = size[k] = rest[k] = 0;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            const int64_t row = axis == RKEOPS_AXIS_J ? i : j;
            double distance = 0, weight;
            for (int k = 0; k < D; k++) {
                const double d = get(x, bits, i * D + k) - get(y, bits, j * D + k);
                distance += d * d;
            }
            weight = exp(-g * distance);
            for (int k = 0; k < E; k++) {
                add(&value[row * E + k], &rest[row * E + k], weight * get(b, bits, j * E + k));
                size[row * E + k] += weight * fabs(get(b, bits, j * E + k));
            }
        }
    }
    for (int64_t k = 0; k < kept * E; k++) value[k] += rest[k];
    free(rest);
}

static void one(rkeops_kernel *kernel, int bits, int axis, int64_t m, int64_t n) {
    static const int threads[] = {1, 2, 5};
    const int64_t kept = axis == RKEOPS_AXIS_J ? m : n;
    const double tolerance = bits == 32 ? 2e-6 : 1e-14;
    const size_t bytes = (size_t)(kept * E * bits / 8);
    void *x = random_array(bits, m * D, 11), *y = random_array(bits, n * D, 12), *b = random_array(bits, n * E, 13);
    void *g = random_array(bits, 1, 14), *out = random_array(bits, kept * E, 15), *first = random_array(64, kept * E, 16);
    double *value = (double *)random_array(64, kept * E, 17), *size = (double *)random_array(64, kept * E, 18);
    view views[5];
    rkeops_array inputs[4];
    int good = 1;
    set(g, bits, 0, 0.5);
    view_float(&views[0], x, bits, m, D);
    view_float(&views[1], y, bits, n, D);
    view_float(&views[2], b, bits, n, E);
    view_float(&views[3], g, bits, 1, 1);
    view_float(&views[4], out, bits, kept, E);
    for (int k = 0; k < 4; k++) inputs[k] = views[k].array;
    dense(x, y, b, bits, 0.5, m, n, axis, value, size);
    for (int t = 0; t < 3; t++) {
        rkeops_options options = RKEOPS_OPTIONS_INIT;
        options.threads = threads[t];
        memset(out, 0xff, bytes);
        SUCCEEDS(rkeops_kernel_run(kernel, inputs, 4, &views[4].array, 1, &options));
        if (t == 0) memcpy(first, out, bytes);
        CHECK(memcmp(first, out, bytes) == 0);
    }
    for (int64_t k = 0; k < kept * E; k++) {
        if (!(fabs(get(out, bits, k) - value[k]) <= tolerance * size[k] + 1e-30)) good = 0;
    }
    if (!good) fprintf(stderr, "sizes: %d bits, axis %d, M = %d, N = %d\n", bits, axis, (int)m, (int)n);
    CHECK(good);
    free(x), free(y), free(b), free(g), free(out), free(first), free(value), free(size);
}

/* What reductions of nothing give. */
static void nothing(int bits) {
    static const char *const names[] = {"Sum", "LogSumExp", "Min", "Max", "ArgMin", "ArgMax"};
    static const char *const aliases[] = {"x = Vi(0,1)", "y = Vj(1,1)"};
    for (int r = 0; r < 6; r++) {
        double right[6] = {0, -INFINITY, INFINITY, -INFINITY, 0, 0}, x[3] = {1, 2, 3}, out[3];
        rkeops_kernel *kernel;
        view views[3];
        rkeops_array inputs[2];
        char text[64];
        snprintf(text, sizeof text, "%s_Reduction(x*y,0)", names[r]);
        kernel = compile_text(text, aliases, 2, bits);
        view_float(&views[0], x, bits, 3, 1);
        view_float(&views[1], NULL, bits, 0, 1);
        view_set(&views[2], out, r < 4 ? RKEOPS_DTYPE_FLOAT : RKEOPS_DTYPE_INT, r < 4 ? bits : 64, 3, 1);
        inputs[0] = views[0].array, inputs[1] = views[1].array;
        memset(out, 0x7f, sizeof out);
        SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
        for (int k = 0; k < 3; k++) {
            if (r < 4) CHECK(get(out, bits, k) == right[r]);
            else CHECK(((const int64_t *)(const void *)out)[k] == 0);
        }
        rkeops_kernel_free(kernel);
    }
}

int main(void) {
    static const int sizes[] = {0,  1,  2,  3,  5,   7,   8,   9,   15,  16,  17,   23,   24,   25,   31,  32,
                                33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097};
    static const char *const aliases[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)", "g = Pm(3,1)"};
    const int count = (int)(sizeof sizes / sizeof *sizes);
    const int64_t largest = check_short() ? 300 : 300000, rows = check_short() ? 301 : 100003;
    for (int bits = 32; bits <= 64; bits += 32) {
        for (int axis = 0; axis < 2; axis++) {
            rkeops_kernel *kernel = compile_text(
                axis == RKEOPS_AXIS_J ? "Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)" : "Sum_Reduction(Exp(-SqDist(x,y)*g)*b,1)",
                aliases, 4, bits);
            for (int a = 0; a < count; a++) {
                for (int c = 0; c < count; c++) {
                    if ((int64_t)sizes[a] * sizes[c] <= largest) one(kernel, bits, axis, sizes[a], sizes[c]);
                }
            }
            one(kernel, bits, axis, 1, rows), one(kernel, bits, axis, rows, 1);
            one(kernel, bits, axis, 3, rows), one(kernel, bits, axis, rows, 3);
            /* Enough work for several threads, cut along either index. */
            if (!check_short() || bits == 32) one(kernel, bits, axis, 1500, 1501);
            if (!check_short()) {
                one(kernel, bits, axis, 2, 2000003), one(kernel, bits, axis, 2000003, 2);
                one(kernel, bits, axis, 37, 100003), one(kernel, bits, axis, 100003, 37);
            }
            rkeops_kernel_free(kernel);
        }
        nothing(bits);
    }
    return check_report("sizes");
}
