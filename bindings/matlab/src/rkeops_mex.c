/* The gateway: rkeops_mex(command, ...). Handles are numbers of class uint64, which handles.c keeps in a table; what else there is to know of
   a command its function tells. MATLAB's part of the binding calls it; programs have no need to. */

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

/* Handles are numbers that scripts hold: while there may be some, `clear all` must not take the file away from under them. */
static void lock(void) {
    if (is_locked) return;
    mexLock();
    is_locked = 1;
}

static void expect(int got, int least, int most, const char *command) {
    if (got >= least && got <= most) return;
    fail(RKEOPS_ERROR_COUNT, "rkeops_mex('%s', ...): expected %d to %d arguments, got %d", command, least, most, got);
}

static mxArray *formula_facts(const rkeops_formula *formula) {
    int64_t dim = 0;
    int32_t is_complex = 0;
    check(rkeops_formula_dim(formula, &dim));
    check(rkeops_formula_is_complex(formula, &is_complex));
    mxArray *facts = mxCreateDoubleMatrix(1, 2, mxREAL);
    mxGetPr(facts)[0] = (double)dim, mxGetPr(facts)[1] = is_complex;
    return facts;
}

/* Gives a new formula, and dimension and whether it is complex. */
static void give_formula(rkeops_formula *formula, int result_count, mxArray *results[]) {
    keep(FORMULA, formula);
    if (result_count > 1) results[1] = formula_facts(formula);
    forget_kept();
    results[0] = new_handle(FORMULA, formula);
}

#define COMMAND(name) static void name(int result_count, mxArray *results[], int count, const mxArray *values[])
#define UNUSED (void)result_count, (void)results, (void)count, (void)values

/* Index, dimension, category; a third result tells this variable from all others. */
COMMAND(variable) {
    static double last_id = 0;
    expect(count, 3, 3, "variable");
    rkeops_formula *formula = NULL;
    check(rkeops_formula_variable(integer_of(values[0], "index"), integer_of(values[1], "dim"), (int32_t)integer_of(values[2], "category"),
                                  &formula));
    give_formula(formula, result_count, results);
    if (result_count > 2) results[2] = mxCreateDoubleScalar(++last_id);
}

COMMAND(constant) {
    expect(count, 1, 1, "constant");
    rkeops_formula *formula = NULL;
    check(rkeops_formula_constant(number_of(values[0], "value"), &formula));
    give_formula(formula, result_count, results);
}

/* Name, operands, parameters. */
COMMAND(apply) {
    expect(count, 3, 3, "apply");
    size_t operand_count = 0, parameter_count = 0;
    void **operands = handles_of(values[1], FORMULA, &operand_count);
    const int64_t *parameters = integers_of(values[2], "parameters", &parameter_count);
    rkeops_formula *formula = NULL;
    check(rkeops_formula_apply(text_of(values[0], "name"), (const rkeops_formula *const *)operands, operand_count, parameters, parameter_count,
                               &formula));
    give_formula(formula, result_count, results);
}

COMMAND(renumber) {
    expect(count, 2, 2, "renumber");
    size_t position_count = 0;
    const int64_t *positions = integers_of(values[1], "positions", &position_count);
    rkeops_formula *formula = NULL;
    check(rkeops_formula_renumber((const rkeops_formula *)handle_of(values[0], FORMULA), positions, position_count, &formula));
    give_formula(formula, result_count, results);
}

COMMAND(transpose) {
    expect(count, 1, 1, "transpose");
    rkeops_formula *formula = NULL;
    check(rkeops_formula_transpose((const rkeops_formula *)handle_of(values[0], FORMULA), &formula));
    give_formula(formula, result_count, results);
}

COMMAND(text) {
    UNUSED;
    expect(count, 1, 1, "text");
    rkeops_text *text = NULL;
    check(rkeops_formula_text((const rkeops_formula *)handle_of(values[0], FORMULA), &text));
    results[0] = take_text(text);
}

/* A reduction from name, formula, axis, parameters and weights (a formula or []). */
static rkeops_reduction *reduction_of(const mxArray *values[]) {
    size_t parameter_count = 0;
    const int64_t *parameters = integers_of(values[3], "parameters", &parameter_count);
    const rkeops_formula *weights = mxIsEmpty(values[4]) ? NULL : (const rkeops_formula *)handle_of(values[4], FORMULA);
    rkeops_reduction *reduction = NULL;
    check(rkeops_reduction_create(text_of(values[0], "name"), (const rkeops_formula *)handle_of(values[1], FORMULA),
                                  (int32_t)integer_of(values[2], "axis"), parameters, parameter_count, weights, &reduction));
    return reduction;
}

COMMAND(make_reduction) {
    UNUSED;
    expect(count, 5, 5, "reduction");
    results[0] = new_handle(REDUCTION, reduction_of(values));
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
    check(rkeops_reduction_gradient((const rkeops_reduction *)handle_of(values[0], REDUCTION), (const rkeops_formula *)handle_of(values[1], FORMULA),
                                    (const rkeops_formula *)handle_of(values[2], FORMULA), (const rkeops_formula *const *)saved_results,
                                    saved_count, &made));
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

/* Reduction, names of arguments, [base, ranks, summation]. Compiles, so that errors come here; gives columns and categories of inputs too. */
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
            output[0] = axis, output[1] = (double)dim, output[2] = code == RKEOPS_DTYPE_COMPLEX;
        }
    }
    forget_kept();
    results[0] = new_handle(OPERATOR, made);
}

