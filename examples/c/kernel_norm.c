/* The founding program: the squared norm of a vector field, and its gradients, on real points.
 *
 *     H(q, p) = 1/2 <p, K(q,q) p> = 1/2 sum_ij k(q_i, q_j) (p_i | p_j),    k(x, y) = exp(-|x - y|^2 / (2 s^2))
 *
 * q are points in three dimensions, p a momentum at each. It is the Hamiltonian of landmark matching: its gradients
 * are the velocities (in p) and the forces (in q). The matrix K has a number for each pair of points and is never
 * stored. The gradient in q is derived by the library, and one pass over the pairs gives value and gradients.
 *
 * First on the 1839 vertices of a rabbit in float64, where the whole result is compared with a dense evaluation;
 * then on the 262144 colours of a photograph in float32: 6.9e10 pairs. Ctrl-C stops it.
 *
 *     kernel_norm [folder of the data files]
 */
#include <math.h>
#include <rkeops.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { DIM = 3 };

static volatile sig_atomic_t interrupted = 0;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "kernel_norm: %s: %s\n", what, why);
    exit(1);
}

/* Every call of the library ends here: an error is printed, and is the end. */
static void must(rkeops_error *error) {
    if (error == NULL) return;
    fprintf(stderr, "\nkernel_norm: %s\n", rkeops_error_message(error));
    const int code = rkeops_error_code(error) == RKEOPS_ERROR_CANCELLED ? 130 : 1;
    rkeops_error_free(error);
    exit(code);
}

static void *allocate(int64_t count, int bits) {
    void *memory = malloc((size_t)count * (size_t)(bits / 8));
    if (memory == NULL) fail("memory", "there is not enough");
    return memory;
}

static double get(const void *a, int bits, int64_t k) {
    return bits == 32 ? (double)((const float *)a)[k] : ((const double *)a)[k];
}

