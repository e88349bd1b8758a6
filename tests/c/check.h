/* What all C tests share: checks that count, arrays, random numbers. C99 that is also C++17. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <rkeops.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks_made = 0, checks_failed = 0;

static inline void check_at(int good, const char *what, const char *file, int line) {
    checks_made++;
    if (!good) {
        checks_failed++;
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    }
}

/* A call that must succeed. */
static inline void check_success(rkeops_error *error, const char *what, const char *file, int line) {
    if (error != NULL) {
        fprintf(stderr, "%s:%d: error %d: %s\n", file, line, (int)rkeops_error_code(error), rkeops_error_message(error));
    }
    check_at(error == NULL, what, file, line);
    rkeops_error_free(error);
}

/* A call that must fail with this code and with these words in its message. */
static inline void check_failure(rkeops_error *error, int code, const char *words, const char *what, const char *file, int line) {
    const int got = (int)rkeops_error_code(error);
    const char *message = rkeops_error_message(error);
    const int good = got == code && strstr(message, words) != NULL;
    if (getenv("RKEOPS_TEST_SHOW") != NULL) printf("%2d %s\n", got, message);
    if (!good) fprintf(stderr, "%s:%d: expected %d \"%s\", got %d \"%s\"\n", file, line, code, words, got, message);
    check_at(good, what, file, line);
    rkeops_error_free(error);
}

#define CHECK(condition) check_at((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define SUCCEEDS(call) check_success((call), #call, __FILE__, __LINE__)
#define FAILS(call, code, words) check_failure((call), (code), (words), #call, __FILE__, __LINE__)

/* The last line of every test's main. */
static inline int check_report(const char *name) {
    printf("%s: %d checks, %d failed\n", name, checks_made, checks_failed);
    return checks_failed == 0 && checks_made > 0 ? 0 : 1;
}

/* A slow tool runs the test: fewer and smaller cases. */
static inline int check_short(void) { return getenv("RKEOPS_TEST_SHORT") != NULL; }

/* An rkeops_array with its shape and strides, which a copy of the struct keeps pointing to. */
typedef struct {
    int64_t shape[8], strides[8];
    rkeops_array array;
} view;

static inline void view_set(view *v, void *data, int code, int bits, int64_t rows, int64_t columns) {
    memset(v, 0, sizeof *v);
    v->shape[0] = rows;
    v->shape[1] = columns;
    v->strides[0] = columns;
    v->strides[1] = 1;
    v->array.data = data;
    v->array.dtype_code = code;
    v->array.dtype_bits = bits;
    v->array.device_type = RKEOPS_DEVICE_CPU;
    v->array.rank = 2;
    v->array.shape = v->shape;
    v->array.strides = v->strides;
}

/* A compact matrix of `bits` wide floating-point numbers. */
static inline void view_float(view *v, void *data, int bits, int64_t rows, int64_t columns) {
    view_set(v, data, RKEOPS_DTYPE_FLOAT, bits, rows, columns);
}

/* Numbers between -1 and 1, the same on every machine. */
static inline double random_number(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)(*state >> 11) / 4503599627370496.0 - 1.0;
}

/* Element k of an array of floats or doubles. */
static inline double get(const void *data, int bits, int64_t k) {
    return bits == 32 ? (double)((const float *)data)[k] : ((const double *)data)[k];
}

static inline void set(void *data, int bits, int64_t k, double value) {
    if (bits == 32) ((float *)data)[k] = (float)value;
    else ((double *)data)[k] = value;
}

/* `count` random numbers, to be freed; never NULL. */
static inline void *random_array(int bits, int64_t count, uint64_t seed) {
    void *data = malloc((size_t)(count + 1) * 8);
    if (data == NULL) abort();
    for (int64_t k = 0; k < count; k++) set(data, bits, k, random_number(&seed));
    return data;
}

static inline rkeops_reduction *parse_reduction(const char *text, const char *const *aliases, size_t count) {
    rkeops_reduction *reduction = NULL;
    SUCCEEDS(rkeops_reduction_parse(text, aliases, count, &reduction));
    return reduction;
}

static inline rkeops_kernel *compile_one(const rkeops_reduction *reduction, int bits) {
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    rkeops_kernel *kernel = NULL;
    options.dtype_bits = bits;
    SUCCEEDS(rkeops_kernel_compile(&reduction, 1, &options, &kernel));
    return kernel;
}

/* A kernel from text. */
static inline rkeops_kernel *compile_text(const char *text, const char *const *aliases, size_t count, int bits) {
    rkeops_reduction *reduction = parse_reduction(text, aliases, count);
    rkeops_kernel *kernel = compile_one(reduction, bits);
    rkeops_reduction_free(reduction);
    return kernel;
}

#endif
