/* A tour of the whole interface, each result compared with a dense evaluation. */
#include "check.h"

enum { M = 37, N = 53, D = 3 };
static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)", "g = Pm(3,1)"};

static void library(void) {
    rkeops_text *text = NULL;
    const int32_t threads = rkeops_num_threads();
    CHECK(threads > 0);
    SUCCEEDS(rkeops_set_num_threads(3));
    CHECK(rkeops_num_threads() == 3);
    SUCCEEDS(rkeops_set_num_threads(0));
    CHECK(rkeops_num_threads() == threads);
    CHECK(rkeops_abi_version() == RKEOPS_ABI_VERSION);
    CHECK(strchr(rkeops_version(), '.') != NULL);
    SUCCEEDS(rkeops_doctor(&text));
    CHECK(strlen(rkeops_text_data(text)) > 20);
    rkeops_text_free(text);
    rkeops_text_free(NULL);
    rkeops_error_free(NULL);
    rkeops_formula_free(NULL);
    rkeops_reduction_free(NULL);
    rkeops_kernel_free(NULL);
    CHECK(rkeops_error_code(NULL) == RKEOPS_OK);
    CHECK(strcmp(rkeops_error_message(NULL), "") == 0);
    CHECK(strcmp(rkeops_text_data(NULL), "") == 0);
}

/* The same formula from text and from calls; its text parses to the same formula again. */
static void formulas(void) {
    rkeops_formula *x = NULL, *y = NULL, *g = NULL, *distance = NULL, *product = NULL, *minus = NULL, *built = NULL;
    rkeops_formula *parsed = NULL, *again = NULL, *one = NULL, *part = NULL;
    rkeops_text *text_built = NULL, *text_parsed = NULL, *text_again = NULL;
    const rkeops_formula *operands[2];
    const int64_t extract[2] = {1, 2};
    int64_t dim = 0;
    SUCCEEDS(rkeops_formula_variable(0, D, RKEOPS_CATEGORY_I, &x));
    SUCCEEDS(rkeops_formula_variable(1, D, RKEOPS_CATEGORY_J, &y));
    SUCCEEDS(rkeops_formula_variable(3, 1, RKEOPS_CATEGORY_PARAMETER, &g));
    operands[0] = x, operands[1] = y;
    SUCCEEDS(rkeops_formula_apply("SqDist", operands, 2, NULL, 0, &distance));
    operands[0] = distance;
    SUCCEEDS(rkeops_formula_apply("Minus", operands, 1, NULL, 0, &minus));
    operands[0] = minus, operands[1] = g;
    SUCCEEDS(rkeops_formula_apply("Mult", operands, 2, NULL, 0, &product));
    operands[0] = product;
    SUCCEEDS(rkeops_formula_apply("Exp", operands, 1, NULL, 0, &built));
    SUCCEEDS(rkeops_formula_parse("Exp(-SqDist(x,y)*g)", ALIASES, 4, &parsed));
    SUCCEEDS(rkeops_formula_text(built, &text_built));
    SUCCEEDS(rkeops_formula_text(parsed, &text_parsed));
    CHECK(strcmp(rkeops_text_data(text_built), rkeops_text_data(text_parsed)) == 0);
    SUCCEEDS(rkeops_formula_parse(rkeops_text_data(text_built), NULL, 0, &again));
    SUCCEEDS(rkeops_formula_text(again, &text_again));
    CHECK(strcmp(rkeops_text_data(text_built), rkeops_text_data(text_again)) == 0);
    operands[0] = x;
    SUCCEEDS(rkeops_formula_apply("Extract", operands, 1, extract, 2, &part));
    SUCCEEDS(rkeops_formula_dim(part, &dim));
    CHECK(dim == 2);
    SUCCEEDS(rkeops_formula_constant(1.5, &one));
    SUCCEEDS(rkeops_formula_dim(one, &dim));
    CHECK(dim == 1);
    rkeops_text_free(text_built);
    rkeops_text_free(text_parsed);
    rkeops_text_free(text_again);
    rkeops_formula_free(x), rkeops_formula_free(y), rkeops_formula_free(g), rkeops_formula_free(distance);
    rkeops_formula_free(product), rkeops_formula_free(minus), rkeops_formula_free(built), rkeops_formula_free(parsed);
    rkeops_formula_free(again), rkeops_formula_free(one), rkeops_formula_free(part);
}