static void set(void *a, int bits, int64_t k, double value) {
    if (bits == 32) ((float *)a)[k] = (float)value;
    else ((double *)a)[k] = value;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A line that is rewritten on a terminal, a line per quarter elsewhere; non-zero stops the run. */
static int32_t progress(uint64_t done, uint64_t total, void *user) {
    int *shown = (int *)user;
    const int percent = (int)(100.0 * (double)done / (double)total);
    if (isatty(STDOUT_FILENO)) {
        if (percent != *shown) printf("\r  %3d %% of the pairs (Ctrl-C stops) ", percent), *shown = percent;
    } else if (percent / 25 > *shown) {
        *shown = percent / 25;
        printf("  %3d %% of the pairs\n", percent);
    }
    fflush(stdout);
    return interrupted;
}

/* Points, momenta, and what is computed from them, all n x 3. */
typedef struct {
    const char *name;
    int64_t n;
    int bits;
    double s;
    void *q, *p, *v, *force;
} problem;

static problem problem_new(const char *name, int64_t n, int bits, double s) {
    problem a = {name, n, bits, s, NULL, NULL, NULL, NULL};
    uint64_t state = 1;
    a.q = allocate(n * DIM, bits), a.p = allocate(n * DIM, bits);
    a.v = allocate(n * DIM, bits), a.force = allocate(n * DIM, bits);
    for (int64_t k = 0; k < n * DIM; k++) { /* momenta: pseudo-random, the same on every machine */
        state = state * 6364136223846793005u + 1442695040888963407u;
        set(a.p, bits, k, (double)(int64_t)(state >> 11) / 4503599627370496.0 - 1.0);
    }
    return a;
}

static void problem_free(problem *a) { free(a->q), free(a->p), free(a->v), free(a->force); }

static rkeops_array matrix(void *data, int bits, const int64_t *shape) {
    rkeops_array a = {data, RKEOPS_DTYPE_FLOAT, bits, RKEOPS_DEVICE_CPU, 0, 2, shape, NULL};
    return a;
}

/* One pass over all pairs: v_i = sum_j k(q_i, q_j) p_j and force_i = sum_j d/dx k(q_i, q_j) (p_i | p_j). */
static void evaluate(const problem *a) {
    const char *aliases[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,3)", "g = Pm(3,1)"};
    rkeops_formula *x, *cotangent;
    rkeops_reduction *passes[2];
    rkeops_kernel *kernel;
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    int shown = 0;
    const double start = seconds();
    must(rkeops_reduction_parse("Sum_Reduction(Exp(-g*SqDist(x,y))*b,0)", aliases, 4, &passes[0]));
    must(rkeops_formula_variable(0, DIM, RKEOPS_CATEGORY_I, &x));
    must(rkeops_formula_variable(4, DIM, RKEOPS_CATEGORY_I, &cotangent));
    must(rkeops_reduction_gradient(passes[0], x, cotangent, NULL, 0, &passes[1]));
    options.dtype_bits = a->bits;
    must(rkeops_kernel_compile((const rkeops_reduction *const *)passes, 2, &options, &kernel));
    const double compiled = seconds();

    const int64_t points[2] = {a->n, DIM}, one[2] = {1, 1};
    void *weight = allocate(1, a->bits);
    set(weight, a->bits, 0, 1 / (2 * a->s * a->s));
    rkeops_array inputs[5], outputs[2];
    inputs[0] = inputs[1] = matrix(a->q, a->bits, points); /* x and y */
    inputs[2] = inputs[4] = matrix(a->p, a->bits, points); /* b and the cotangent */
    inputs[3] = matrix(weight, a->bits, one);
    outputs[0] = matrix(a->v, a->bits, points);
    outputs[1] = matrix(a->force, a->bits, points);
    options.progress = progress, options.progress_user = &shown;
    must(rkeops_kernel_run(kernel, inputs, 5, outputs, 2, &options));
    const double ended = seconds(), pairs = (double)a->n * (double)a->n;
    if (isatty(STDOUT_FILENO)) printf("\r%40s\r", "");
    printf("  %-18s %.3g ms\n  %-18s %.3g s, %.3g pairs/s\n", "text to kernel", 1e3 * (compiled - start), "one pass",
           ended - compiled, pairs / (ended - compiled));
    rkeops_kernel_free(kernel);
    rkeops_reduction_free(passes[0]), rkeops_reduction_free(passes[1]);
    rkeops_formula_free(x), rkeops_formula_free(cotangent);
    free(weight);
}

/* The same in plain float64 loops, for every `step`-th point: the largest relative error of v and of the force. */
static double dense_error(const problem *a, int64_t step) {
    const int bits = a->bits;
    double error = 0, size = 0, force_error = 0, force_size = 0;
    for (int64_t i = 0; i < a->n; i += step) {
        double v[DIM] = {0}, force[DIM] = {0};
        for (int64_t j = 0; j < a->n; j++) {
            double difference[DIM], distance = 0, product = 0;
            for (int k = 0; k < DIM; k++) {
                difference[k] = get(a->q, bits, i * DIM + k) - get(a->q, bits, j * DIM + k);
                distance += difference[k] * difference[k];
                product += get(a->p, bits, i * DIM + k) * get(a->p, bits, j * DIM + k);
            }
            const double kernel = exp(-distance / (2 * a->s * a->s));
            for (int k = 0; k < DIM; k++) {
                v[k] += kernel * get(a->p, bits, j * DIM + k);
                force[k] -= kernel * product * difference[k] / (a->s * a->s);
            }
        }
        for (int k = 0; k < DIM; k++) {
            error = fmax(error, fabs(v[k] - get(a->v, bits, i * DIM + k)));
            size = fmax(size, fabs(v[k]));
            force_error = fmax(force_error, fabs(force[k] - get(a->force, bits, i * DIM + k)));
            force_size = fmax(force_size, fabs(force[k]));
        }
    }
    return fmax(error / size, force_error / force_size);
}

/* Evaluates, prints and checks; whether the error is small enough. */
static int solve(const problem *a, int64_t step, double tolerance) {
    double energy = 0, v = 0, force = 0;
    struct rusage usage;
    printf("%s: %lld points, float%d, s = %g\n", a->name, (long long)a->n, a->bits, a->s);
    evaluate(a);
    for (int64_t k = 0; k < a->n * DIM; k++) {
        const double speed = get(a->v, a->bits, k), push = get(a->force, a->bits, k);
        energy += 0.5 * get(a->p, a->bits, k) * speed;
        v += speed * speed, force += push * push;
    }
    getrusage(RUSAGE_SELF, &usage); /* ru_maxrss is in KiB on Linux */
    printf("  %-18s %.10g\n  %-18s %.6g\n  %-18s %.6g\n", "H", energy, "|gradient in q|", sqrt(force), "|gradient in p|",
           sqrt(v));
    printf("  %-18s %.1f MiB, arrays included; the dense matrix alone: %.4g GiB\n", "peak memory",
           (double)usage.ru_maxrss / 1024, (double)a->n * (double)a->n * (a->bits / 8) / (1 << 30));
    const double error = dense_error(a, step);
    printf("  %-18s %.2g against float64 loops (%lld rows), at most %.0g is allowed\n\n", "relative error", error,
           (long long)((a->n + step - 1) / step), tolerance);
    return error <= tolerance;
}

static FILE *open_data(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail(path, "cannot be opened; give the folder of the data files as argument");
    return file;
}

int main(int argc, char **argv) {
    enum { VERTICES = 1839, COLOURS = 262144 };
    const char *folder = argc > 1 ? argv[1] : "examples/data";
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, NULL);

    problem bunny = problem_new("bunny", VERTICES, 64, 0.2);
    FILE *file = open_data(folder, "bunny.csv");
    int bad = fscanf(file, "x,y,z") != 0;
    double *point = (double *)bunny.q;
    for (int k = 0; k < VERTICES; k++) {
        bad |= fscanf(file, "%lf,%lf,%lf", &point[DIM * k], &point[DIM * k + 1], &point[DIM * k + 2]) != DIM;
    }
    if (bad) fail("bunny.csv", "does not have 1839 rows of 3 numbers");
    fclose(file);
    int good = solve(&bunny, 1, 1e-12);
    problem_free(&bunny);

    problem photo = problem_new("astronaut", COLOURS, 32, 0.1);
    file = open_data(folder, "astronaut_rgb_262144x3.u8");
    float *colour = (float *)photo.q;
    for (int k = 0; k < COLOURS * DIM; k++) {
        const int byte = fgetc(file);
        if (byte == EOF) fail("astronaut_rgb_262144x3.u8", "does not have 262144 x 3 bytes");
        colour[k] = (float)byte / 255;
    }
    fclose(file);
    good &= solve(&photo, COLOURS / 64, 1e-5);
    problem_free(&photo);
    if (!good) fail("check", "the error is too large");
    return 0;
}
