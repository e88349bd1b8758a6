/* The gateway: rkeops_mex(command, ...). Handles are numbers of class uint64, which handles.c keeps in a table; what
   else there is to know of a command its function tells. MATLAB's part of the binding calls it; programs have no need
   to. */

#include "binding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Settings settings = {0, 0, 0, 0, 0, 0, 0, 1};

static int is_locked = 0;

static void at_exit(void) {
    free_kept();
    free_all_handles();
}

/* Handles are numbers that scripts hold: while there may be some, `clear all` must not take the file away from under
   them. */
static void lock(void) {
    if (is_locked) return;
    mexLock();
    is_locked = 1;
}

static void expect(int got, int least, int most, const char *command) {
    if (got >= least && got <= most) return;
    fail(RKEOPS_ERROR_COUNT, "rkeops_mex('%s', ...): expected %d to %d arguments, got %d", command, least, most, got);
}

#define COMMAND(name) static void name(int result_count, mxArray *results[], int count, const mxArray *values[])
#define UNUSED (void)result_count, (void)results, (void)count, (void)values

/* Index, dimension, category: a formula. */
COMMAND(variable) {
    UNUSED;
    expect(count, 3, 3, "variable");
    rkeops_formula *formula = NULL;
    check(rkeops_formula_variable(integer_of(values[0], "index"), integer_of(values[1], "dim"),
                                  (int32_t)integer_of(values[2], "category"), &formula));
    results[0] = new_handle(FORMULA, formula);
}

/* [columns, category, points, whether it is a number of a formula, whether columns are parts of complex numbers] */
COMMAND(tensor) {
    UNUSED;
    expect(count, 1, 1, "tensor");
    size_t fact_count = 0;
    const int64_t *facts = integers_of(values[0], "facts", &fact_count);
    if (fact_count != 5 || facts[1] < 0 || facts[1] > 2) {
        fail(RKEOPS_ERROR_ARGUMENT, "facts: expected 5 numbers, the second of 0 to 2");
    }
    Tensor *made = tensor_of_variable(facts[0], (int32_t)facts[1], facts[2], facts[3] != 0, facts[4] != 0);
    results[0] = new_handle(TENSOR, made);
}

COMMAND(constant) {
    UNUSED;
    expect(count, 1, 1, "constant");
    results[0] = new_handle(TENSOR, tensor_of_constant(number_of(values[0], "value")));
}

/* Name, operands, parameters. A second result tells where the arguments of the new tensor are among those of the
   operands one after another. */
COMMAND(apply) {
    expect(count, 3, 3, "apply");
    size_t operand_count = 0, parameter_count = 0;
    Tensor **operands = (Tensor **)handles_of(values[1], TENSOR, &operand_count);
    const int64_t *parameters = integers_of(values[2], "parameters", &parameter_count);
    const char *name = text_of(values[0], "name");
    rkeops_formula **formulas = (rkeops_formula **)mxMalloc((operand_count + 1) * sizeof(rkeops_formula *));
    mxArray *sources = NULL;
    Tensor *made = joined(name, operands, operand_count, formulas, &sources);
    check(rkeops_formula_apply(name, (const rkeops_formula *const *)formulas, operand_count, parameters,
                               parameter_count, &made->formula));
    results[0] = new_handle(TENSOR, made);
    if (result_count > 1) results[1] = sources;
}

COMMAND(transpose) {
    UNUSED;
    expect(count, 1, 1, "transpose");
    results[0] = new_handle(TENSOR, transposed((const Tensor *)handle_of(values[0], TENSOR)));
}

/* Tensor, category, points: the same formula of other points. */
COMMAND(part) {
    UNUSED;
    expect(count, 3, 3, "part");
    const Tensor *whole = (const Tensor *)handle_of(values[0], TENSOR);
    const int64_t category = integer_of(values[1], "category");
    if (category != RKEOPS_CATEGORY_I && category != RKEOPS_CATEGORY_J) {
        fail(RKEOPS_ERROR_ARGUMENT, "category: expected 0 or 1, got %lld", (long long)category);
    }
    results[0] = new_handle(TENSOR, part_of(whole, (int32_t)category, integer_of(values[2], "points")));
}