static void has_text(const rkeops_formula *formula, const char *expected) {
    rkeops_text *text = NULL;
    SUCCEEDS(rkeops_formula_text(formula, &text));
    CHECK(strcmp(rkeops_text_data(text), expected) == 0);
    rkeops_text_free(text);
}

/* Formulas that were made apart are brought together, and turned around. */
static void renumbered(void) {
    rkeops_formula *x = NULL, *y = NULL, *moved = NULL, *both = NULL, *turned = NULL, *none = NULL;
    const rkeops_formula *operands[2];
    const int64_t second = 1, swapped[2] = {1, 0}, same[2] = {0, 0}, negative = -1;
    SUCCEEDS(rkeops_formula_parse("Exp(Var(0,3,0))", NULL, 0, &x));
    SUCCEEDS(rkeops_formula_parse("Var(0,3,1)*Index(1)", NULL, 0, &y));
    SUCCEEDS(rkeops_formula_renumber(y, &second, 1, &moved));
    has_text(moved, "Var(1,3,1)*Index(1)");
    operands[0] = x, operands[1] = moved;
    SUCCEEDS(rkeops_formula_apply("Add", operands, 2, NULL, 0, &both));
    SUCCEEDS(rkeops_formula_transpose(both, &turned));
    has_text(turned, "Exp(Var(0,3,1))+Var(1,3,0)*Index(0)");
    rkeops_formula_free(turned);
    SUCCEEDS(rkeops_formula_renumber(both, swapped, 2, &turned));
    has_text(turned, "Exp(Var(1,3,0))+Var(0,3,1)*Index(1)");
    FAILS(rkeops_formula_renumber(both, &second, 1, &none), RKEOPS_ERROR_COUNT, "argument 1");
    FAILS(rkeops_formula_renumber(both, same, 2, &none), RKEOPS_ERROR_ARGUMENT, "one position is one array");
    FAILS(rkeops_formula_renumber(y, &negative, 1, &none), RKEOPS_ERROR_ARGUMENT, "positions is -1");
    rkeops_formula_free(x), rkeops_formula_free(y), rkeops_formula_free(moved), rkeops_formula_free(both);
    rkeops_formula_free(turned);
}

static double gauss(const void *x, const void *y, int bits, double g, int i, int j) {
    double distance = 0;
    for (int k = 0; k < D; k++) {
        const double d = get(x, bits, i * D + k) - get(y, bits, j * D + k);
        distance += d * d;
    }
    return exp(-g * distance);
}

static int near(double value, double right, double scale, int bits) {
    return fabs(value - right) <= scale * (bits == 32 ? 2e-6 : 1e-13);
}

