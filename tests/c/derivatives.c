/* Derivatives through a log-sum-exp, through smallest values and of formulas, each compared with a dense evaluation. */
#include "check.h"

enum { M = 19, N = 23, D = 2 };
static const char *const ALIASES[] = {"x = Vi(0,2)", "y = Vj(1,2)"};

/* An array with its data. */
typedef struct {
    void *data;
    view shaped;
} matrix;

static matrix random_matrix(int bits, int rows, int columns, uint64_t seed) {
    matrix made;
    made.data = random_array(bits, (int64_t)rows * columns, seed);
    view_float(&made.shaped, made.data, bits, rows, columns);
    return made;
}

/* Runs one reduction on the first `count` inputs. */
static void run(const rkeops_reduction *reduction, int bits, const matrix *inputs, size_t count, const matrix *output) {
    rkeops_kernel *kernel = compile_one(reduction, bits);
    rkeops_array given[5], result = output->shaped.array;
    /* The views were moved: what they point to has moved with them. */
    result.shape = output->shaped.shape, result.strides = output->shaped.strides;
    for (size_t k = 0; k < count; k++) {
        given[k] = inputs[k].shaped.array;
        given[k].shape = inputs[k].shaped.shape, given[k].strides = inputs[k].shaped.strides;
    }
    SUCCEEDS(rkeops_kernel_run(kernel, given, count, &result, 1, NULL));
    rkeops_kernel_free(kernel);
}

