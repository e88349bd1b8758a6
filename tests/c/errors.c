/* Every way to be wrong: a code, and a message that says what is wrong, where, and what would be right.
 * RKEOPS_TEST_SHOW=1 prints all messages. */
#include "check.h"

static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)", "g = Pm(3,1)"};

static rkeops_error *parse(const char *text) {
    rkeops_formula *formula = NULL;
    rkeops_error *error = rkeops_formula_parse(text, ALIASES, 4, &formula);
    CHECK((error == NULL) != (formula == NULL));
    rkeops_formula_free(formula);
    return error;
}

static rkeops_error *parse_alias(const char *alias) {
    rkeops_formula *formula = NULL;
    rkeops_error *error = rkeops_formula_parse("x", &alias, 1, &formula);
    rkeops_formula_free(formula);
    return error;
}

static rkeops_error *reduce(const char *text) {
    rkeops_reduction *reduction = NULL;
    rkeops_error *error = rkeops_reduction_parse(text, ALIASES, 4, &reduction);
    CHECK((error == NULL) != (reduction == NULL));
    rkeops_reduction_free(reduction);
    return error;
}

/* Text: the caret stands under the place. */
static void texts(void) {
    char *deep = (char *)malloc(200001);
    SUCCEEDS(parse("Exp(-SqDist(x,y)*g)*b"));
    FAILS(parse("Exp(-SqDist(x,y)*g*b"), RKEOPS_ERROR_SYNTAX, "found the end of the text");
    FAILS(parse("Exp(-SqDist(x,y)*g*b"), RKEOPS_ERROR_SYNTAX, "\n  Exp(-SqDist(x,y)*g*b\n                      ^");
    FAILS(parse("x + * y"), RKEOPS_ERROR_SYNTAX, "(column 5)\n  x + * y\n      ^");
    FAILS(parse("x $ y"), RKEOPS_ERROR_SYNTAX, "\n  x $ y\n    ^");
    FAILS(parse("x y"), RKEOPS_ERROR_SYNTAX, "expected the end of the formula, found `y`");
    FAILS(parse("\xc3\xa9tat + $"), RKEOPS_ERROR_SYNTAX, "^");
    FAILS(parse(""), RKEOPS_ERROR_SYNTAX, "expected a formula");
    FAILS(parse("x ** "), RKEOPS_ERROR_SYNTAX, "^");
    FAILS(parse("x [ y"), RKEOPS_ERROR_SYNTAX, "^");
    FAILS(parse("Var(0,3)"), RKEOPS_ERROR_ARITY, "Var(position,dimension,category)");
    FAILS(parse("Var(0,3,7)"), RKEOPS_ERROR_ARGUMENT, "category 7");
    FAILS(parse("Var(0,99999999999999999999,0)"), RKEOPS_ERROR_SYNTAX, "^");
    FAILS(parse("Var(0,2,0) + x"), RKEOPS_ERROR_ARGUMENT, "one position is one array");
    FAILS(parse("Sqdist(x,y)"), RKEOPS_ERROR_UNKNOWN_NAME, "did you mean SqDist");
    FAILS(parse("x + z"), RKEOPS_ERROR_UNKNOWN_NAME, "there is no variable `z`; known: `b`, `g`, `x`, `y`");
    FAILS(parse("SqDist(x)"), RKEOPS_ERROR_ARITY, "SqDist");
    FAILS(parse("Exp(x,y)"), RKEOPS_ERROR_ARITY, "`Exp` got 2 operands");
    FAILS(parse("Extract(x,0)"), RKEOPS_ERROR_ARITY, "Extract");
    FAILS(parse("SqDist(x,Var(4,2,1))"), RKEOPS_ERROR_DIMENSION, "dimension");
    FAILS(parse("Extract(x,2,2)"), RKEOPS_ERROR_DIMENSION, "got 2 components from position 2 on; the operand has dimension 3");
    FAILS(parse("Elem(x,3)"), RKEOPS_ERROR_DIMENSION, "got position 3; expected 0 to 2");
    if (deep != NULL) {
        memset(deep, '(', 200000);
        deep[200000] = 0;
        FAILS(parse(deep), RKEOPS_ERROR_SYNTAX, "found the end of the text");
        memset(deep, '-', 200000);
        FAILS(parse(deep), RKEOPS_ERROR_SYNTAX, "found the end of the text");
        for (int k = 0; k < 200000; k++) deep[k] = "x+"[k % 2];
        deep[199999] = 0;
        rkeops_error_free(parse(deep)); /* long, but not deep: may be refused, must not crash */
    }
    free(deep);
    FAILS(parse("x \xff y"), RKEOPS_ERROR_ARGUMENT, "text is not UTF-8: byte 2");
    FAILS(parse(NULL), RKEOPS_ERROR_ARGUMENT, "text is NULL");
    FAILS(parse_alias("x = Vk(3)"), RKEOPS_ERROR_SYNTAX, "alias 0: expected `name = Vi(dim)`");
    FAILS(parse_alias("x = Vi(0,0)"), RKEOPS_ERROR_DIMENSION, "expected 1 to");
    FAILS(parse_alias(NULL), RKEOPS_ERROR_ARGUMENT, "aliases[0] is NULL");
    FAILS(reduce("Sum_Reduction(x*b,2)"), RKEOPS_ERROR_ARGUMENT, "expected 0 (i) or 1 (j)");
    FAILS(reduce("Sum_Reduction(x*b)"), RKEOPS_ERROR_ARITY, "0 for i, 1 for j");
    FAILS(reduce("Summ_Reduction(x*b,0)"), RKEOPS_ERROR_UNKNOWN_NAME, "known: Sum");
    FAILS(reduce("Exp(x)"), RKEOPS_ERROR_SYNTAX, "expected a reduction");
    FAILS(reduce("LogSumExp_Reduction(x,0)"), RKEOPS_ERROR_DIMENSION, "expected a scalar");
    FAILS(reduce("Grad(Any_Reduction(x*b,0),x,Var(9,3,0))"), RKEOPS_ERROR_UNSUPPORTED, "Any");
    FAILS(reduce("Grad(Sum_Reduction(g*b,0),b,b)"), RKEOPS_ERROR_ARGUMENT, "expected i-variables and parameters only");
}