/* A kernel and its gradient in one pass, over both axes. */
static void one_pass(int bits) {
    const double g = 0.75;
    void *x = random_array(bits, M * D, 1), *y = random_array(bits, N * D, 2), *b = random_array(bits, N * 2, 3);
    void *e = random_array(bits, M * 2, 4), *v = random_array(bits, M * 2, 5), *dx = random_array(bits, M * D, 6);
    void *parameter = random_array(bits, 1, 7);
    rkeops_reduction *both[2] = {NULL, NULL};
    rkeops_formula *variable = NULL, *cotangent = NULL;
    rkeops_kernel *kernel = NULL;
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    view views[7];
    rkeops_array inputs[5], outputs[2];
    size_t count = 0;
    set(parameter, bits, 0, g);
    both[0] = parse_reduction("Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)", ALIASES, 4);
    SUCCEEDS(rkeops_formula_variable(0, D, RKEOPS_CATEGORY_I, &variable));
    SUCCEEDS(rkeops_formula_variable(4, 2, RKEOPS_CATEGORY_I, &cotangent));
    SUCCEEDS(rkeops_reduction_gradient(both[0], variable, cotangent, NULL, 0, &both[1]));
    options.dtype_bits = bits;
    SUCCEEDS(rkeops_kernel_compile((const rkeops_reduction *const *)both, 2, &options, &kernel));
    /* What the kernel was made from is not needed any longer. */
    rkeops_reduction_free(both[0]), rkeops_reduction_free(both[1]);
    rkeops_formula_free(variable), rkeops_formula_free(cotangent);

    SUCCEEDS(rkeops_kernel_input_count(kernel, &count));
    CHECK(count == 5);
    SUCCEEDS(rkeops_kernel_output_count(kernel, &count));
    CHECK(count == 2);
    view_float(&views[0], x, bits, M, D);
    view_float(&views[1], y, bits, N, D);
    view_float(&views[2], b, bits, N, 2);
    view_float(&views[3], parameter, bits, 1, 0);
    views[3].array.rank = 1;
    views[3].array.strides = NULL;
    view_float(&views[4], e, bits, M, 2);
    view_float(&views[5], v, bits, M, 2);
    view_float(&views[6], dx, bits, M, D);
    for (int k = 0; k < 5; k++) inputs[k] = views[k].array;
    for (int k = 0; k < 2; k++) outputs[k] = views[5 + k].array;
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 5, outputs, 2, NULL));
    for (int i = 0; i < M; i++) {
        double value[2] = {0, 0}, size[2] = {0, 0}, gradient[D] = {0, 0, 0}, slope = 0;
        for (int j = 0; j < N; j++) {
            const double kernel_ij = gauss(x, y, bits, g, i, j);
            double along = 0;
            for (int k = 0; k < 2; k++) {
                value[k] += kernel_ij * get(b, bits, 2 * j + k);
                size[k] += kernel_ij * fabs(get(b, bits, 2 * j + k));
                along += get(e, bits, 2 * i + k) * get(b, bits, 2 * j + k);
            }
            for (int k = 0; k < D; k++) {
                const double term = -2 * g * kernel_ij * along * (get(x, bits, i * D + k) - get(y, bits, j * D + k));
                gradient[k] += term;
                slope += fabs(term);
            }
        }
        for (int k = 0; k < 2; k++) CHECK(near(get(v, bits, 2 * i + k), value[k], size[k], bits));
        for (int k = 0; k < D; k++) CHECK(near(get(dx, bits, i * D + k), gradient[k], slope, bits));
    }
    rkeops_kernel_free(kernel);
    free(x), free(y), free(b), free(e), free(v), free(dx), free(parameter);
}

