/* Arrays in every layout are read and written in place: each result is that of compact arrays, and what lies
 * between the elements of an output stays as it was. */
#include "check.h"

enum { M = 45, N = 61, D = 3, E = 2, LAYOUTS = 8 };
static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)"};
static const double UNTOUCHED = 12345.5;

/* Lays a compact matrix out in another way, in memory of its own; `*start` is where that memory starts. */
static void *lay_out(view *v, const void *compact, int bits, int64_t rows, int64_t columns, int layout, void **start) {
    const int64_t room = 4 * (rows + 2) * (columns + 8);
    const int size = bits / 8;
    int64_t origin = 0, row = columns, column = 1;
    void *data = malloc((size_t)(room * size));
    if (data == NULL) abort();
    switch (layout) {
        case 0: break;                                                        /* compact, row-major */
        case 1: row = 1, column = rows; break;                                /* column-major */
        case 2: row = columns + 5, origin = 3; break;                         /* padded rows, odd address */
        case 3: row = -columns, origin = (rows - 1) * columns; break;         /* rows reversed */
        case 4: column = -1, origin = columns - 1; break;                     /* columns reversed */
        case 5: row = 2 * columns; break;                                     /* every other row */
        case 6: row = -1, column = -(rows + 4), origin = room - 1; break;     /* transposed, padded, reversed */
        case 7: row = 3 * columns + 2, column = 3, origin = 1; break;         /* every third column */
    }
    for (int64_t k = 0; k < room; k++) set(data, bits, k, UNTOUCHED);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t k = 0; k < columns; k++) {
            set(data, bits, origin + i * row + k * column, get(compact, bits, i * columns + k));
        }
    }
    view_float(v, (char *)data + origin * size, bits, rows, columns);
    v->strides[0] = row, v->strides[1] = column;
    *start = data;
    return data;
}

static int same(const view *v, const void *right, int bits, const void *start) {
    const int64_t rows = v->shape[0], columns = v->shape[1], room = 4 * (rows + 2) * (columns + 8);
    int64_t touched = 0;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t k = 0; k < columns; k++) {
            const double a = get(v->array.data, bits, i * v->strides[0] + k * v->strides[1]);
            const double b = get(right, bits, i * columns + k);
            if (!(fabs(a - b) <= (bits == 32 ? 1e-5 : 1e-13) * (1 + fabs(b)))) return 0;
        }
    }
    for (int64_t k = 0; k < room; k++) touched += get(start, bits, k) != UNTOUCHED;
    return touched == rows * columns;
}

static void layouts(int bits, int axis) {
    const int64_t kept = axis == RKEOPS_AXIS_J ? M : N;
    void *x = random_array(bits, M * D, 21), *y = random_array(bits, N * D, 22), *b = random_array(bits, N * E, 23);
    void *right = random_array(bits, kept * E, 24);
    rkeops_kernel *kernel = compile_text(
        axis == RKEOPS_AXIS_J ? "Sum_Reduction(Exp(-SqDist(x,y))*b,0)" : "Sum_Reduction(Exp(-SqDist(x,y))*b,1)", ALIASES, 3,
        bits);
    rkeops_array inputs[3];
    view views[4];
    view_float(&views[0], x, bits, M, D);
    view_float(&views[1], y, bits, N, D);
    view_float(&views[2], b, bits, N, E);
    view_float(&views[3], right, bits, kept, E);
    for (int k = 0; k < 3; k++) inputs[k] = views[k].array, inputs[k].strides = NULL;
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 3, &views[3].array, 1, NULL));
    for (int a = 0; a < LAYOUTS; a++) {
        for (int c = 0; c < LAYOUTS; c++) {
            void *starts[4], *out = random_array(bits, kept * E, 25);
            lay_out(&views[0], x, bits, M, D, a, &starts[0]);
            lay_out(&views[1], y, bits, N, D, c, &starts[1]);
            lay_out(&views[2], b, bits, N, E, (a + c) % LAYOUTS, &starts[2]);
            lay_out(&views[3], out, bits, kept, E, (a + 3 * c) % LAYOUTS, &starts[3]);
            for (int k = 0; k < 3; k++) inputs[k] = views[k].array;
            SUCCEEDS(rkeops_kernel_run(kernel, inputs, 3, &views[3].array, 1, NULL));
            CHECK(same(&views[3], right, bits, starts[3]));
            for (int k = 0; k < 4; k++) free(starts[k]);
            free(out);
        }
    }
    rkeops_kernel_free(kernel);
    free(x), free(y), free(b), free(right);
}