/* Formulas from calls. */
static void calls(void) {
    rkeops_formula *x = NULL, *y = NULL, *out = NULL;
    rkeops_reduction *reduction = NULL;
    const rkeops_formula *operands[2];
    int64_t parameters[2] = {0, 9};
    SUCCEEDS(rkeops_formula_variable(0, 3, RKEOPS_CATEGORY_I, &x));
    SUCCEEDS(rkeops_formula_variable(1, 2, RKEOPS_CATEGORY_J, &y));
    operands[0] = x, operands[1] = y;
    FAILS(rkeops_formula_variable(-1, 3, 0, &out), RKEOPS_ERROR_ARGUMENT, "index is -1");
    FAILS(rkeops_formula_variable(0, -3, 0, &out), RKEOPS_ERROR_ARGUMENT, "dim is -3");
    FAILS(rkeops_formula_variable(0, 0, 0, &out), RKEOPS_ERROR_DIMENSION, "dimension 0");
    FAILS(rkeops_formula_variable(0, INT64_MAX, 0, &out), RKEOPS_ERROR_DIMENSION, "dimension");
    FAILS(rkeops_formula_variable(INT64_MAX, 1, 0, &out), RKEOPS_ERROR_ARGUMENT, "position");
    FAILS(rkeops_formula_variable(0, 3, 3, &out), RKEOPS_ERROR_ARGUMENT, "category is 3");
    FAILS(rkeops_formula_variable(0, 3, 0, NULL), RKEOPS_ERROR_ARGUMENT, "out is NULL");
    FAILS(rkeops_formula_apply("Nope", operands, 2, NULL, 0, &out), RKEOPS_ERROR_UNKNOWN_NAME, "no operation `Nope`");
    FAILS(rkeops_formula_apply("Exp", operands, 2, NULL, 0, &out), RKEOPS_ERROR_ARITY, "2 operands");
    FAILS(rkeops_formula_apply("Add", operands, 2, NULL, 0, &out), RKEOPS_ERROR_DIMENSION, "3 and 2");
    FAILS(rkeops_formula_apply("Extract", operands, 1, parameters, 2, &out), RKEOPS_ERROR_DIMENSION, "got 9 components from position 0 on; the operand has dimension 3");
    FAILS(rkeops_formula_apply("Exp", NULL, 1, NULL, 0, &out), RKEOPS_ERROR_ARGUMENT, "operands is NULL");
    FAILS(rkeops_formula_apply(NULL, operands, 1, NULL, 0, &out), RKEOPS_ERROR_ARGUMENT, "name is NULL");
    FAILS(rkeops_formula_apply("Extract", operands, 1, NULL, 2, &out), RKEOPS_ERROR_ARGUMENT, "parameters is NULL");
    operands[1] = NULL;
    FAILS(rkeops_formula_apply("Add", operands, 2, NULL, 0, &out), RKEOPS_ERROR_ARGUMENT, "operands[1] is NULL");
    FAILS(rkeops_formula_gradient(x, NULL, x, &out), RKEOPS_ERROR_ARGUMENT, "variable is NULL");
    FAILS(rkeops_formula_gradient(x, x, y, &out), RKEOPS_ERROR_DIMENSION, "cotangent");
    FAILS(rkeops_formula_gradient(NULL, x, y, &out), RKEOPS_ERROR_ARGUMENT, "formula is NULL");
    CHECK(out == NULL);
    FAILS(rkeops_reduction_create("Sum", x, 2, NULL, 0, NULL, &reduction), RKEOPS_ERROR_ARGUMENT, "axis is 2");
    FAILS(rkeops_reduction_create("Sum", NULL, 1, NULL, 0, NULL, &reduction), RKEOPS_ERROR_ARGUMENT, "formula is NULL");
    FAILS(rkeops_reduction_create("Total", x, 1, NULL, 0, NULL, &reduction), RKEOPS_ERROR_UNKNOWN_NAME, "known: Sum");
    FAILS(rkeops_reduction_dim(NULL, parameters), RKEOPS_ERROR_ARGUMENT, "reduction is NULL");
    FAILS(rkeops_formula_dim(x, NULL), RKEOPS_ERROR_ARGUMENT, "out is NULL");
    FAILS(rkeops_doctor(NULL), RKEOPS_ERROR_ARGUMENT, "out is NULL");
    FAILS(rkeops_set_num_threads(-1), RKEOPS_ERROR_ARGUMENT, "expected 0 or more");
    CHECK(reduction == NULL);
    rkeops_formula_free(x), rkeops_formula_free(y);
}

