// Experiment: the same sum as gauss_d3_f32.c with AVX-512, to learn what a generated kernel can reach there.
//
// Program:        gcc -O3 -mavx512f -mavx512dq -fopenmp gauss_d3_f32_avx512.c -o gauss_d3_f32_avx512 -lm
// Shared object:  the same with -fPIC -shared -DYARDSTICK_LIBRARY and the output gauss_d3_f32_avx512.so
// Run:            ./gauss_d3_f32_avx512 [N [rounds]]
//
// Four vectors of rows stay in registers with their sums; the record of y is read by operands that repeat one number.
// vscalefps multiplies by 2^floor(t) and underflows to zero by itself: no clamp, no conversion, no shift. What bounds the
// loop is then the nine multiply-adds of a vector on two pipes.
#include "gauss_d3.h"

enum { LANES = 16, VECTORS = 4, TILE = LANES * VECTORS };

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

static void block(const float *x, const float *y, const float *end, const void *exp2, float *sums) {
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
        : [x] "r"(x), [end] "r"(end), [sums] "r"(sums), [exp2] "r"(exp2)
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
          "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",
          "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
}

// As gauss_d3.
int yardstick_gauss_d3_f32_avx512(const float *x, const float *y, const float *b, ptrdiff_t m, ptrdiff_t n, float *a,
                                  int threads) {
    return gauss_d3(x, y, b, m, n, a, threads, TILE, block, EXP2);
}

#ifndef YARDSTICK_LIBRARY
#include "program.h"
int main(int argc, char **argv) { return program("AVX-512", yardstick_gauss_d3_f32_avx512, argc, argv); }
#endif
