/* What arrays store: integers, bool, float16 and bfloat16 in, narrow results out, indices fed back, bad formats. */
#include "check.h"

enum { M = 20, N = 30 };
static const char *const ALIASES[] = {"x = Vi(0,1)", "y = Vj(1,1)"};

static rkeops_error *run(rkeops_kernel *kernel, const view *x, const view *y, const view *out) {
    rkeops_array inputs[2];
    inputs[0] = x->array, inputs[1] = y->array;
    inputs[0].strides = x->strides, inputs[0].shape = x->shape;
    inputs[1].strides = y->strides, inputs[1].shape = y->shape;
    return rkeops_kernel_run(kernel, inputs, 2, &out->array, 1, NULL);
}

/* Every second pixel of a row, from the last to the first, against floats. */
static void images(void) {
    uint8_t pixels[2 * M];
    float levels[N], out[M];
    view x, y, result;
    rkeops_kernel *kernel = compile_text("Sum_Reduction(Abs(x-y),0)", ALIASES, 2, 32);
    for (int k = 0; k < 2 * M; k++) pixels[k] = (uint8_t)(255 - 5 * k);
    for (int j = 0; j < N; j++) levels[j] = (float)(8 * j);
    view_set(&x, pixels + 2 * M - 1, RKEOPS_DTYPE_UINT, 8, M, 1);
    x.strides[0] = -2;
    view_float(&y, levels, 32, N, 1);
    view_float(&result, out, 32, M, 1);
    SUCCEEDS(run(kernel, &x, &y, &result));
    for (int i = 0; i < M; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++) sum += fabs((double)pixels[2 * M - 1 - 2 * i] - (double)levels[j]);
        CHECK(out[i] == (float)sum);
    }
    rkeops_kernel_free(kernel);
}

/* 1.5, -2, 65504 and 2^-24 as float16; results that round, overflow and underflow. */
static void halves(void) {
    const uint16_t halves[4] = {0x3e00, 0xc000, 0x7bff, 0x0001}, brains[4] = {0x3fc0, 0xc000, 0x4780, 0x3380};
    const float ones[2] = {1, 1.0f / 1024};
    uint16_t out[4];
    float wide[4];
    view x, y, result;
    rkeops_kernel *kernel = compile_text("Sum_Reduction(x*y,0)", ALIASES, 2, 32);
    view_set(&x, (void *)halves, RKEOPS_DTYPE_FLOAT, 16, 4, 1);
    view_float(&y, (void *)ones, 32, 2, 1);
    view_float(&result, wide, 32, 4, 1);
    SUCCEEDS(run(kernel, &x, &y, &result));
    CHECK(wide[0] == 1.5f + 1.5f / 1024 && wide[1] == -2 - 2.0f / 1024);
    CHECK(wide[2] == 65504.0f + 65504.0f / 1024 && wide[3] == ldexpf(1 + 1.0f / 1024, -24));
    view_set(&result, out, RKEOPS_DTYPE_FLOAT, 16, 4, 1);
    SUCCEEDS(run(kernel, &x, &y, &result));
    CHECK(out[0] == 0x3e02 && out[1] == 0xc001 && out[2] == 0x7c00 && out[3] == 0x0001); /* a tie to even, infinity */
    view_set(&x, (void *)brains, RKEOPS_DTYPE_BFLOAT, 16, 4, 1);
    view_set(&result, out, RKEOPS_DTYPE_BFLOAT, 16, 4, 1);
    SUCCEEDS(run(kernel, &x, &y, &result));
    CHECK(memcmp(out, brains, sizeof out) == 0);
    rkeops_kernel_free(kernel);
}