/* Handles: freed ones and those of another type. */
static void handles(void) {
    rkeops_formula *formula = NULL;
    rkeops_reduction *reduction = NULL;
    rkeops_kernel *kernel;
    rkeops_error *error;
    rkeops_text *text = NULL;
    int64_t dim = 0;
    size_t count = 0;
    SUCCEEDS(rkeops_formula_constant(1, &formula));
    FAILS(rkeops_reduction_dim((rkeops_reduction *)(void *)formula, &dim), RKEOPS_ERROR_HANDLE,
          "reduction is not a handle of type rkeops_reduction");
    FAILS(rkeops_formula_dim((rkeops_formula *)(void *)((char *)formula + 1), &dim), RKEOPS_ERROR_HANDLE, "not a handle");
    FAILS(rkeops_formula_dim((rkeops_formula *)(void *)&count, &dim), RKEOPS_ERROR_HANDLE, "not a handle of type");
    rkeops_reduction_free((rkeops_reduction *)(void *)formula); /* not its type: left alone */
    SUCCEEDS(rkeops_formula_text(formula, &text));
    rkeops_text_free(text);
    CHECK(strcmp(rkeops_text_data(text), "") == 0);
    rkeops_text_free(text);
    rkeops_formula_free(formula);
    FAILS(rkeops_formula_dim(formula, &dim), RKEOPS_ERROR_HANDLE, "formula is a handle that was freed before");
    FAILS(rkeops_formula_retain(formula), RKEOPS_ERROR_HANDLE, "freed before");
    FAILS(rkeops_reduction_create("Sum", formula, 1, NULL, 0, NULL, &reduction), RKEOPS_ERROR_HANDLE, "rkeops_formula_retain");
    CHECK(reduction == NULL);
    rkeops_formula_free(formula); /* twice: noticed and ignored */
    kernel = compile_text("Sum_Reduction(b*g,0)", ALIASES, 4, 32);
    rkeops_kernel_free(kernel);
    FAILS(rkeops_kernel_input_count(kernel, &count), RKEOPS_ERROR_HANDLE, "kernel is a handle that was freed before");
    FAILS(rkeops_kernel_run(kernel, NULL, 0, NULL, 0, NULL), RKEOPS_ERROR_HANDLE, "freed before");
    error = rkeops_kernel_run(NULL, NULL, 0, NULL, 0, NULL);
    CHECK(rkeops_error_code(error) == RKEOPS_ERROR_ARGUMENT);
    rkeops_error_free(error);
    CHECK(rkeops_error_code(error) == RKEOPS_ERROR_HANDLE);
    CHECK(strstr(rkeops_error_message(error), "freed") != NULL);
    rkeops_error_free(error);
}