/* log(sum_j exp(-|x_i - y_j|^2)), its gradient in y and its derivative along a change of y. */
static void log_sum_exp(int bits) {
    /* x, y, a cotangent, the result and a direction. */
    matrix all[5];
    matrix gradient = random_matrix(bits, N, D, 6), along = random_matrix(bits, M, 1, 7);
    rkeops_reduction *reduction, *saved = NULL, *of_y = NULL, *derivative = NULL, *from_text, *none = NULL;
    rkeops_formula *y = NULL, *cotangent = NULL, *result = NULL, *direction = NULL;
    rkeops_text *texts[2] = {NULL, NULL};
    size_t count = 7;
    const double tolerance = bits == 32 ? 2e-5 : 1e-12;
    all[0] = random_matrix(bits, M, D, 1), all[1] = random_matrix(bits, N, D, 2), all[2] = random_matrix(bits, M, 1, 3);
    all[3] = random_matrix(bits, M, 1, 4), all[4] = random_matrix(bits, N, D, 5);
    reduction = parse_reduction("LogSumExp_Reduction(-SqDist(x,y),0)", ALIASES, 2);
    SUCCEEDS(rkeops_reduction_saved_count(reduction, &count));
    CHECK(count == 1);
    SUCCEEDS(rkeops_reduction_saved(reduction, 0, &saved));
    run(saved, bits, all, 2, &all[3]);
    SUCCEEDS(rkeops_formula_variable(1, D, RKEOPS_CATEGORY_J, &y));
    SUCCEEDS(rkeops_formula_variable(2, 1, RKEOPS_CATEGORY_I, &cotangent));
    SUCCEEDS(rkeops_formula_variable(3, 1, RKEOPS_CATEGORY_I, &result));
    SUCCEEDS(rkeops_formula_variable(4, D, RKEOPS_CATEGORY_J, &direction));
    {
        const rkeops_formula *const list[] = {result};
        SUCCEEDS(rkeops_reduction_gradient(reduction, y, cotangent, list, 1, &of_y));
        SUCCEEDS(rkeops_reduction_directional(reduction, y, direction, list, 1, &derivative));
        FAILS(rkeops_reduction_gradient(reduction, y, cotangent, NULL, 0, &none), RKEOPS_ERROR_ARITY, "1 saved result");
        FAILS(rkeops_reduction_gradient(reduction, y, cotangent, NULL, 1, &none), RKEOPS_ERROR_ARGUMENT, "saved is NULL");
        FAILS(rkeops_reduction_directional(reduction, y, cotangent, list, 1, &none), RKEOPS_ERROR_ARGUMENT, "direction");
        FAILS(rkeops_reduction_saved(reduction, 1, &none), RKEOPS_ERROR_COUNT, "no saved result 1");
    }
    run(of_y, bits, all, 4, &gradient);
    {
        static const char *const aliases[] = {"x = Vi(0,2)", "y = Vj(1,2)", "e = Vi(2,1)", "L = Vi(3,1)", "u = Vj(4,2)"};
        from_text = parse_reduction("Diff(LogSumExp_Reduction(-SqDist(x,y),0),y,u,L)", aliases, 5);
    }
    /* The text declares all five arguments; the call knows of no cotangent, but of the same derivative. */
    run(from_text, bits, all, 5, &along);
    for (int i = 0; i < M; i++) {
        double sum = 0, change = 0;
        for (int j = 0; j < N; j++) {
            double distance = 0, slope = 0;
            for (int k = 0; k < D; k++) {
                const double d = get(all[0].data, bits, i * D + k) - get(all[1].data, bits, j * D + k);
                distance += d * d;
                slope += 2 * d * get(all[4].data, bits, j * D + k);
            }
            sum += exp(-distance);
            change += exp(-distance) * slope;
        }
        CHECK(fabs(get(all[3].data, bits, i) - log(sum)) <= tolerance);
        CHECK(fabs(get(along.data, bits, i) - change / sum) <= tolerance * 10);
    }
    SUCCEEDS(rkeops_reduction_text(derivative, &texts[0]));
    SUCCEEDS(rkeops_reduction_text(from_text, &texts[1]));
    CHECK(strcmp(rkeops_text_data(texts[0]), rkeops_text_data(texts[1])) == 0);
    rkeops_text_free(texts[0]), rkeops_text_free(texts[1]);
    for (int j = 0; j < N; j++) {
        for (int k = 0; k < D; k++) {
            double right = 0;
            for (int i = 0; i < M; i++) {
                double distance = 0;
                for (int c = 0; c < D; c++) {
                    const double d = get(all[0].data, bits, i * D + c) - get(all[1].data, bits, j * D + c);
                    distance += d * d;
                }
                right += get(all[2].data, bits, i) * exp(-distance - get(all[3].data, bits, i)) * 2 *
                         (get(all[0].data, bits, i * D + k) - get(all[1].data, bits, j * D + k));
            }
            CHECK(fabs(get(gradient.data, bits, j * D + k) - right) <= tolerance * 10);
        }
    }
    rkeops_reduction_free(reduction), rkeops_reduction_free(saved), rkeops_reduction_free(of_y);
    rkeops_reduction_free(derivative), rkeops_reduction_free(from_text);
    rkeops_formula_free(y), rkeops_formula_free(cotangent), rkeops_formula_free(result), rkeops_formula_free(direction);
    for (int k = 0; k < 5; k++) free(all[k].data);
    free(gradient.data), free(along.data);
}

/* The Laplacian of exp(-|x_i - y_j|^2) by a call, summed over j. */
static void laplacian(int bits) {
    matrix points[2], result = random_matrix(bits, M, 1, 3);
    rkeops_formula *formula = NULL, *x = NULL, *made = NULL, *constant = NULL, *none = NULL;
    rkeops_reduction *reduction = NULL;
    const rkeops_formula *operands[2];
    points[0] = random_matrix(bits, M, D, 1), points[1] = random_matrix(bits, N, D, 2);
    SUCCEEDS(rkeops_formula_parse("Exp(-SqDist(x,y))", ALIASES, 2, &formula));
    SUCCEEDS(rkeops_formula_variable(0, D, RKEOPS_CATEGORY_I, &x));
    operands[0] = formula, operands[1] = x;
    SUCCEEDS(rkeops_formula_apply("Laplacian", operands, 2, NULL, 0, &made));
    SUCCEEDS(rkeops_formula_constant(1, &constant));
    operands[1] = constant;
    FAILS(rkeops_formula_apply("Laplacian", operands, 2, NULL, 0, &none), RKEOPS_ERROR_ARGUMENT, "expected a variable");
    SUCCEEDS(rkeops_reduction_create("Sum", made, RKEOPS_AXIS_J, NULL, 0, NULL, &reduction));
    run(reduction, bits, points, 2, &result);
    for (int i = 0; i < M; i++) {
        double right = 0;
        for (int j = 0; j < N; j++) {
            double distance = 0;
            for (int k = 0; k < D; k++) {
                const double d = get(points[0].data, bits, i * D + k) - get(points[1].data, bits, j * D + k);
                distance += d * d;
            }
            right += (4 * distance - 2 * D) * exp(-distance);
        }
        CHECK(fabs(get(result.data, bits, i) - right) <= (bits == 32 ? 1e-4 : 1e-11));
    }
    rkeops_formula_free(formula), rkeops_formula_free(x), rkeops_formula_free(made), rkeops_formula_free(constant);
    rkeops_reduction_free(reduction);
    free(points[0].data), free(points[1].data), free(result.data);
}

