// What the yardsticks for a_i = sum_j exp(-|x_i - y_j|^2) b_j have in common: packing, tiles of rows, blocks and threads.
// The loop over the points of a block is what they are about; each brings its own.
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#ifdef _OPENMP
#include <omp.h>
#endif

enum { BLOCK = 256, LARGEST_TILE = 64 };

// 2^f on [0, 1): minimax for the relative error with the constant term held at 1, so that exp(0) is exactly 1; with fused
// multiply-adds the largest error is 1.4e-7, the mean (which a sum does not average away) 3e-9.
static const float EXP2[6] = {0.00186695252f, 0.00901748054f, 0.0557995141f, 0.240164593f, 0.693151295f, 1.0f};

// The sums of a tile of rows over a block. x: three coordinates of the rows, structure of arrays; y: records (y0, y1, y2, b)
// up to end; constants: as the yardstick passed them; sums: a float for each row, out. x and sums are aligned to 64 bytes.
typedef void block_sums(const float *x, const float *y, const float *end, const void *constants, float *sums);

// A float32 sum runs over BLOCK terms only and is then added to doubles: its rounding errors do not grow with n.
static inline void tile_sums(const float *x, const float *y, ptrdiff_t n, ptrdiff_t tile, block_sums *block,
                             const void *constants, double *totals) {
    _Alignas(64) float sums[LARGEST_TILE];
    for (ptrdiff_t start = 0; start < n; start += BLOCK) {
        block(x, y + 4 * start, y + 4 * (n < start + BLOCK ? n : start + BLOCK), constants, sums);
        for (ptrdiff_t l = 0; l < tile; l++) totals[l] += (double)sums[l];
    }
}

// x: m by 3, y: n by 3, b: n, a: m, all row-major and contiguous; threads 0 = as many as OpenMP gives. Returns 0, or 1 where
// memory is short. Packing the records is part of the work, as it is in every peer.
static inline int gauss_d3(const float *x, const float *y, const float *b, ptrdiff_t m, ptrdiff_t n, float *a, int threads,
                           ptrdiff_t tile, block_sums *block, const void *constants) {
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
        for (ptrdiff_t i = 0; i < m; i += tile) {
            _Alignas(64) float rows[3 * LARGEST_TILE];
            double totals[LARGEST_TILE] = {0};
            for (ptrdiff_t l = 0; l < tile; l++)  // the rows past the end repeat the last one
                for (int d = 0; d < 3; d++) rows[d * tile + l] = x[3 * (i + l < m ? i + l : m - 1) + d] * scale;
            tile_sums(rows, records, n, tile, block, constants, totals);
            for (ptrdiff_t l = 0; l < tile && i + l < m; l++) a[i + l] = (float)totals[l];
        }
    }
    free(records);
    return 0;
}
