// Yardstick: forces between particles in R^3, float64, as somebody writes them who leaves the vectors to the compiler.
//
// Shared object:  gcc -O3 -march=native -ffast-math -fopenmp -fPIC -shared forces_f64.c -o forces_f64.so -lm
//
// The coordinates of y are split by axis first, so that the loop over j reads whole vectors; that is part of the work. One
// loop serves both forces: the compiler gets it twice, once with and once without the test for a particle meeting itself.
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

// a_i = sign * (scale_i or 1) * sum_j w_j (y_j - x_i) / (|y_j - x_i|^2 + softening)^(3/2); x: m by 3, y: n by 3, a: m by 3.
static inline __attribute__((always_inline)) int forces(const double *x, const double *scale, const double *y, const double *w,
                                                        double softening, double sign, ptrdiff_t m, ptrdiff_t n, double *a) {
    double *columns = malloc((size_t)n * 3 * sizeof *columns);
    if (!columns) return 1;
    const double *y0 = columns, *y1 = columns + n, *y2 = columns + 2 * n;
#pragma omp parallel
    {
#pragma omp for
        for (ptrdiff_t j = 0; j < n; j++)
            for (int d = 0; d < 3; d++) columns[d * n + j] = y[3 * j + d];
#pragma omp for schedule(dynamic, 16)
        for (ptrdiff_t i = 0; i < m; i++) {
            const double x0 = x[3 * i], x1 = x[3 * i + 1], x2 = x[3 * i + 2];
            double a0 = 0, a1 = 0, a2 = 0;
            for (ptrdiff_t j = 0; j < n; j++) {
                const double d0 = y0[j] - x0, d1 = y1[j] - x1, d2 = y2[j] - x2;
                const double square = d0 * d0 + d1 * d1 + d2 * d2 + softening;
                const double inverse = softening > 0 || square > 0 ? 1 / (square * sqrt(square)) : 0;
                const double strength = w[j] * inverse;
                a0 += strength * d0, a1 += strength * d1, a2 += strength * d2;
            }
            const double factor = scale ? sign * scale[i] : sign;
            a[3 * i] = factor * a0, a[3 * i + 1] = factor * a1, a[3 * i + 2] = factor * a2;
        }
    }
    free(columns);
    return 0;
}

// Repulsion of charges q at x by charges w at y; no softening: a particle does not act on itself.
int yardstick_coulomb(const double *x, const double *q, const double *y, const double *w, ptrdiff_t m, ptrdiff_t n, double *a) {
    return forces(x, q, y, w, 0, -1, m, n, a);
}

// Attraction of points x by masses w at y.
int yardstick_gravity(const double *x, const double *y, const double *w, double softening, ptrdiff_t m, ptrdiff_t n, double *a) {
    if (!(softening > 0)) return 1;
    return forces(x, NULL, y, w, softening, 1, m, n, a);
}