/* Compilation and its options. */
static void compilations(void) {
    rkeops_reduction *rows = parse_reduction("Sum_Reduction(g*b,0)", ALIASES, 4), *columns = NULL;
    const rkeops_reduction *list[2];
    rkeops_kernel *kernel = NULL;
    struct {
        rkeops_options known;
        uint64_t more[2];
    } newer;
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    columns = parse_reduction("Sum_Reduction(g*b,1)", ALIASES, 4);
    list[0] = rows, list[1] = columns;
    FAILS(rkeops_kernel_compile(list, 2, NULL, &kernel), RKEOPS_ERROR_ARGUMENT, "one pass reduces over one index");
    FAILS(rkeops_kernel_compile(list, 0, NULL, &kernel), RKEOPS_ERROR_ARGUMENT, "at least one");
    FAILS(rkeops_kernel_compile(NULL, 1, NULL, &kernel), RKEOPS_ERROR_ARGUMENT, "reductions is NULL");
    FAILS(rkeops_kernel_compile(list, 1, NULL, NULL), RKEOPS_ERROR_ARGUMENT, "out is NULL");
    list[1] = NULL;
    FAILS(rkeops_kernel_compile(list, 2, NULL, &kernel), RKEOPS_ERROR_ARGUMENT, "reductions[1] is NULL");
    options.dtype_bits = 16;
    FAILS(rkeops_kernel_compile(list, 1, &options, &kernel), RKEOPS_ERROR_ARGUMENT, "dtype_bits is 16");
    options.dtype_bits = 64, options.target = 77;
    FAILS(rkeops_kernel_compile(list, 1, &options, &kernel), RKEOPS_ERROR_ARGUMENT, "target is 77");
    options.target = 0, options.allow_tf32 = 2;
    FAILS(rkeops_kernel_compile(list, 1, &options, &kernel), RKEOPS_ERROR_ARGUMENT, "allow_tf32 is 2; it must be 0 (no) or 1 (yes)");
    /* The struct of an older header ends before it. */
    options.size = offsetof(rkeops_options, allow_tf32);
    SUCCEEDS(rkeops_kernel_compile(list, 1, &options, &kernel));
    rkeops_kernel_free(kernel), kernel = NULL;
    options.allow_tf32 = 0;
    options.size = 0;
    FAILS(rkeops_kernel_compile(list, 1, &options, &kernel), RKEOPS_ERROR_ARGUMENT, "sizeof(rkeops_options)");
    options.size = 13;
    FAILS(rkeops_kernel_compile(list, 1, &options, &kernel), RKEOPS_ERROR_ARGUMENT, "size is 13");
    CHECK(kernel == NULL);
    /* An older header had fewer fields, a newer one has more. */
    options.size = offsetof(rkeops_options, progress);
    SUCCEEDS(rkeops_kernel_compile(list, 1, &options, &kernel));
    rkeops_kernel_free(kernel);
    memset(&newer, 0, sizeof newer);
    newer.known.size = sizeof newer;
    SUCCEEDS(rkeops_kernel_compile(list, 1, &newer.known, &kernel));
    rkeops_kernel_free(kernel);
    newer.more[0] = 1;
    FAILS(rkeops_kernel_compile(list, 1, &newer.known, &kernel), RKEOPS_ERROR_ARGUMENT, "newer rkeops.h");
    CHECK(kernel == NULL);
    rkeops_reduction_free(rows), rkeops_reduction_free(columns);
}