/* Operator, then arrays whose points are columns. */
COMMAND(run) {
    if (count < 1) expect(count, 1, 1000, "run");
    run_operator((Operator *)handle_of(values[0], OPERATOR), result_count, results, COLUMNS, NULL, count - 1, values + 1);
}

/* An operator that lasts as long as the call, of name, formula, axis, parameters, weights. */
static Operator *passing_operator(const mxArray *values[], const mxArray *facts) {
    size_t fact_count = 0;
    const int64_t *own = integers_of(facts, "facts", &fact_count);
    if (fact_count != 2) fail(RKEOPS_ERROR_COUNT, "facts: expected 2 numbers, got %d", (int)fact_count);
    rkeops_reduction *reduction = reduction_of(values);
    keep(REDUCTION, reduction);
    Operator *made = new_operator();
    check(rkeops_reduction_retain(reduction));
    made->reduction = reduction;
    made->base = (int)own[0], made->ranks = (int)own[1];
    return made;
}

/* Name, formula, axis, parameters, weights, [base, ranks], which arguments are numbers of formulas, and arrays whose points are rows. */
COMMAND(reduce) {
    if (count < 7) expect(count, 7, 1000, "reduce");
    run_operator(passing_operator(values, values[5]), result_count, results, ROWS, values[6], count - 7, values + 7);
}

/* A reduction, [base, ranks], which arguments are numbers of formulas, and arrays whose points are rows. */
COMMAND(run_reduction) {
    if (count < 3) expect(count, 3, 1000, "run_reduction");
    rkeops_reduction *reduction = (rkeops_reduction *)handle_of(values[0], REDUCTION);
    size_t fact_count = 0;
    const int64_t *facts = integers_of(values[1], "facts", &fact_count);
    if (fact_count != 2) fail(RKEOPS_ERROR_COUNT, "facts: expected 2 numbers, got %d", (int)fact_count);
    Operator *made = new_operator();
    check(rkeops_reduction_retain(reduction));
    made->reduction = reduction;
    made->base = (int)facts[0], made->ranks = (int)facts[1];
    run_operator(made, result_count, results, ROWS, values[2], count - 3, values + 3);
}

/* A formula, which arguments are numbers of formulas, and arrays whose points are rows: the matrix. */
COMMAND(full) {
    UNUSED;
    if (count < 2) expect(count, 2, 1000, "full");
    rkeops_formula *formula = (rkeops_formula *)handle_of(values[0], FORMULA);
    Operator *made = new_operator();
    check(rkeops_reduction_create("Sum", formula, RKEOPS_AXIS_I, NULL, 0, NULL, &made->reduction));
    results[0] = entries(made, values[1], count - 2, values + 2);
}

/* A reduction, position of the unknown, kinds, [alpha, tolerance, iterations], layout (0: points are rows), weak ones, names, arrays. */
COMMAND(solve_system) {
    if (count < 7) expect(count, 7, 1000, "solve");
    size_t name_count = 0;
    const char **texts = texts_of(values[6], "names", &name_count);
    const Names names = {texts, name_count};
    const int64_t unknown = integer_of(values[1], "unknown");
    if (unknown < 0) fail(RKEOPS_ERROR_ARGUMENT, "unknown: expected a position, got %lld", (long long)unknown);
    solve((const rkeops_reduction *)handle_of(values[0], REDUCTION), (size_t)unknown, values[2], values[3],
          integer_of(values[4], "layout") ? COLUMNS : ROWS, values[5], result_count, results, count - 7, values + 7, &names);
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
    settings.bits = (int)numbers[0], settings.target = (int)numbers[1], settings.device = (int)numbers[2], settings.threads = (int)numbers[3];
    settings.summation = (int)numbers[4], settings.accumulator = (int)numbers[5], settings.progress = (int)numbers[6];
    settings.stamp += 1;
}

/* What `set` has set: it lasts when MATLAB clears everything, as this file does. */
COMMAND(get) {
    UNUSED;
    const int numbers[] = {settings.bits, settings.target, settings.device, settings.threads, settings.summation, settings.accumulator,
                           settings.progress};
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
    {"run", run},           {"reduce", reduce},       {"apply", apply},       {"free", free_one},       {"variable", variable},
    {"constant", constant}, {"renumber", renumber},   {"full", full},         {"transpose", transpose}, {"text", text},
    {"parse", parse},       {"operator", make_operator}, {"gradient", gradient}, {"saved", saved},      {"reduction", make_reduction},
    {"solve", solve_system}, {"explain", explain},    {"alive", alive},       {"count", handle_count},  {"set", set},
    {"get", get},
    {"version", version},   {"doctor", doctor},       {"unload", unload},     {"run_reduction", run_reduction},
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
    fail(RKEOPS_ERROR_ARGUMENT, "expected the name of a command as the first argument%s%s%s", *name ? ", got '" : "", name,
         *name ? "'" : "");
}
