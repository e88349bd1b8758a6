// Yardstick: a_i = sum_j exp(-|x_i - y_j|^2) b_j for points in R^3, float32, AVX2 + FMA, all cores, written by hand.
// It knows nothing of rkeops: it is the speed that a generated kernel for the same formula is held against.
//
// Program:        gcc -O3 -mavx2 -mfma -fopenmp gauss_d3_f32.c -o gauss_d3_f32 -lm
// Shared object:  the same with -fPIC -shared -DYARDSTICK_LIBRARY and the output gauss_d3_f32.so
// Run:            ./gauss_d3_f32 [N [rounds]]    prints pairs per second (median of the rounds) and the largest relative error
//
// Why three vectors of rows: the chain of one pair is some 45 cycles long while the pipes could start eight pairs every 4.5,
// so several vectors must be in flight; three of them with their temporaries, three sums and four constants fill the sixteen
// registers without a spill. Each step is written for all three vectors before the next step.
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#ifdef _OPENMP
#include <omp.h>
#endif

enum { LANES = 8, VECTORS = 3, TILE = LANES * VECTORS, BLOCK = 256 };

// 2^f on [0, 1): minimax for the relative error with the constant term held at 1, so that exp(0) is exactly 1; with fused
// multiply-adds the largest error is 1.4e-7, the mean (which a sum does not average away) 3e-9.
static const float EXP2[6] = {0.00186695252f, 0.00901748054f, 0.0557995141f, 0.240164593f, 0.693151295f, 1.0f};
static const float LOWEST = -126.0f;  // below this exponent 2^q is not a normal number: the result is clamped

// Constants of the loop: four stay in registers, the others are memory operands.
typedef struct {
    _Alignas(32) float lowest[LANES], exp2[6][LANES];
} constants;

// One step for the three vectors of rows. Registers: Q = ymm0..2, D = ymm3..5, P = ymm6..8, sums = ymm13..15; X is the byte
// offset of the vector in a coordinate's block of 96 bytes. ymm9..11 hold exp2[1..3] and ymm12 lowest.
#define EACH(STEP) STEP("%%ymm0", "%%ymm3", "%%ymm6", "%%ymm13", "0") STEP("%%ymm1", "%%ymm4", "%%ymm7", "%%ymm14", "32") \
                   STEP("%%ymm2", "%%ymm5", "%%ymm8", "%%ymm15", "64")
#define LOAD(OFFSET, REGISTER) "vbroadcastss " OFFSET "(%[y]), " REGISTER "\n"
#define DIFFERENCE_0(Q, D, P, S, X) "vsubps " X "(%[x]), %%ymm6, " Q "\n"
#define DIFFERENCE_1(Q, D, P, S, X) "vsubps 96+" X "(%[x]), %%ymm6, " D "\n"
#define DIFFERENCE_2(Q, D, P, S, X) "vsubps 192+" X "(%[x]), %%ymm6, " D "\n"
#define SQUARE(Q, D, P, S, X) "vmulps " Q ", " Q ", " Q "\n"
#define ADD_SQUARE(Q, D, P, S, X) "vfmadd231ps " D ", " D ", " Q "\n"
#define ADD_SQUARE_NEGATE(Q, D, P, S, X) "vfnmsub231ps " D ", " D ", " Q "\n"
#define CLAMP(Q, D, P, S, X) "vmaxps " Q ", %%ymm12, " Q "\n"  /* this order hands a NaN on */
#define FLOOR(Q, D, P, S, X) "vroundps $9, " Q ", " D "\n"
#define FRACTION(Q, D, P, S, X) "vsubps " D ", " Q ", " Q "\n"
#define FIRST(Q, D, P, S, X) "vmovaps %[first], " P "\n"
#define HORNER(C) "vfmadd213ps " C ", %%ymm0, %%ymm6\n vfmadd213ps " C ", %%ymm1, %%ymm7\n vfmadd213ps " C ", %%ymm2, %%ymm8\n"
#define INTEGER(Q, D, P, S, X) "vcvtps2dq " D ", " D "\n"
#define EXPONENT(Q, D, P, S, X) "vpslld $23, " D ", " D "\n"
#define SCALE(Q, D, P, S, X) "vpaddd " D ", " P ", " P "\n"
#define ACCUMULATE(Q, D, P, S, X) "vfmadd231ps %%ymm0, " P ", " S "\n"