/* Arrays: one good call, then one thing wrong at a time. */
enum { M = 5, N = 7 };
typedef struct {
    rkeops_kernel *kernel;
    rkeops_options options;
    /* Twice as long as needed: a wrong dtype is then wrong, and not also an overlap. */
    float x[6 * M], y[6 * N], b[2 * N], g[2], out[2 * M + 16];
    view views[5];
    rkeops_array inputs[5], output;
} call;

static void fill(call *c) {
    view_float(&c->views[0], c->x, 32, M, 3);
    view_float(&c->views[1], c->y, 32, N, 3);
    view_float(&c->views[2], c->b, 32, N, 1);
    view_float(&c->views[3], c->g, 32, 1, 0);
    c->views[3].array.rank = 1, c->views[3].strides[0] = 1;
    view_float(&c->views[4], c->out, 32, M, 1);
    for (int k = 0; k < 4; k++) c->inputs[k] = c->views[k].array;
    c->inputs[4] = c->inputs[3];
    c->output = c->views[4].array;
    memset(&c->options, 0, sizeof c->options);
    c->options.size = sizeof c->options;
}

static rkeops_error *run(call *c) { return rkeops_kernel_run(c->kernel, c->inputs, 4, &c->output, 1, &c->options); }

#define BREAKS(change, code, words) \
    do {                            \
        fill(&c);                   \
        change;                     \
        FAILS(run(&c), code, words); \
    } while (0)

