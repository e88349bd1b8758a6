/* Batches of problems, block-sparse ranges and ragged batches through the C interface. */
#include "check.h"

enum { M = 7, N = 9 };

static const char *aliases[] = {"x = Vi(0,1)", "y = Vj(1,1)", "p = Pm(2,1)"};

/* An array of rank 1 to 3 of doubles, compact. */
static void shape(view *v, double *data, int rank, int64_t a, int64_t b, int64_t c) {
    view_set(v, data, RKEOPS_DTYPE_FLOAT, 64, a, b);
    v->shape[2] = c;
    v->array.rank = rank;
    v->array.strides = NULL;
}

static double x[2 * M], y[3 * N], p[2], out[6 * M];

static void fill(void) {
    for (int k = 0; k < 2 * M; k++) x[k] = k + 1;
    for (int k = 0; k < 3 * N; k++) y[k] = 1 + k % 5;
    p[0] = 1, p[1] = 0.5;
}

static void batches(rkeops_kernel *kernel) {
    view in[3], result;
    shape(&in[0], x, 3, 2, M, 1);      /* (2, M, 1) */
    shape(&in[1], y, 3, 1, N, 1);      /* (1, N, 1) */
    shape(&in[2], p, 2, 2, 1, 0);      /* (2, 1) */
    shape(&result, out, 3, 2, M, 1);
    rkeops_array inputs[3] = {in[0].array, in[1].array, in[2].array};
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 3, &result.array, 1, NULL));
    double sum = 0;
    for (int j = 0; j < N; j++) sum += y[j];
    for (int b = 0; b < 2; b++) {
        for (int i = 0; i < M; i++) CHECK(out[b * M + i] == x[b * M + i] * sum * p[b]);
    }
    shape(&in[1], y, 3, 3, N, 1);
    inputs[1] = in[1].array;
    FAILS(rkeops_kernel_run(kernel, inputs, 3, &result.array, 1, NULL), RKEOPS_ERROR_SHAPE, "batch axes [3]");
    shape(&in[1], y, 2, N, 1, 0);
    inputs[1] = in[1].array;
    shape(&result, out, 2, M, 1, 0);
    FAILS(rkeops_kernel_run(kernel, inputs, 3, &result.array, 1, NULL), RKEOPS_ERROR_SHAPE, "expected (2, 7, 1)");
}

/* The arrays of one problem. */
typedef struct {
    view in[3], result;
    rkeops_array inputs[3];
} problem;

static void plain(problem *one) {
    shape(&one->in[0], x, 2, M, 1, 0);
    shape(&one->in[1], y, 2, N, 1, 0);
    shape(&one->in[2], p, 1, 1, 0, 0);
    shape(&one->result, out, 2, M, 1, 0);
    for (int k = 0; k < 3; k++) one->inputs[k] = one->in[k].array;
}

/* The sums that the ranges leave, against a loop over all pairs. */
static void sums(rkeops_kernel *kernel, rkeops_ranges *ranges, int (*meet)(int, int)) {
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    problem one;
    plain(&one);
    options.ranges = ranges;
    SUCCEEDS(rkeops_kernel_run(kernel, one.inputs, 3, &one.result.array, 1, &options));
    for (int i = 0; i < M; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++) sum += meet(i, j) * x[i] * y[j] * p[0];
        CHECK(out[i] == sum);
    }
}

static int in_lists(int i, int j) { return i < 2 ? (j < 3) + (j >= 2 && j < 5) : i < 5 ? j == 8 : 0; }
static int in_blocks(int i, int j) { return (i < 3) == (j < 4); }
static int in_labels(int i, int j) { return i % 2 == 0 && j / 3 == 1; }
static int in_problems(int i, int j) { return i < 2 ? j < 4 : j >= 4; }

static void ranges(rkeops_kernel *kernel) {
    rkeops_ranges *r = NULL;
    const int64_t kept[] = {0, 2, 2, 5}, slices[] = {2, 3}, reduced[] = {0, 3, 2, 5, 8, 9};
    rkeops_ranges_half half = {kept, slices, 2, reduced, 3};
    SUCCEEDS(rkeops_ranges_create(&half, NULL, &r));
    SUCCEEDS(rkeops_ranges_retain(r));
    rkeops_ranges_free(r);
    sums(kernel, r, in_lists);
    rkeops_ranges_free(r);
    half.reduced_count = 2;
    FAILS(rkeops_ranges_create(&half, NULL, &r), RKEOPS_ERROR_ARGUMENT, "slices_i is 3");
    half.kept = NULL;
    FAILS(rkeops_ranges_create(NULL, &half, &r), RKEOPS_ERROR_ARGUMENT, "over_i->kept is NULL");
    CHECK(r == NULL);

    const int64_t blocks_i[] = {0, 3, 3, M}, blocks_j[] = {0, 4, 4, N};
    const uint8_t keep[] = {1, 0, 0, 7};
    SUCCEEDS(rkeops_ranges_from_blocks(blocks_i, 2, blocks_j, 2, keep, &r));
    sums(kernel, r, in_blocks);
    rkeops_ranges_free(r);
    FAILS(rkeops_ranges_from_blocks(blocks_i, 2, blocks_j, 2, NULL, &r), RKEOPS_ERROR_ARGUMENT, "keep is NULL");

    int64_t labels_i[M], labels_j[N];
    const int64_t pairs[] = {0, 1, 5, 0};
    for (int i = 0; i < M; i++) labels_i[i] = i % 2;
    for (int j = 0; j < N; j++) labels_j[j] = j / 3;
    SUCCEEDS(rkeops_ranges_from_labels(labels_i, M, labels_j, N, pairs, 2, &r));
    sums(kernel, r, in_labels);
    rkeops_ranges_free(r);

    const int64_t offsets_i[] = {0, 2, M}, offsets_j[] = {0, 4, N}, backwards[] = {0, 4, 1}, far[] = {0, 4, N + 1};
    SUCCEEDS(rkeops_ranges_ragged(offsets_i, offsets_j, 2, &r));
    sums(kernel, r, in_problems);
    rkeops_ranges_free(r);
    FAILS(rkeops_ranges_ragged(offsets_i, backwards, 2, &r), RKEOPS_ERROR_ARGUMENT, "offsets_j is from 4 to 1");
    SUCCEEDS(rkeops_ranges_ragged(offsets_i, far, 2, &r));
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    problem one;
    plain(&one);
    options.ranges = r;
    FAILS(rkeops_kernel_run(kernel, one.inputs, 3, &one.result.array, 1, &options), RKEOPS_ERROR_SIZE, "index j, which has 9");
    rkeops_ranges_free(r);
    options.ranges = (const rkeops_ranges *)kernel;
    FAILS(rkeops_kernel_run(kernel, one.inputs, 3, &one.result.array, 1, &options), RKEOPS_ERROR_HANDLE, "options->ranges");
    rkeops_ranges_free(NULL);
    FAILS(rkeops_ranges_retain(NULL), RKEOPS_ERROR_ARGUMENT, "ranges is NULL");
}

int main(void) {
    rkeops_kernel *kernel = compile_text("Sum_Reduction(x*y*p,0)", aliases, 3, 64);
    fill();
    batches(kernel);
    ranges(kernel);
    rkeops_kernel_free(kernel);
    return check_report("blocks");
}
