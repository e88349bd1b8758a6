/* Complex numbers: arrays of real and imaginary parts in turn, or arrays of complex numbers in any layout, give the same
 * results as arithmetic in C. */
#include "check.h"

enum { M = 37, N = 41, D = 3 };
static const char *const ALIASES[] = {"z = Vi(0,6)", "w = Vj(1,6)"};
static const char *const TEXT = "Sum_Reduction(ComplexMult(ComplexExp(z),Conj(w)),0)";
static const double UNTOUCHED = 12345.5;

/* The sum over j of exp(z_ik) conj(w_jk), real and imaginary parts in turn. */
static double *right_sums(const void *z, const void *w, int bits) {
    double *sums = (double *)calloc((size_t)(M * D * 2), sizeof(double));
    if (sums == NULL) abort();
    for (int64_t i = 0; i < M; i++) {
        for (int64_t j = 0; j < N; j++) {
            for (int64_t k = 0; k < D; k++) {
                const double a = get(z, bits, 2 * (i * D + k)), b = get(z, bits, 2 * (i * D + k) + 1);
                const double c = get(w, bits, 2 * (j * D + k)), d = -get(w, bits, 2 * (j * D + k) + 1);
                const double re = exp(a) * cos(b), im = exp(a) * sin(b);
                sums[2 * (i * D + k)] += re * c - im * d;
                sums[2 * (i * D + k) + 1] += re * d + im * c;
            }
        }
    }
    return sums;
}

/* How element (row, column) lies in memory: origin and steps, in complex numbers. */
typedef struct {
    int64_t origin, row, column;
} layout;

/* A compact matrix of complex numbers laid out in other ways, in memory of `room` numbers. */
static void *lay_out(const void *compact, int bits, int64_t rows, layout l, int64_t room) {
    void *data = malloc((size_t)(room * 2 * (bits / 8)));
    if (data == NULL) abort();
    for (int64_t k = 0; k < 2 * room; k++) set(data, bits, k, UNTOUCHED);
    for (int64_t i = 0; compact != NULL && i < rows; i++) {
        for (int64_t k = 0; k < D; k++) {
            for (int part = 0; part < 2; part++) {
                const double value = get(compact, bits, 2 * (i * D + k) + part);
                set(data, bits, 2 * (l.origin + i * l.row + k * l.column) + part, value);
            }
        }
    }
    return data;
}

static void view_complex(view *v, void *data, int bits, int64_t rows, layout l) {
    view_set(v, (char *)data + l.origin * 2 * (bits / 8), RKEOPS_DTYPE_COMPLEX, 2 * bits, rows, D);
    v->strides[0] = l.row, v->strides[1] = l.column;
}

static int near(double found, double right, int bits) {
    return fabs(found - right) <= (bits == 32 ? 1e-4 : 1e-12) * (1 + fabs(right));
}

static void layouts(int bits) {
    const layout all[] = {{0, D, 1}, {2, D + 4, 1}, {0, 1, 50}, {50 * D - 1, -1, -50}, {3, 4 * D, 2}};
    const int64_t room = 50 * 4 * D;
    void *z = random_array(bits, M * D * 2, 31), *w = random_array(bits, N * D * 2, 32);
    double *right = right_sums(z, w, bits);
    rkeops_kernel *kernel = compile_text(TEXT, ALIASES, 2, bits);
    int64_t dim = 0;
    int32_t code = 0, wide = 0;
    SUCCEEDS(rkeops_kernel_output(kernel, 0, &dim, &code, &wide));
    CHECK(dim == D && code == RKEOPS_DTYPE_COMPLEX && wide == 2 * bits);

    for (int k = 0; k < 5; k++) {
        const layout in = all[k], other = all[(k + 2) % 5], out = all[(k + 1) % 5];
        void *zs = lay_out(z, bits, M, in, room), *ws = lay_out(w, bits, N, other, room);
        void *sums = lay_out(NULL, bits, M, out, room);
        rkeops_array inputs[2];
        view views[3];
        int64_t touched = 0;
        int good = 1;
        view_complex(&views[0], zs, bits, M, in);
        view_complex(&views[1], ws, bits, N, other);
        view_complex(&views[2], sums, bits, M, out);
        inputs[0] = views[0].array, inputs[1] = views[1].array;
        SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
        for (int64_t i = 0; i < M; i++) {
            for (int64_t c = 0; c < 2 * D; c++) {
                const int64_t place = 2 * (out.origin + i * out.row + c / 2 * out.column) + c % 2;
                good &= near(get(sums, bits, place), right[2 * i * D + c], bits);
            }
        }
        for (int64_t p = 0; p < 2 * room; p++) touched += get(sums, bits, p) != UNTOUCHED;
        CHECK(good);
        CHECK(touched == M * D * 2);

        /* Real arrays of twice as many columns are the same. */
        view_float(&views[0], z, bits, M, 2 * D);
        view_float(&views[2], sums, bits, M, 2 * D);
        inputs[0] = views[0].array;
        SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
        good = 1;
        for (int64_t c = 0; c < M * 2 * D; c++) good &= near(get(sums, bits, c), right[c], bits);
        CHECK(good);
        free(zs), free(ws), free(sums);
    }

    /* Two blocks of columns of one matrix: computed aside, copied to their places. */
    {
        void *both = lay_out(NULL, bits, M, all[0], room);
        rkeops_array inputs[2];
        view views[4];
        int good = 1;
        view_complex(&views[0], z, bits, M, all[0]);
        view_complex(&views[1], both, bits, N, all[0]);
        for (int64_t j = 0; j < N; j++) {
            for (int64_t c = 0; c < 2 * D; c++) set(both, bits, 4 * j * D + c, get(w, bits, 2 * j * D + c));
        }
        views[1].strides[0] = 2 * D;
        view_complex(&views[2], both, bits, M, all[0]);
        views[2].array.data = (char *)both + 2 * D * (bits / 8);
        views[2].strides[0] = 2 * D;
        inputs[0] = views[0].array, inputs[1] = views[1].array;
        SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
        for (int64_t i = 0; i < M; i++) {
            for (int64_t c = 0; c < 2 * D; c++) {
                good &= near(get(both, bits, 4 * i * D + 2 * D + c), right[2 * i * D + c], bits);
            }
        }
        CHECK(good);
        free(both);
    }
    rkeops_kernel_free(kernel);
    free(z), free(w), free(right);
}