/* Nearest rows, and then those rows chosen by their numbers; rows that a mask of bytes leaves. */
static void indices_and_masks(void) {
    int16_t x[M];
    uint32_t y[N];
    int64_t nearest[M];
    uint8_t keep[N];
    float out[M];
    view views[4];
    rkeops_kernel *kernel = compile_text("ArgMin_Reduction(SqDist(x,y),0)", ALIASES, 2, 32);
    for (int i = 0; i < M; i++) x[i] = (int16_t)(3 * i - 7);
    for (int j = 0; j < N; j++) y[j] = (uint32_t)(7 * j % N), keep[j] = (uint8_t)(j % 3 == 0 ? 0 : j);
    view_set(&views[0], x, RKEOPS_DTYPE_INT, 16, M, 1);
    view_set(&views[1], y, RKEOPS_DTYPE_UINT, 32, N, 1);
    view_set(&views[2], nearest, RKEOPS_DTYPE_INT, 64, M, 1);
    view_float(&views[3], out, 32, M, 1);
    SUCCEEDS(run(kernel, &views[0], &views[1], &views[2]));
    rkeops_kernel_free(kernel);
    kernel = compile_text("Sum_Reduction(Mask(y,j == Integer(x)),0)", ALIASES, 2, 32);
    SUCCEEDS(run(kernel, &views[2], &views[1], &views[3]));
    for (int i = 0; i < M; i++) CHECK(out[i] == (float)(x[i] < 0 ? 0 : x[i] >= N ? N - 1 : x[i]));
    nearest[3] = (int64_t)1 << 30;
    FAILS(run(kernel, &views[2], &views[1], &views[3]), RKEOPS_ERROR_ARGUMENT, "holds 1073741824");
    rkeops_kernel_free(kernel);
    kernel = compile_text("Sum_Reduction(Mask(x,y),0)", ALIASES, 2, 32);
    view_set(&views[1], keep, RKEOPS_DTYPE_BOOL, 8, N, 1);
    SUCCEEDS(run(kernel, &views[0], &views[1], &views[3]));
    for (int i = 0; i < M; i++) CHECK(out[i] == (float)(20 * x[i]));
    rkeops_kernel_free(kernel);
}

static void messages(void) {
    double data[N] = {0}, out[M];
    view x, y, result;
    rkeops_kernel *kernel = compile_text("Sum_Reduction(x*y,0)", ALIASES, 2, 32);
    view_set(&x, data, RKEOPS_DTYPE_INT, 32, M, 1);
    view_set(&y, data, RKEOPS_DTYPE_UINT, 64, N, 1);
    view_float(&result, out, 32, M, 1);
    SUCCEEDS(run(kernel, &x, &y, &result));
    result.array.dtype_code = RKEOPS_DTYPE_INT;
    FAILS(run(kernel, &x, &y, &result), RKEOPS_ERROR_DTYPE, "output 0: it holds int32 numbers; results are");
    result.array.dtype_bits = 64;
    FAILS(run(kernel, &x, &y, &result), RKEOPS_ERROR_DTYPE, "output 0 has dtype int64; expected float32, bfloat16 or float16");
    result.array.dtype_code = RKEOPS_DTYPE_FLOAT;
    FAILS(run(kernel, &x, &y, &result), RKEOPS_ERROR_DTYPE, "output 0 has dtype float64; expected float32");
    result.array.dtype_bits = 32;
    y.array.dtype_code = RKEOPS_DTYPE_FLOAT;
    FAILS(run(kernel, &x, &y, &result), RKEOPS_ERROR_DTYPE, "has dtype float64; expected float32, as the kernel computes");
    y.array.dtype_code = RKEOPS_DTYPE_BOOL;
    FAILS(run(kernel, &x, &y, &result), RKEOPS_ERROR_DTYPE, "code 6 and 64 bits; arrays are int8 (0, 8)");
    y.array.dtype_code = RKEOPS_DTYPE_BFLOAT, y.array.dtype_bits = 16;
    y.array.data = (char *)data + 1;
    FAILS(run(kernel, &x, &y, &result), RKEOPS_ERROR_STRIDE, "not a multiple of 2, the bytes of bfloat16");
    rkeops_kernel_free(kernel);
}

int main(void) {
    images();
    halves();
    indices_and_masks();
    messages();
    return check_report("dtypes");
}