/* The distance to the nearest point, and its gradient in x by the indices that the reduction of pairs gives. */
static void nearest(int bits) {
    static const char *const aliases[] = {"x = Vi(0,2)", "y = Vj(1,2)", "e = Vi(2,1)", "k = Vi(3,1)"};
    matrix all[4], distances = random_matrix(bits, M, 1, 6), gradient = random_matrix(bits, M, D, 7);
    int64_t indices[M];
    rkeops_reduction *pair = parse_reduction("Min_ArgMin_Reduction(SqDist(x,y),0)", aliases, 2);
    rkeops_reduction *slope = parse_reduction("Grad(Min_Reduction(SqDist(x,y),0),x,e,k)", aliases, 4);
    rkeops_kernel *kernel = compile_one(pair, bits);
    rkeops_array given[2], results[2];
    for (int k = 0; k < 3; k++) all[k] = random_matrix(bits, k == 1 ? N : M, k == 2 ? 1 : D, k + 1);
    all[3].data = indices;
    view_set(&all[3].shaped, indices, RKEOPS_DTYPE_INT, 64, M, 1);
    given[0] = all[0].shaped.array, given[1] = all[1].shaped.array;
    results[0] = distances.shaped.array, results[1] = all[3].shaped.array;
    for (int k = 0; k < 2; k++) given[k].shape = all[k].shaped.shape, given[k].strides = all[k].shaped.strides;
    results[0].shape = distances.shaped.shape, results[0].strides = distances.shaped.strides;
    results[1].shape = all[3].shaped.shape, results[1].strides = all[3].shaped.strides;
    SUCCEEDS(rkeops_kernel_run(kernel, given, 2, results, 2, NULL));
    run(slope, bits, all, 4, &gradient);
    for (int i = 0; i < M; i++) {
        double least = INFINITY;
        int nearest = -1;
        for (int j = 0; j < N; j++) {
            double distance = 0;
            for (int c = 0; c < D; c++) {
                const double d = get(all[0].data, bits, i * D + c) - get(all[1].data, bits, j * D + c);
                distance += d * d;
            }
            if (distance < least) least = distance, nearest = j;
        }
        CHECK(indices[i] == nearest);
        CHECK(fabs(get(distances.data, bits, i) - least) <= (bits == 32 ? 1e-6 : 1e-14));
        for (int c = 0; c < D; c++) {
            const double d = get(all[0].data, bits, i * D + c) - get(all[1].data, bits, nearest * D + c);
            const double right = 2 * get(all[2].data, bits, i) * d;
            CHECK(fabs(get(gradient.data, bits, i * D + c) - right) <= (bits == 32 ? 1e-5 : 1e-13));
        }
    }
    rkeops_kernel_free(kernel), rkeops_reduction_free(pair), rkeops_reduction_free(slope);
    for (int k = 0; k < 3; k++) free(all[k].data);
    free(distances.data), free(gradient.data);
}

int main(void) {
    log_sum_exp(32);
    log_sum_exp(64);
    laplacian(32);
    laplacian(64);
    nearest(32);
    nearest(64);
    return check_report("derivatives");
}