/* [components, whether they are complex, points of i, of j, whether the tensor is its only argument] */
COMMAND(facts) {
    UNUSED;
    expect(count, 1, 1, "facts");
    const Tensor *tensor = (const Tensor *)handle_of(values[0], TENSOR);
    int64_t dim = 0;
    int32_t is_complex = 0;
    check(rkeops_formula_dim(tensor->formula, &dim));
    check(rkeops_formula_is_complex(tensor->formula, &is_complex));
    results[0] = mxCreateDoubleMatrix(1, 5, mxREAL);
    double *to = mxGetPr(results[0]);
    to[0] = (double)dim, to[1] = is_complex, to[2] = (double)tensor->points[0], to[3] = (double)tensor->points[1];
    to[4] = tensor->is_variable;
}

/* Columns, category and id of each argument. */
COMMAND(arguments) {
    UNUSED;
    expect(count, 1, 1, "arguments");
    results[0] = arguments_of((const Tensor *)handle_of(values[0], TENSOR));
}

COMMAND(text) {
    UNUSED;
    expect(count, 1, 1, "text");
    rkeops_text *text = NULL;
    check(rkeops_formula_text(((const Tensor *)handle_of(values[0], TENSOR))->formula, &text));
    results[0] = take_text(text);
}

/* A reduction of name, formula, axis, parameters and weights (a formula or NULL). */
static rkeops_reduction *reduction_of(const mxArray *name, const rkeops_formula *formula, const mxArray *axis,
                                      const mxArray *parameter_list, const rkeops_formula *weights) {
    size_t parameter_count = 0;
    const int64_t *parameters = integers_of(parameter_list, "parameters", &parameter_count);
    rkeops_reduction *reduction = NULL;
    check(rkeops_reduction_create(text_of(name, "name"), formula, (int32_t)integer_of(axis, "axis"), parameters,
                                  parameter_count, weights, &reduction));
    return reduction;
}

/* Name, tensor, axis, parameters. */
COMMAND(make_reduction) {
    UNUSED;
    expect(count, 4, 4, "reduction");
    const Tensor *tensor = (const Tensor *)handle_of(values[1], TENSOR);
    results[0] = new_handle(REDUCTION, reduction_of(values[0], tensor->formula, values[2], values[3], NULL));
}

/* Text and aliases; with a third argument the text is a formula, to be summed over j. */
COMMAND(parse) {
    UNUSED;
    expect(count, 2, 3, "parse");
    size_t alias_count = 0;
    const char **aliases = texts_of(values[1], "aliases", &alias_count);
    const char *text = text_of(values[0], "formula");
    if (count > 2) {
        /* Errors show the text that was given. */
        rkeops_formula *formula = NULL;
        check(rkeops_formula_parse(text, aliases, alias_count, &formula));
        rkeops_formula_free(formula);
        char *sum = (char *)mxMalloc(strlen(text) + 24);
        sprintf(sum, "Sum_Reduction(%s,0)", text);
        text = sum;
    }
    rkeops_reduction *reduction = NULL;
    check(rkeops_reduction_parse(text, aliases, alias_count, &reduction));
    results[0] = new_handle(REDUCTION, reduction);
}

/* The reductions whose results the derivatives of one need. */
COMMAND(saved) {
    UNUSED;
    expect(count, 1, 1, "saved");
    const rkeops_reduction *reduction = (const rkeops_reduction *)handle_of(values[0], REDUCTION);
    size_t saved_count = 0;
    check(rkeops_reduction_saved_count(reduction, &saved_count));
    results[0] = mxCreateNumericMatrix(1, saved_count, mxUINT64_CLASS, mxREAL);
    for (size_t k = 0; k < saved_count; ++k) {
        rkeops_reduction *one = NULL;
        check(rkeops_reduction_saved(reduction, k, &one));
        mxArray *handle = new_handle(REDUCTION, one);
        ((uint64_t *)mxGetData(results[0]))[k] = *(uint64_t *)mxGetData(handle);
        mxDestroyArray(handle);
    }
}

/* Reduction, variable, cotangent, saved results: formulas. */
COMMAND(gradient) {
    UNUSED;
    expect(count, 4, 4, "gradient");
    size_t saved_count = 0;
    void **saved_results = handles_of(values[3], FORMULA, &saved_count);
    rkeops_reduction *made = NULL;
    check(rkeops_reduction_gradient((const rkeops_reduction *)handle_of(values[0], REDUCTION),
                                    (const rkeops_formula *)handle_of(values[1], FORMULA),
                                    (const rkeops_formula *)handle_of(values[2], FORMULA),
                                    (const rkeops_formula *const *)saved_results, saved_count, &made));
    results[0] = new_handle(REDUCTION, made);
}