static void arrays(void) {
    const int64_t huge = INT64_MAX;
    static call c; /* its arrays are too large for some stacks */
    memset(&c, 0, sizeof c);
    c.kernel = compile_text("Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)", ALIASES, 4, 32);
    for (int k = 0; k < 8; k++) c.out[M + k] = 42;
    fill(&c);
    SUCCEEDS(run(&c));

    FAILS(rkeops_kernel_run(c.kernel, c.inputs, 3, &c.output, 1, NULL), RKEOPS_ERROR_COUNT, "got 3 input arrays; expected 4");
    FAILS(rkeops_kernel_run(c.kernel, c.inputs, 5, &c.output, 1, NULL), RKEOPS_ERROR_COUNT, "got 5 input arrays");
    FAILS(rkeops_kernel_run(c.kernel, c.inputs, 4, &c.output, 0, NULL), RKEOPS_ERROR_COUNT, "got 0 output arrays; expected 1");
    FAILS(rkeops_kernel_run(c.kernel, c.inputs, 4, NULL, 0, NULL), RKEOPS_ERROR_COUNT, "got 0 output arrays; expected 1");
    FAILS(rkeops_kernel_run(c.kernel, NULL, 4, &c.output, 1, NULL), RKEOPS_ERROR_ARGUMENT, "inputs is NULL");
    FAILS(rkeops_kernel_run(c.kernel, c.inputs, 4, NULL, 1, NULL), RKEOPS_ERROR_ARGUMENT, "outputs is NULL");
    FAILS(rkeops_kernel_run(c.kernel, c.inputs, SIZE_MAX, &c.output, 1, NULL), RKEOPS_ERROR_ARGUMENT, "count");
    FAILS(rkeops_kernel_input(c.kernel, 4, NULL, NULL), RKEOPS_ERROR_COUNT, "no input 4: the kernel has 4");
    FAILS(rkeops_kernel_output(c.kernel, 1, NULL, NULL, NULL), RKEOPS_ERROR_COUNT, "no output 1");

    BREAKS(c.inputs[1].data = NULL, RKEOPS_ERROR_ARGUMENT, "input 1 (j-variable of dimension 3): its data is NULL");
    BREAKS(c.output.data = NULL, RKEOPS_ERROR_ARGUMENT, "output 0: its data is NULL");
    BREAKS(c.inputs[1].shape = NULL, RKEOPS_ERROR_ARGUMENT, "input 1 (j-variable of dimension 3): its shape is NULL");
    BREAKS(c.inputs[1].dtype_bits = 64, RKEOPS_ERROR_DTYPE, "input 1 (j-variable of dimension 3)");
    BREAKS(c.inputs[1].dtype_bits = 24, RKEOPS_ERROR_DTYPE, "float32 (2, 32)");
    BREAKS(c.inputs[1].dtype_code = 3, RKEOPS_ERROR_DTYPE, "input 1 (j-variable of dimension 3): its dtype has code 3 and 32 bits");
    BREAKS((c.output.dtype_code = 0, c.output.dtype_bits = 64), RKEOPS_ERROR_DTYPE, "output 0");
    BREAKS(c.inputs[0].device_type = RKEOPS_DEVICE_CUDA, RKEOPS_ERROR_DEVICE, "input 1 (j-variable of dimension 3): it is in ordinary memory, but input 0 (i-variable of dimension 3) is on CUDA device 0");
    BREAKS(c.inputs[0].device_type = 0, RKEOPS_ERROR_DEVICE, "device_type is 0");
    BREAKS(c.inputs[0].rank = -1, RKEOPS_ERROR_SHAPE, "rank is -1; it must be 0 to 8");
    BREAKS(c.inputs[0].rank = 9, RKEOPS_ERROR_SHAPE, "rank is 9");
    BREAKS(c.inputs[0].rank = 1, RKEOPS_ERROR_SHAPE, "input 0 (i-variable of dimension 3)");
    BREAKS(c.views[0].shape[0] = -2, RKEOPS_ERROR_SHAPE, "extent 0 is -2");
    BREAKS(c.views[0].shape[1] = 2, RKEOPS_ERROR_SHAPE, "input 0 (i-variable of dimension 3)");
    BREAKS(c.views[2].shape[0] = N - 1, RKEOPS_ERROR_SHAPE, "input 2 (j-variable of dimension 1)");
    BREAKS(c.views[3].shape[0] = 0, RKEOPS_ERROR_SHAPE, "input 3 (parameter of dimension 1)");
    BREAKS(c.views[4].shape[0] = M - 1, RKEOPS_ERROR_SHAPE, "output 0");
    BREAKS(c.views[4].shape[0] = N, RKEOPS_ERROR_SHAPE, "output 0");
    BREAKS(c.inputs[1].data = (char *)c.inputs[1].data + 2, RKEOPS_ERROR_STRIDE, "not a multiple of 4");
    BREAKS(c.views[4].strides[0] = 0, RKEOPS_ERROR_STRIDE, "output 0: its strides [0, 1]");
    BREAKS((c.inputs[0].strides = NULL, c.views[0].shape[0] = huge), RKEOPS_ERROR_SIZE, "input 0 (i-variable of dimension 3)");
    BREAKS((c.views[0].strides[0] = c.views[0].strides[1] = 0, c.views[0].shape[0] = huge), RKEOPS_ERROR_SIZE, "input 0");
    BREAKS(c.views[0].strides[0] = huge, RKEOPS_ERROR_SIZE, "reach further than memory");
    BREAKS(c.views[0].strides[0] = INT64_MIN, RKEOPS_ERROR_SIZE, "input 0 (i-variable of dimension 3)");
    BREAKS(c.views[0].strides[0] = -huge / 64, RKEOPS_ERROR_SIZE, "input 0 (i-variable of dimension 3)");
    BREAKS(c.output.data = c.x, RKEOPS_ERROR_OVERLAP, "output 0: it shares memory with input 0 (i-variable of dimension 3)");
    BREAKS(c.output.data = c.b + N - 1, RKEOPS_ERROR_OVERLAP, "input 2 (j-variable of dimension 1)");
    BREAKS(c.options.threads = -1, RKEOPS_ERROR_ARGUMENT, "threads is -1");
    for (int k = 0; k < 8; k++) CHECK(c.out[M + k] == 42);

    /* Nor more rows than memory holds, nor more pairs than can be counted; the rows are all one row, so that the
     * memory of the inputs is there. */
    BREAKS((c.views[1].strides[0] = 0, c.views[1].shape[0] = (int64_t)1 << 60), RKEOPS_ERROR_SIZE, "input 1 (j-variable");
    {
        static const char *const aliases[] = {"a = Vi(0,1)", "b = Vj(1,1)"};
        rkeops_kernel *kernel = compile_text("Sum_Reduction(a*b,0)", aliases, 2, 32);
        float a[32] = {0}, out[32];
        view views[3];
        rkeops_array inputs[2];
        view_float(&views[0], a, 32, 32, 1);
        view_float(&views[1], c.b, 32, (int64_t)1 << 60, 1);
        view_float(&views[2], out, 32, 32, 1);
        views[1].strides[0] = 0;
        inputs[0] = views[0].array, inputs[1] = views[1].array;
        FAILS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL), RKEOPS_ERROR_SIZE, "pairs");
        rkeops_kernel_free(kernel);
    }

    /* Two outputs in one place. */
    {
        rkeops_reduction *one = parse_reduction("Sum_Reduction(b*g,0)", ALIASES, 4);
        rkeops_reduction *two = parse_reduction("Sum_Reduction(b*g+SqDist(x,y),0)", ALIASES, 4);
        const rkeops_reduction *both[2];
        rkeops_kernel *kernel = NULL;
        rkeops_array outputs[2];
        both[0] = one, both[1] = two;
        SUCCEEDS(rkeops_kernel_compile(both, 2, NULL, &kernel));
        fill(&c);
        outputs[0] = outputs[1] = c.output;
        FAILS(rkeops_kernel_run(kernel, c.inputs, 4, outputs, 2, NULL), RKEOPS_ERROR_OVERLAP,
              "output 1: it shares memory with output 0");
        outputs[1].data = c.out + 1;
        FAILS(rkeops_kernel_run(kernel, c.inputs, 4, outputs, 2, NULL), RKEOPS_ERROR_OVERLAP, "output 0");
        rkeops_kernel_free(kernel);
        rkeops_reduction_free(one), rkeops_reduction_free(two);
    }
    fill(&c);
    SUCCEEDS(run(&c));
    rkeops_kernel_free(c.kernel);
}

int main(void) {
    texts();
    calls();
    handles();
    compilations();
    arrays();
    return check_report("errors");
}
