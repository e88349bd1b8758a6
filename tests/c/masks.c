/* Row numbers and masks: from calls and from text, compared with a dense evaluation. */
#include "check.h"

enum { M = 70, N = 41 };
static const char *const ALIASES[] = {"x = Vi(0,1)", "y = Vj(1,1)"};

/* The reduction of y over the pairs with j <= i, built by calls. */
static rkeops_reduction *built(void) {
    rkeops_formula *i = NULL, *j = NULL, *y = NULL, *causal = NULL, *masked = NULL;
    rkeops_reduction *reduction = NULL;
    const int64_t index[2] = {0, 1};
    const rkeops_formula *operands[2];
    SUCCEEDS(rkeops_formula_apply("Index", NULL, 0, &index[0], 1, &i));
    SUCCEEDS(rkeops_formula_apply("Index", NULL, 0, &index[1], 1, &j));
    SUCCEEDS(rkeops_formula_parse("x*y", ALIASES, 2, &y));
    operands[0] = j, operands[1] = i;
    SUCCEEDS(rkeops_formula_apply("LessOrEqual", operands, 2, NULL, 0, &causal));
    operands[0] = y, operands[1] = causal;
    SUCCEEDS(rkeops_formula_apply("Mask", operands, 2, NULL, 0, &masked));
    SUCCEEDS(rkeops_reduction_create("Sum", masked, RKEOPS_AXIS_J, NULL, 0, NULL, &reduction));
    rkeops_formula_free(i), rkeops_formula_free(j), rkeops_formula_free(y);
    rkeops_formula_free(causal), rkeops_formula_free(masked);
    return reduction;
}

static void values(int bits) {
    void *x = random_array(bits, M, 1), *y = random_array(bits, N, 2), *out = random_array(bits, M, 3);
    rkeops_reduction *called = built(), *parsed = parse_reduction("Sum_Reduction(Mask(x*y,j<=i),0)", ALIASES, 2);
    rkeops_text *text_called = NULL, *text_parsed = NULL;
    rkeops_kernel *kernel = compile_one(called, bits);
    view views[3];
    rkeops_array inputs[2];
    SUCCEEDS(rkeops_reduction_text(called, &text_called));
    SUCCEEDS(rkeops_reduction_text(parsed, &text_parsed));
    CHECK(strcmp(rkeops_text_data(text_called), rkeops_text_data(text_parsed)) == 0);
    view_float(&views[0], x, bits, M, 1);
    view_float(&views[1], y, bits, N, 1);
    view_float(&views[2], out, bits, M, 1);
    inputs[0] = views[0].array, inputs[1] = views[1].array;
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
    for (int i = 0; i < M; i++) {
        double sum = 0;
        for (int j = 0; j <= i && j < N; j++) sum += get(x, bits, i) * get(y, bits, j);
        CHECK(fabs(get(out, bits, i) - sum) <= N * (bits == 32 ? 1e-6 : 1e-14));
    }
    rkeops_text_free(text_called), rkeops_text_free(text_parsed);
    rkeops_reduction_free(called), rkeops_reduction_free(parsed);
    rkeops_kernel_free(kernel);
    free(x), free(y), free(out);
}

/* How many pairs of a causal mask were not computed: about half, in whole blocks. */
static void skipped_pairs(void) {
    enum { LONG = 4000, PAIRS = LONG * LONG };
    void *x = random_array(32, LONG, 4), *out = random_array(32, LONG, 5);
    const char *const texts[] = {"Sum_Reduction(Mask(x*y,j<=i),0)", "Sum_Reduction(x*y,0)"};
    view views[2];
    rkeops_array inputs[2];
    view_float(&views[0], x, 32, LONG, 1);
    view_float(&views[1], out, 32, LONG, 1);
    inputs[0] = inputs[1] = views[0].array;
    for (int k = 0; k < 2; k++) {
        rkeops_reduction *reduction = parse_reduction(texts[k], ALIASES, 2);
        rkeops_kernel *kernel = compile_one(reduction, 32);
        rkeops_options options = RKEOPS_OPTIONS_INIT;
        uint64_t skipped = 77;
        options.skipped = &skipped;
        FAILS(rkeops_kernel_run(kernel, inputs, 1, &views[1].array, 1, &options), RKEOPS_ERROR_COUNT, "input");
        CHECK(skipped == 77);
        SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[1].array, 1, &options));
        CHECK(k == 1 ? skipped == 0 : skipped > PAIRS / 5 * 2 && skipped < PAIRS / 2);
        /* A program that knows no such field is not told. */
        skipped = 77, options.size = offsetof(rkeops_options, skipped);
        SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[1].array, 1, &options));
        CHECK(skipped == 77);
        rkeops_reduction_free(reduction), rkeops_kernel_free(kernel);
    }
    free(x), free(out);
}

static void errors(void) {
    const char *const inside = "`Mask` is inside a formula; expected it around all that is reduced";
    rkeops_reduction *reduction = NULL;
    rkeops_formula *formula = NULL;
    const int64_t three = 3;
    FAILS(rkeops_reduction_parse("Sum_Reduction(2*Mask(x,j<i),0)", ALIASES, 2, &reduction), RKEOPS_ERROR_ARGUMENT, inside);
    FAILS(rkeops_formula_apply("Index", NULL, 0, &three, 1, &formula), RKEOPS_ERROR_DIMENSION, "expected 0 (i) or 1 (j)");
    CHECK(reduction == NULL && formula == NULL);
}

int main(void) {
    values(32);
    values(64);
    skipped_pairs();
    errors();
    return check_report("masks");
}