// x: three coordinates of TILE points, structure of arrays; y: records (y0, y1, y2, b) up to end; sums: TILE floats out.
// Assembler because no compiler at hand keeps both this order and these operands: each spill costs what the order gains.
static inline void block(const float *x, const float *y, const float *end, const constants *k, float *sums) {
    __asm__ volatile(
        "vmovaps %[c1], %%ymm9\n vmovaps %[c2], %%ymm10\n vmovaps %[c3], %%ymm11\n vmovaps %[lowest], %%ymm12\n"
        "vxorps %%ymm13, %%ymm13, %%ymm13\n vxorps %%ymm14, %%ymm14, %%ymm14\n vxorps %%ymm15, %%ymm15, %%ymm15\n"
        ".p2align 6\n"
        "1:\n"
        LOAD("0", "%%ymm6") EACH(DIFFERENCE_0)
        LOAD("4", "%%ymm6") EACH(DIFFERENCE_1)
        EACH(SQUARE) EACH(ADD_SQUARE)
        LOAD("8", "%%ymm6") EACH(DIFFERENCE_2)
        EACH(ADD_SQUARE_NEGATE) EACH(CLAMP) EACH(FLOOR) EACH(FRACTION) EACH(FIRST)
        HORNER("%%ymm9") HORNER("%%ymm10") HORNER("%%ymm11")
        EACH(INTEGER)
        HORNER("%[c4]") HORNER("%[last]")
        EACH(EXPONENT) EACH(SCALE)
        LOAD("12", "%%ymm0") EACH(ACCUMULATE)
        "add $16, %[y]\n"
        "cmp %[end], %[y]\n"
        "jb 1b\n"
        "vmovaps %%ymm13, (%[sums])\n vmovaps %%ymm14, 32(%[sums])\n vmovaps %%ymm15, 64(%[sums])\n"
        : [y] "+r"(y)
        : [x] "r"(x), [end] "r"(end), [sums] "r"(sums), [lowest] "m"(k->lowest), [first] "m"(k->exp2[0]),
          [c1] "m"(k->exp2[1]), [c2] "m"(k->exp2[2]), [c3] "m"(k->exp2[3]), [c4] "m"(k->exp2[4]), [last] "m"(k->exp2[5])
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
          "xmm12", "xmm13", "xmm14", "xmm15");
}

// A float32 sum runs over BLOCK terms only and is then added to doubles: its rounding errors do not grow with n.
static void tile(const float *x, const float *y, ptrdiff_t n, const constants *k, double *totals) {
    _Alignas(32) float sums[TILE];
    for (ptrdiff_t start = 0; start < n; start += BLOCK) {
        block(x, y + 4 * start, y + 4 * (n < start + BLOCK ? n : start + BLOCK), k, sums);
        for (int l = 0; l < TILE; l++) totals[l] += (double)sums[l];
    }
}

// x: m by 3, y: n by 3, b: n, a: m, all row-major and contiguous; threads 0 = as many as OpenMP gives. Returns 0, or 1 where
// memory is short. Packing the records is part of the work, as it is in every peer.
int yardstick_gauss_d3_f32(const float *x, const float *y, const float *b, ptrdiff_t m, ptrdiff_t n, float *a, int threads) {
    const float scale = sqrtf(1.44269504f);  // exp(-d^2) = 2^-(scale d)^2: one multiplication per point instead of one per pair
    constants k;
    for (int l = 0; l < LANES; l++) {
        k.lowest[l] = LOWEST;
        for (int c = 0; c < 6; c++) k.exp2[c][l] = EXP2[c];
    }
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
            _Alignas(32) float rows[3 * TILE];
            double totals[TILE] = {0};
            for (int l = 0; l < TILE; l++)  // the rows past the end repeat the last one
                for (int d = 0; d < 3; d++) rows[d * TILE + l] = x[3 * (i + l < m ? i + l : m - 1) + d] * scale;
            tile(rows, records, n, &k, totals);
            for (int l = 0; l < TILE && i + l < m; l++) a[i + l] = (float)totals[l];
        }
    }
    free(records);
    return 0;
}

#ifndef YARDSTICK_LIBRARY
#include "program.h"
int main(int argc, char **argv) { return program("AVX2", yardstick_gauss_d3_f32, argc, argv); }
#endif
