/* Linear systems by conjugate gradients through the C interface. */
#include "check.h"

enum { N = 60 };

static const char *aliases[] = {"x = Vi(0,2)", "y = Vj(1,2)", "b = Vj(2,3)"};
static double x[2 * N], b[3 * N], out[3 * N];

static int stop_at_two(uint64_t iteration, double residual, void *user) {
    *(double *)user = residual;
    return iteration >= 2;
}

static double kernel(int i, int j) {
    const double u = x[2 * i] - x[2 * j], v = x[2 * i + 1] - x[2 * j + 1];
    return exp(-(u * u + v * v));
}

/* The largest element of b - (K + alpha) x. */
static double residual(double alpha) {
    double worst = 0;
    for (int i = 0; i < N; i++) {
        for (int c = 0; c < 3; c++) {
            double rest = b[3 * i + c] - alpha * out[3 * i + c];
            for (int j = 0; j < N; j++) rest -= kernel(i, j) * out[3 * j + c];
            if (!(fabs(rest) <= worst)) worst = fabs(rest);
        }
    }
    return worst;
}

int main(void) {
    uint64_t seed = 5;
    for (int k = 0; k < 2 * N; k++) x[k] = 3 * random_number(&seed);
    for (int k = 0; k < 3 * N; k++) b[k] = random_number(&seed);
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    options.dtype_bits = 64;
    rkeops_reduction *reduction = parse_reduction("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", aliases, 3);
    rkeops_solver *solver = NULL;
    SUCCEEDS(rkeops_solver_create(reduction, 2, &options, &solver));

    view points, right, result;
    view_float(&points, x, 64, N, 2);
    view_float(&right, b, 64, N, 3);
    view_float(&result, out, 64, N, 3);
    const rkeops_array inputs[3] = {points.array, points.array, right.array};
    rkeops_solve_options solve = RKEOPS_SOLVE_OPTIONS_INIT;
    rkeops_solution found = {0, 0};
    solve.alpha = 0.1, solve.tolerance = 1e-12;
    SUCCEEDS(rkeops_solver_run(solver, inputs, 3, &result.array, &solve, &options, &found));
    CHECK(residual(0.1) < 1e-10);
    CHECK(found.iterations > 0 && found.residual <= 1e-12);
    /* KeOps' defaults: a tolerance of 1e-6 is reached with hardly any ridge. */
    SUCCEEDS(rkeops_solver_run(solver, inputs, 3, &result.array, NULL, NULL, NULL));
    CHECK(residual(1e-10) < 1e-4);

    double last = 0;
    solve.progress = stop_at_two, solve.progress_user = &last;
    FAILS(rkeops_solver_run(solver, inputs, 3, &result.array, &solve, NULL, NULL), RKEOPS_ERROR_CANCELLED, "after 2");
    CHECK(last > 0);
    solve.progress = NULL, solve.iterations = 3;
    FAILS(rkeops_solver_run(solver, inputs, 3, &result.array, &solve, NULL, NULL), RKEOPS_ERROR_CONVERGENCE, "after 3");
    solve.alpha = -1;
    FAILS(rkeops_solver_run(solver, inputs, 3, &result.array, &solve, NULL, NULL), RKEOPS_ERROR_ARGUMENT, "alpha is -1");
    solve.size = 3;
    FAILS(rkeops_solver_run(solver, inputs, 3, &result.array, &solve, NULL, NULL), RKEOPS_ERROR_ARGUMENT, "solve->size");
    FAILS(rkeops_solver_run(solver, inputs, 2, &result.array, NULL, NULL, NULL), RKEOPS_ERROR_COUNT, "2 inputs");
    FAILS(rkeops_solver_run(NULL, inputs, 3, &result.array, NULL, NULL, NULL), RKEOPS_ERROR_ARGUMENT, "solver is NULL");
    const rkeops_array woven[3] = {points.array, points.array, result.array};
    FAILS(rkeops_solver_run(solver, woven, 3, &result.array, NULL, NULL, NULL), RKEOPS_ERROR_OVERLAP, "output 0");

    rkeops_solver *none = NULL;
    FAILS(rkeops_solver_create(reduction, 0, NULL, &none), RKEOPS_ERROR_ARGUMENT, "argument 0");
    CHECK(none == NULL);
    SUCCEEDS(rkeops_solver_retain(solver));
    rkeops_solver_free(solver);
    rkeops_solver_free(solver);
    rkeops_solver_free(NULL);
    FAILS(rkeops_solver_retain(solver), RKEOPS_ERROR_HANDLE, "freed");
    rkeops_reduction_free(reduction);
    return check_report("solve");
}
