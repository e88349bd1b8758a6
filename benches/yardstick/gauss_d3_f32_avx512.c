// Experiment: the same sum as gauss_d3_f32.c with AVX-512, to learn what a generated kernel can reach there.
//
// Program:        gcc -O3 -mavx512f -mavx512dq -fopenmp gauss_d3_f32_avx512.c -o gauss_d3_f32_avx512 -lm
// Shared object:  the same with -fPIC -shared -DYARDSTICK_LIBRARY and the output gauss_d3_f32_avx512.so
// Run:            ./gauss_d3_f32_avx512 [N [rounds]]
//
// Four vectors of rows stay in registers with their sums; the record of y is read by operands that repeat one number.
// vscalefps multiplies by 2^floor(t) and underflows to zero by itself: no clamp, no conversion, no shift. What bounds the
// loop is then the nine multiply-adds of a vector on two pipes.
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#ifdef _OPENMP
#include <omp.h>
#endif

enum { LANES = 16, VECTORS = 4, TILE = LANES * VECTORS, BLOCK = 256 };

// As in gauss_d3_f32.c: 2^f on [0, 1), largest error 1.4e-7, exact at 0.
static const float EXP2[6] = {0.00186695252f, 0.00901748054f, 0.0557995141f, 0.240164593f, 0.693151295f, 1.0f};

// One step for the four vectors. Q = zmm0..3, D = zmm4..7, P = zmm8..11, the coordinates X, Y, Z = zmm12..23, sums = zmm24..27,
// exp2[1..4] = zmm28..31.
#define EACH(STEP) STEP("%%zmm0", "%%zmm4", "%%zmm8", "%%zmm12", "%%zmm16", "%%zmm20", "%%zmm24") \
                   STEP("%%zmm1", "%%zmm5", "%%zmm9", "%%zmm13", "%%zmm17", "%%zmm21", "%%zmm25") \
                   STEP("%%zmm2", "%%zmm6", "%%zmm10", "%%zmm14", "%%zmm18", "%%zmm22", "%%zmm26") \
                   STEP("%%zmm3", "%%zmm7", "%%zmm11", "%%zmm15", "%%zmm19", "%%zmm23", "%%zmm27")
#define REPEAT "%{1to16%}"
#define DIFFERENCE_0(Q, D, P, X, Y, Z, S) "vsubps (%[y])" REPEAT ", " X ", " Q "\n"
#define DIFFERENCE_1(Q, D, P, X, Y, Z, S) "vsubps 4(%[y])" REPEAT ", " Y ", " D "\n"
#define DIFFERENCE_2(Q, D, P, X, Y, Z, S) "vsubps 8(%[y])" REPEAT ", " Z ", " D "\n"
#define SQUARE(Q, D, P, X, Y, Z, S) "vmulps " Q ", " Q ", " Q "\n"
#define ADD_SQUARE(Q, D, P, X, Y, Z, S) "vfmadd231ps " D ", " D ", " Q "\n"
#define ADD_SQUARE_NEGATE(Q, D, P, X, Y, Z, S) "vfnmsub231ps " D ", " D ", " Q "\n"
#define FLOOR(Q, D, P, X, Y, Z, S) "vrndscaleps $9, " Q ", " D "\n"
#define FRACTION(Q, D, P, X, Y, Z, S) "vsubps " D ", " Q ", " Q "\n"
#define FIRST(Q, D, P, X, Y, Z, S) "vbroadcastss (%[exp2]), " P "\n"
#define HORNER_1(Q, D, P, X, Y, Z, S) "vfmadd213ps %%zmm28, " Q ", " P "\n"
#define HORNER_2(Q, D, P, X, Y, Z, S) "vfmadd213ps %%zmm29, " Q ", " P "\n"
#define HORNER_3(Q, D, P, X, Y, Z, S) "vfmadd213ps %%zmm30, " Q ", " P "\n"
#define HORNER_4(Q, D, P, X, Y, Z, S) "vfmadd213ps %%zmm31, " Q ", " P "\n"
#define HORNER_5(Q, D, P, X, Y, Z, S) "vfmadd213ps 20(%[exp2])" REPEAT ", " Q ", " P "\n"
#define SCALE(Q, D, P, X, Y, Z, S) "vscalefps " D ", " P ", " P "\n"
#define ACCUMULATE(Q, D, P, X, Y, Z, S) "vfmadd231ps 12(%[y])" REPEAT ", " P ", " S "\n"