static void refused(void) {
    float data[2 * 6 + 1] = {0}, out[12] = {0};
    const char *const odd[] = {"x = Vi(0,3)"};
    rkeops_kernel *kernel = compile_text(TEXT, ALIASES, 2, 32);
    rkeops_kernel *real = compile_text("Sum_Reduction(x,0)", odd, 1, 32);
    rkeops_array inputs[2];
    view views[3];
    view_set(&views[0], data, RKEOPS_DTYPE_COMPLEX, 64, 1, 3);
    view_set(&views[1], data, RKEOPS_DTYPE_COMPLEX, 64, 1, 3);
    view_set(&views[2], out, RKEOPS_DTYPE_COMPLEX, 64, 1, 3);
    inputs[0] = views[0].array, inputs[1] = views[1].array;
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
    inputs[0].data = data + 1; /* aligned to a part, which is enough */
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
    inputs[0].data = (char *)data + 2;
    FAILS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL), RKEOPS_ERROR_STRIDE,
          "not a multiple of 4, the bytes of a part of complex64");
    inputs[0].data = data;
    inputs[1].dtype_bits = 128;
    FAILS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL), RKEOPS_ERROR_DTYPE,
          "has dtype complex128; expected float32");
    inputs[1].dtype_bits = 32;
    FAILS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL), RKEOPS_ERROR_DTYPE,
          "its dtype has code 5 and 32 bits");
    inputs[1].dtype_bits = 64;
    views[1].shape[1] = 6;
    FAILS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL), RKEOPS_ERROR_SHAPE, "expected 3 columns");
    views[1].shape[1] = 3;
    views[2].shape[1] = 2;
    FAILS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL), RKEOPS_ERROR_SHAPE, "expected (1, 3)");
    view_set(&views[2], out, RKEOPS_DTYPE_FLOAT, 64, 1, 6);
    FAILS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL), RKEOPS_ERROR_DTYPE,
          "output 0 has dtype float64; expected complex64, float32, bfloat16 or float16");
    view_set(&views[2], out, RKEOPS_DTYPE_COMPLEX, 64, 1, 1);
    view_set(&views[0], data, RKEOPS_DTYPE_FLOAT, 32, 1, 3);
    FAILS(rkeops_kernel_run(real, &views[0].array, 1, &views[2].array, 1, NULL), RKEOPS_ERROR_DTYPE,
          "output 0 has dtype complex64; expected float32");
    view_set(&views[0], data, RKEOPS_DTYPE_COMPLEX, 64, 1, 1);
    FAILS(rkeops_kernel_run(real, &views[0].array, 1, &views[2].array, 1, NULL), RKEOPS_ERROR_DTYPE,
          "has dtype complex64; expected float32, as its dimension is odd");
    rkeops_kernel_free(kernel);
    rkeops_kernel_free(real);
}

static void formulas(void) {
    rkeops_formula *variable = NULL, *formula = NULL, *gradient = NULL;
    const rkeops_formula *operands[2];
    int64_t dim = 0;
    int32_t is_complex = -1;
    SUCCEEDS(rkeops_formula_variable(0, 6, RKEOPS_CATEGORY_I, &variable));
    SUCCEEDS(rkeops_formula_is_complex(variable, &is_complex));
    CHECK(is_complex == 0);
    operands[0] = variable, operands[1] = variable;
    SUCCEEDS(rkeops_formula_apply("ComplexMult", operands, 2, NULL, 0, &formula));
    SUCCEEDS(rkeops_formula_is_complex(formula, &is_complex));
    SUCCEEDS(rkeops_formula_dim(formula, &dim));
    CHECK(is_complex == 1 && dim == 3);
    SUCCEEDS(rkeops_formula_gradient(formula, variable, variable, &gradient));
    SUCCEEDS(rkeops_formula_is_complex(gradient, &is_complex));
    SUCCEEDS(rkeops_formula_dim(gradient, &dim));
    CHECK(is_complex == 0 && dim == 6);
    FAILS(rkeops_formula_is_complex(NULL, &is_complex), RKEOPS_ERROR_ARGUMENT, "NULL");
    rkeops_formula_free(variable);
    rkeops_formula_free(formula);
    rkeops_formula_free(gradient);
}

int main(void) {
    layouts(32);
    layouts(64);
    refused();
    formulas();
    return check_report("complex");
}