/* A row stride of 0 repeats one row: the same as an array with equal rows. */
static void broadcast(int bits) {
    void *x = random_array(bits, M * D, 26), *row = random_array(bits, D, 27), *rows = random_array(bits, N * D, 28);
    void *b = random_array(bits, 1, 29), *repeated = random_array(bits, N * E, 30);
    void *out = random_array(bits, M * E, 31), *right = random_array(bits, M * E, 32);
    rkeops_kernel *kernel = compile_text("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", ALIASES, 3, bits);
    rkeops_array inputs[3];
    view views[4];
    int good = 1;
    for (int64_t j = 0; j < N; j++) {
        for (int k = 0; k < D; k++) set(rows, bits, j * D + k, get(row, bits, k));
        for (int k = 0; k < E; k++) set(repeated, bits, j * E + k, get(b, bits, 0));
    }
    view_float(&views[0], x, bits, M, D);
    view_float(&views[1], rows, bits, N, D);
    view_float(&views[2], repeated, bits, N, E);
    view_float(&views[3], right, bits, M, E);
    for (int k = 0; k < 3; k++) inputs[k] = views[k].array;
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 3, &views[3].array, 1, NULL));
    view_float(&views[1], row, bits, N, D);
    views[1].strides[0] = 0;
    view_float(&views[2], b, bits, N, E);
    views[2].strides[0] = views[2].strides[1] = 0;
    views[3].array.data = out;
    for (int k = 0; k < 3; k++) inputs[k] = views[k].array;
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 3, &views[3].array, 1, NULL));
    for (int64_t k = 0; k < M * E; k++) {
        if (!(fabs(get(out, bits, k) - get(right, bits, k)) <= 1e-5 * (1 + fabs(get(right, bits, k))))) good = 0;
    }
    CHECK(good);
    rkeops_kernel_free(kernel);
    free(x), free(row), free(rows), free(b), free(repeated), free(out), free(right);
}

/* Points, momenta, value and gradient as blocks of columns of one matrix: a state of an integrator. */
static void one_matrix(int bits) {
    enum { COLUMNS = 12, Q = 0, P = 3, V = 6, G = 9 };
    static const char *const aliases[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,3)"};
    void *state = random_array(bits, M * COLUMNS, 33), *before = random_array(bits, M * COLUMNS, 33);
    rkeops_reduction *both[2] = {NULL, NULL};
    rkeops_formula *x = NULL, *a = NULL;
    rkeops_kernel *kernel = NULL;
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    static const int first[6] = {Q, Q, P, P, V, G};
    rkeops_array arrays[6];
    view views[6];
    int good = 1;
    both[0] = parse_reduction("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", aliases, 3);
    SUCCEEDS(rkeops_formula_variable(0, D, RKEOPS_CATEGORY_I, &x));
    SUCCEEDS(rkeops_formula_variable(3, D, RKEOPS_CATEGORY_I, &a));
    SUCCEEDS(rkeops_reduction_gradient(both[0], x, a, NULL, 0, &both[1]));
    options.dtype_bits = bits;
    SUCCEEDS(rkeops_kernel_compile((const rkeops_reduction *const *)both, 2, &options, &kernel));
    for (int k = 0; k < 6; k++) {
        view_float(&views[k], (char *)state + first[k] * bits / 8, bits, M, D);
        views[k].strides[0] = COLUMNS;
        arrays[k] = views[k].array;
    }
    SUCCEEDS(rkeops_kernel_run(kernel, arrays, 4, arrays + 4, 2, NULL));
    for (int i = 0; i < M; i++) {
        double value[D] = {0, 0, 0}, gradient[D] = {0, 0, 0};
        for (int j = 0; j < M; j++) {
            double distance = 0, along = 0, weight;
            for (int k = 0; k < D; k++) {
                const double d = get(before, bits, i * COLUMNS + Q + k) - get(before, bits, j * COLUMNS + Q + k);
                distance += d * d;
                along += get(before, bits, i * COLUMNS + P + k) * get(before, bits, j * COLUMNS + P + k);
            }
            weight = exp(-distance);
            for (int k = 0; k < D; k++) {
                const double d = get(before, bits, i * COLUMNS + Q + k) - get(before, bits, j * COLUMNS + Q + k);
                value[k] += weight * get(before, bits, j * COLUMNS + P + k);
                gradient[k] -= 2 * weight * along * d;
            }
        }
        for (int k = 0; k < D; k++) {
            if (!(fabs(get(state, bits, i * COLUMNS + V + k) - value[k]) <= 1e-4)) good = 0;
            if (!(fabs(get(state, bits, i * COLUMNS + G + k) - gradient[k]) <= 1e-4)) good = 0;
            if (get(state, bits, i * COLUMNS + Q + k) != get(before, bits, i * COLUMNS + Q + k)) good = 0;
            if (get(state, bits, i * COLUMNS + P + k) != get(before, bits, i * COLUMNS + P + k)) good = 0;
        }
    }
    CHECK(good);
    rkeops_reduction_free(both[0]), rkeops_reduction_free(both[1]);
    rkeops_formula_free(x), rkeops_formula_free(a);
    rkeops_kernel_free(kernel);
    free(state), free(before);
}

int main(void) {
    for (int bits = 32; bits <= 64; bits += 32) {
        layouts(bits, RKEOPS_AXIS_J);
        layouts(bits, RKEOPS_AXIS_I);
        broadcast(bits);
        one_matrix(bits);
    }
    return check_report("strides");
}
