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
#include "gauss_d3.h"

enum { LANES = 8, VECTORS = 3, TILE = LANES * VECTORS };

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

// Assembler because no compiler at hand keeps both this order and these operands: each spill costs what the order gains.
static void block(const float *x, const float *y, const float *end, const void *of_loop, float *sums) {
    const constants *k = of_loop;
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

// As gauss_d3.
int yardstick_gauss_d3_f32(const float *x, const float *y, const float *b, ptrdiff_t m, ptrdiff_t n, float *a, int threads) {
    constants k;
    for (int l = 0; l < LANES; l++) {
        k.lowest[l] = LOWEST;
        for (int c = 0; c < 6; c++) k.exp2[c][l] = EXP2[c];
    }
    return gauss_d3(x, y, b, m, n, a, threads, TILE, block, &k);
}

#ifndef YARDSTICK_LIBRARY
#include "program.h"
int main(int argc, char **argv) { return program("AVX2", yardstick_gauss_d3_f32, argc, argv); }
#endif