// x: three coordinates of TILE points, structure of arrays; y: records (y0, y1, y2, b) up to end; sums: TILE floats out.
static inline void block(const float *x, const float *y, const float *end, float *sums) {
    __asm__ volatile(
        "vmovaps (%[x]), %%zmm12\n vmovaps 64(%[x]), %%zmm13\n vmovaps 128(%[x]), %%zmm14\n vmovaps 192(%[x]), %%zmm15\n"
        "vmovaps 256(%[x]), %%zmm16\n vmovaps 320(%[x]), %%zmm17\n vmovaps 384(%[x]), %%zmm18\n vmovaps 448(%[x]), %%zmm19\n"
        "vmovaps 512(%[x]), %%zmm20\n vmovaps 576(%[x]), %%zmm21\n vmovaps 640(%[x]), %%zmm22\n vmovaps 704(%[x]), %%zmm23\n"
        "vpxorq %%zmm24, %%zmm24, %%zmm24\n vpxorq %%zmm25, %%zmm25, %%zmm25\n"
        "vpxorq %%zmm26, %%zmm26, %%zmm26\n vpxorq %%zmm27, %%zmm27, %%zmm27\n"
        "vbroadcastss 4(%[exp2]), %%zmm28\n vbroadcastss 8(%[exp2]), %%zmm29\n"
        "vbroadcastss 12(%[exp2]), %%zmm30\n vbroadcastss 16(%[exp2]), %%zmm31\n"
        ".p2align 6\n"
        "1:\n"
        EACH(DIFFERENCE_0) EACH(DIFFERENCE_1) EACH(SQUARE) EACH(ADD_SQUARE) EACH(DIFFERENCE_2) EACH(ADD_SQUARE_NEGATE)
        EACH(FLOOR) EACH(FRACTION) EACH(FIRST)
        EACH(HORNER_1) EACH(HORNER_2) EACH(HORNER_3) EACH(HORNER_4) EACH(HORNER_5)
        EACH(SCALE) EACH(ACCUMULATE)
        "add $16, %[y]\n"
        "cmp %[end], %[y]\n"
        "jb 1b\n"
        "vmovaps %%zmm24, (%[sums])\n vmovaps %%zmm25, 64(%[sums])\n"
        "vmovaps %%zmm26, 128(%[sums])\n vmovaps %%zmm27, 192(%[sums])\n"
        : [y] "+r"(y)
        : [x] "r"(x), [end] "r"(end), [sums] "r"(sums), [exp2] "r"(EXP2)
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
          "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",
          "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
}

// A float32 sum runs over BLOCK terms only and is then added to doubles: its rounding errors do not grow with n.
static void tile(const float *x, const float *y, ptrdiff_t n, double *totals) {
    _Alignas(64) float sums[TILE];
    for (ptrdiff_t start = 0; start < n; start += BLOCK) {
        block(x, y + 4 * start, y + 4 * (n < start + BLOCK ? n : start + BLOCK), sums);
        for (int l = 0; l < TILE; l++) totals[l] += (double)sums[l];
    }
}

// As yardstick_gauss_d3_f32.
int yardstick_gauss_d3_f32_avx512(const float *x, const float *y, const float *b, ptrdiff_t m, ptrdiff_t n, float *a,
                                  int threads) {
    const float scale = sqrtf(1.44269504f);  // exp(-d^2) = 2^-(scale d)^2: one multiplication per point instead of one per pair
    (void)threads;  // unused without OpenMP
    float *records = aligned_alloc(64, ((size_t)n * 16 + 64) / 64 * 64);
    if (!records) return 1;
#ifdef _OPENMP
    if (threads <= 0) threads = omp_get_max_threads();
#endif
#pragma omp parallel num_threads(threads)
    {
#pragma omp for schedule(static)
        for (ptrdiff_t j = 0; j < n; j++) {
            for (int d = 0; d < 3; d++) records[4 * j + d] = y[3 * j + d] * scale;
            records[4 * j + 3] = b[j];
        }
#pragma omp for schedule(dynamic, 4)
        for (ptrdiff_t i = 0; i < m; i += TILE) {
            _Alignas(64) float rows[3 * TILE];
            double totals[TILE] = {0};
            for (int l = 0; l < TILE; l++)  // the rows past the end repeat the last one
                for (int d = 0; d < 3; d++) rows[d * TILE + l] = x[3 * (i + l < m ? i + l : m - 1) + d] * scale;
            tile(rows, records, n, totals);
            for (int l = 0; l < TILE && i + l < m; l++) a[i + l] = (float)totals[l];
        }
    }
    free(records);
    return 0;
}

#ifndef YARDSTICK_LIBRARY
#include "program.h"
int main(int argc, char **argv) { return program("AVX-512", yardstick_gauss_d3_f32_avx512, argc, argv); }
#endif