/* Every reduction over each axis, against the matrix of squared distances. */
static void reductions(int bits) {
    static const char *const names[] = {"Sum", "LogSumExp", "Min", "Max", "ArgMin", "ArgMax"};
    static const char *const aliases[] = {"x = Vi(0,3)", "y = Vj(1,3)"};
    void *x = random_array(bits, M * D, 8), *y = random_array(bits, N * D, 9);
    for (int axis = 0; axis < 2; axis++) {
        const int kept = axis == RKEOPS_AXIS_J ? M : N, reduced = axis == RKEOPS_AXIS_J ? N : M;
        for (int r = 0; r < 6; r++) {
            const int index = r >= 4;
            rkeops_formula *formula = NULL;
            rkeops_reduction *reduction = NULL;
            rkeops_kernel *kernel = NULL;
            rkeops_text *words = NULL;
            int64_t dim = 0;
            int32_t code = -1, wide = -1, category = -1, found = -1;
            void *out = random_array(64, N, 10);
            view views[3];
            rkeops_array inputs[2];
            size_t outputs = 0;
            int64_t operations = 0;
            SUCCEEDS(rkeops_formula_parse("SqDist(x,y)", aliases, 2, &formula));
            SUCCEEDS(rkeops_reduction_create(names[r], formula, axis, NULL, 0, NULL, &reduction));
            rkeops_formula_free(formula);
            kernel = compile_one(reduction, bits);
            SUCCEEDS(rkeops_reduction_dim(reduction, &dim));
            CHECK(dim == 1);
            SUCCEEDS(rkeops_reduction_output_count(reduction, &outputs));
            CHECK(outputs == 1);
            rkeops_reduction_free(reduction);
            SUCCEEDS(rkeops_kernel_operations(kernel, &operations));
            CHECK(operations >= 2 * D && operations < 100);
            SUCCEEDS(rkeops_kernel_axis(kernel, &found));
            CHECK(found == axis);
            SUCCEEDS(rkeops_kernel_output(kernel, 0, &dim, &code, &wide));
            CHECK(dim == 1 && code == (index ? RKEOPS_DTYPE_INT : RKEOPS_DTYPE_FLOAT) && wide == (index ? 64 : bits));
            SUCCEEDS(rkeops_kernel_output(kernel, 0, NULL, NULL, NULL));
            SUCCEEDS(rkeops_kernel_input(kernel, 1, &dim, &category));
            CHECK(dim == D && category == RKEOPS_CATEGORY_J);
            SUCCEEDS(rkeops_kernel_input(kernel, 0, NULL, NULL));
            SUCCEEDS(rkeops_kernel_explain(kernel, &words));
            CHECK(strlen(rkeops_text_data(words)) > 20);
            rkeops_text_free(words);
            view_float(&views[0], x, bits, M, D);
            view_float(&views[1], y, bits, N, D);
            view_set(&views[2], out, code, wide, kept, 1);
            views[2].array.rank = 1 + r % 2; /* (rows) and (rows, 1) are the same */
            inputs[0] = views[0].array, inputs[1] = views[1].array;
            SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
            for (int a = 0; a < kept; a++) {
                double best = 0, sum = 0, scale = 0;
                int place = -1;
                for (int c = 0; c < reduced; c++) {
                    const int i = axis == RKEOPS_AXIS_J ? a : c, j = axis == RKEOPS_AXIS_J ? c : a;
                    const double distance = -log(gauss(x, y, bits, 1, i, j));
                    const int better = r % 2 == 0 ? distance < best : distance > best;
                    if (place < 0 || better) best = distance, place = c;
                    sum += r == 1 ? exp(distance) : distance;
                    scale += 1 + distance;
                }
                if (index) CHECK(((const int64_t *)out)[a] == place);
                else CHECK(near(get(out, bits, a), r == 0 ? sum : r == 1 ? log(sum) : best, scale, bits));
            }
            rkeops_kernel_free(kernel);
            free(out);
        }
    }
    free(x), free(y);
}

/* Counted references; the same kernel for the same formula. */
static void references(void) {
    static const char *const aliases[] = {"x = Vi(0,1)", "y = Vj(1,1)"};
    rkeops_formula *formula = NULL;
    rkeops_reduction *reduction = NULL;
    rkeops_kernel *kernel = NULL;
    rkeops_text *text = NULL;
    int64_t dim = 0;
    int32_t axis = -1;
    SUCCEEDS(rkeops_formula_parse("x*y", aliases, 2, &formula));
    SUCCEEDS(rkeops_formula_retain(formula));
    rkeops_formula_free(formula);
    SUCCEEDS(rkeops_formula_dim(formula, &dim));
    SUCCEEDS(rkeops_reduction_create("Sum", formula, RKEOPS_AXIS_I, NULL, 0, NULL, &reduction));
    rkeops_formula_free(formula);
    SUCCEEDS(rkeops_reduction_retain(reduction));
    rkeops_reduction_free(reduction);
    SUCCEEDS(rkeops_reduction_text(reduction, &text));
    CHECK(strstr(rkeops_text_data(text), "Sum_Reduction") != NULL);
    rkeops_text_free(text);
    kernel = compile_one(reduction, 32);
    rkeops_reduction_free(reduction);
    SUCCEEDS(rkeops_kernel_retain(kernel));
    rkeops_kernel_free(kernel);
    SUCCEEDS(rkeops_kernel_axis(kernel, &axis));
    CHECK(axis == RKEOPS_AXIS_I);
    rkeops_kernel_free(kernel);
}

int main(void) {
    library();
    formulas();
    renumbered();
    one_pass(32);
    one_pass(64);
    reductions(32);
    reductions(64);
    references();
    return check_report("basic");
}