static Operator *new_operator(void) {
    Operator *made = (Operator *)calloc(1, sizeof(Operator));
    if (!made) fail(RKEOPS_ERROR_SIZE, "there is no memory for another operator");
    made->stamp = settings.stamp;
    made->summation = -1;
    keep(OPERATOR, made);
    return made;
}

static char *copy_of(const char *text) {
    char *copy = (char *)malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

/* Reduction, names of arguments, [base, ranks, summation]. Compiles, so that errors come here; gives columns and
   categories of inputs too, and those of the first result with whether it is an index or a count. */
COMMAND(make_operator) {
    expect(count, 3, 3, "operator");
    size_t name_count = 0, fact_count = 0;
    rkeops_reduction *reduction = (rkeops_reduction *)handle_of(values[0], REDUCTION);
    const char **names = texts_of(values[1], "names", &name_count);
    const int64_t *facts = integers_of(values[2], "facts", &fact_count);
    if (fact_count != 3) fail(RKEOPS_ERROR_COUNT, "facts: expected 3 numbers, got %d", (int)fact_count);
    Operator *made = new_operator();
    check(rkeops_reduction_retain(reduction));
    made->reduction = reduction;
    made->base = (int)facts[0], made->ranks = (int)facts[1], made->summation = (int)facts[2];
    made->names.texts = (const char **)calloc(name_count + 1, sizeof(char *));
    for (size_t k = 0; made->names.texts && k < name_count; ++k) {
        if (!(made->names.texts[k] = copy_of(names[k]))) break;
        made->names.count += 1;
    }
    compile_operator(made, settings.bits ? settings.bits : 64);
    if (result_count > 1) {
        const rkeops_kernel *kernel = made->kernels[settings.bits != 32];
        size_t input_count = 0;
        int32_t axis = 0;
        int64_t dim = 0;
        check(rkeops_kernel_input_count(kernel, &input_count));
        results[1] = mxCreateDoubleMatrix(2, input_count, mxREAL);
        for (size_t k = 0; k < input_count; ++k) {
            int32_t category = 0;
            check(rkeops_kernel_input(kernel, k, &dim, &category));
            mxGetPr(results[1])[2 * k] = (double)dim, mxGetPr(results[1])[2 * k + 1] = category;
        }
        if (result_count > 2) {
            int32_t code = 0, bits = 0;
            check(rkeops_kernel_axis(kernel, &axis));
            check(rkeops_kernel_output(kernel, 0, &dim, &code, &bits));
            results[2] = mxCreateDoubleMatrix(1, 3, mxREAL);
            double *output = mxGetPr(results[2]);
            output[0] = (double)(code == RKEOPS_DTYPE_COMPLEX ? 2 * dim : dim);
            output[1] = axis == RKEOPS_AXIS_J ? RKEOPS_CATEGORY_I : RKEOPS_CATEGORY_J;
            output[2] = code == RKEOPS_DTYPE_INT;
        }
    }
    results[0] = new_handle(OPERATOR, made);
}

/* Operator, then arrays whose points are columns, then 'ranges' and ranges if not all pairs are visited. */
COMMAND(run) {
    if (count < 1) expect(count, 1, 1000, "run");
    int input_count = count - 1;
    const Ranges *ranges = ranges_among(values + 1, &input_count);
    run_operator((Operator *)handle_of(values[0], OPERATOR), result_count, results, COLUMNS, (Manner){NULL, ranges},
                 input_count, values + 1);
}

/* Clusters of i and of j, which pairs of them are kept. */
COMMAND(make_ranges) {
    UNUSED;
    expect(count, 3, 3, "ranges");
    results[0] = new_handle(RANGES, ranges_of(values[0], values[1], values[2]));
}

/* Tensor, ranges. */
COMMAND(restrict_tensor) {
    UNUSED;
    expect(count, 2, 2, "restrict");
    const Tensor *tensor = (const Tensor *)handle_of(values[0], TENSOR);
    results[0] = new_handle(TENSOR, restricted(tensor, (const Ranges *)handle_of(values[1], RANGES)));
}

static Manner manner_of(const Tensor *tensor) {
    return (Manner){weak_of(tensor), tensor->ranges.own ? &tensor->ranges : NULL};
}

/* Name, tensor, axis, parameters, weights (a tensor or []), and the arrays of the tensor and of the weights, whose
   points are rows. */
COMMAND(reduce) {
    if (count < 5) expect(count, 5, 1000, "reduce");
    const char *name = text_of(values[0], "name");
    Tensor *operands[2] = {(Tensor *)handle_of(values[1], TENSOR), NULL};
    const mxArray **inputs = values + 5;
    const Tensor *all = operands[0];
    Operator *made = new_operator();
    size_t input_count = operands[0]->count;
    if (mxIsEmpty(values[4])) {
        made->reduction = reduction_of(values[0], operands[0]->formula, values[2], values[3], NULL);
    } else {
        operands[1] = (Tensor *)handle_of(values[4], TENSOR);
        input_count += operands[1]->count;
        rkeops_formula *formulas[2];
        mxArray *sources = NULL;
        all = joined(name, operands, 2, formulas, &sources);
        made->reduction = reduction_of(values[0], formulas[0], values[2], values[3], formulas[1]);
        inputs = (const mxArray **)mxMalloc((all->count + 1) * sizeof(mxArray *));
        for (size_t k = 0; k < all->count; ++k) {
            const int source = (int)mxGetPr(sources)[k];
            inputs[k] = source + 4 < count ? values[source + 4] : NULL;
        }
    }
    if ((size_t)count - 5 != input_count) {
        fail(RKEOPS_ERROR_COUNT, "reduce: expected %d arrays, got %d", (int)input_count, count - 5);
    }
    made->base = strstr(name, "Arg") != NULL;
    size_t parameter_count = 0;
    const int64_t *parameters = integers_of(values[3], "parameters", &parameter_count);
    if (strstr(name, "KM") && parameter_count > 0) made->ranks = (int)parameters[0];
    run_operator(made, result_count, results, ROWS, manner_of(all), (int)all->count, inputs);
}

/* A reduction, the tensor whose arguments come first, and arrays whose points are rows. */
COMMAND(run_reduction) {
    if (count < 2) expect(count, 2, 1000, "run_reduction");
    rkeops_reduction *reduction = (rkeops_reduction *)handle_of(values[0], REDUCTION);
    Operator *made = new_operator();
    check(rkeops_reduction_retain(reduction));
    made->reduction = reduction;
    const Tensor *tensor = (const Tensor *)handle_of(values[1], TENSOR);
    run_operator(made, result_count, results, ROWS, manner_of(tensor), count - 2, values + 2);
}

/* A tensor, and arrays whose points are rows: the matrix. */
COMMAND(full) {
    UNUSED;
    if (count < 1) expect(count, 1, 1000, "full");
    const Tensor *tensor = (const Tensor *)handle_of(values[0], TENSOR);
    Operator *made = new_operator();
    check(rkeops_reduction_create("Sum", tensor->formula, RKEOPS_AXIS_I, NULL, 0, NULL, &made->reduction));
    results[0] = entries(made, weak_of(tensor), count - 1, values + 1);
}

/* A reduction, position of the unknown, kinds, [alpha, tolerance, iterations], the tensor whose arguments these are (or
   [] for a function's), names, arrays, and 'ranges' and ranges if not all pairs are visited. */
COMMAND(solve_system) {
    if (count < 6) expect(count, 6, 1000, "solve");
    size_t name_count = 0;
    const char **texts = texts_of(values[5], "names", &name_count);
    const Names names = {texts, name_count};
    const int64_t unknown = integer_of(values[1], "unknown");
    if (unknown < 0) fail(RKEOPS_ERROR_ARGUMENT, "unknown: expected a position, got %lld", (long long)unknown);
    int input_count = count - 6;
    const Ranges *ranges = ranges_among(values + 6, &input_count);
    const int is_function = mxIsEmpty(values[4]);
    Manner manner = {NULL, ranges};
    if (!is_function) manner = manner_of((const Tensor *)handle_of(values[4], TENSOR));
    solve((const rkeops_reduction *)handle_of(values[0], REDUCTION), (size_t)unknown, values[2], values[3],
          is_function ? COLUMNS : ROWS, manner, result_count, results, input_count, values + 6, &names);
}

COMMAND(explain) {
    UNUSED;
    expect(count, 1, 1, "explain");
    Operator *own = (Operator *)handle_of(values[0], OPERATOR);
    compile_operator(own, settings.bits ? settings.bits : 64);
    rkeops_text *text = NULL;
    check(rkeops_kernel_explain(own->kernels[settings.bits != 32], &text));
    results[0] = take_text(text);
}

COMMAND(free_one) {
    UNUSED;
    for (int k = 0; k < count; ++k) free_handle(values[k]);
}

COMMAND(alive) {
    UNUSED;
    expect(count, 1, 1, "alive");
    results[0] = mxCreateLogicalScalar(is_alive(values[0]) != 0);
}

COMMAND(handle_count) {
    UNUSED;
    results[0] = mxCreateDoubleScalar((double)count_handles());
}

/* [bits, target, device, threads, summation, accumulator, progress] */
COMMAND(set) {
    UNUSED;
    expect(count, 1, 1, "set");
    size_t number_count = 0;
    const int64_t *numbers = integers_of(values[0], "options", &number_count);
    if (number_count != 7) fail(RKEOPS_ERROR_COUNT, "options: expected 7 numbers, got %d", (int)number_count);
    settings.bits = (int)numbers[0], settings.target = (int)numbers[1];
    settings.device = (int)numbers[2], settings.threads = (int)numbers[3];
    settings.summation = (int)numbers[4], settings.accumulator = (int)numbers[5];
    settings.progress = (int)numbers[6];
    settings.stamp += 1;
}

/* What `set` has set: it lasts when MATLAB clears everything, as this file does. */
COMMAND(get) {
    UNUSED;
    const int numbers[] = {settings.bits, settings.target, settings.device, settings.threads, settings.summation,
                           settings.accumulator, settings.progress};
    results[0] = mxCreateDoubleMatrix(1, 7, mxREAL);
    for (int k = 0; k < 7; ++k) mxGetPr(results[0])[k] = numbers[k];
}

COMMAND(version) {
    UNUSED;
    results[0] = mxCreateString(rkeops_version());
}

COMMAND(doctor) {
    UNUSED;
    rkeops_text *text = NULL;
    check(rkeops_doctor(&text));
    results[0] = take_text(text);
}

/* Frees everything and lets MATLAB take the file away, to build it again. */
COMMAND(unload) {
    UNUSED;
    free_all_handles();
    if (is_locked) mexUnlock();
    is_locked = 0;
}

static const struct {
    const char *name;
    void (*call)(int, mxArray *[], int, const mxArray *[]);
} commands[] = {
    {"run", run},
    {"apply", apply},
    {"reduce", reduce},
    {"free", free_one},
    {"tensor", tensor},
    {"facts", facts},
    {"arguments", arguments},
    {"ranges", make_ranges},
    {"restrict", restrict_tensor},
    {"constant", constant},
    {"transpose", transpose},
    {"part", part},
    {"full", full},
    {"text", text},
    {"variable", variable},
    {"parse", parse},
    {"reduction", make_reduction},
    {"run_reduction", run_reduction},
    {"saved", saved},
    {"gradient", gradient},
    {"operator", make_operator},
    {"solve", solve_system},
    {"explain", explain},
    {"alive", alive},
    {"count", handle_count},
    {"set", set},
    {"get", get},
    {"version", version},
    {"doctor", doctor},
    {"unload", unload},
};

void mexFunction(int result_count, mxArray *results[], int count, const mxArray *values[]) {
    char name[32] = "";
    static int is_prepared = 0;
    if (!is_prepared) {
        mexAtExit(at_exit);
        is_prepared = 1;
    }
    /* What a call that MATLAB itself ended, for want of memory, has left. */
    free_kept();
    if (count < 1 || !mxIsChar(values[0]) || mxGetString(values[0], name, sizeof name)) name[0] = 0;
    for (size_t k = 0; k < sizeof commands / sizeof *commands; ++k) {
        if (strcmp(name, commands[k].name)) continue;
        if (strcmp(name, "unload")) lock();
        commands[k].call(result_count, results, count - 1, values + 1);
        free_kept();
        return;
    }
    fail(RKEOPS_ERROR_ARGUMENT, "expected the name of a command as the first argument%s%s%s", *name ? ", got '" : "",
         name, *name ? "'" : "");
}
