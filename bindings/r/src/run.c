/* Compiles kernels and runs them on R's matrices. */

#include "binding.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* An element of a list, by its name; NULL of R if there is none. */
static SEXP element(SEXP list, const char *name) {
    SEXP names = Rf_getAttrib(list, R_NamesSymbol);
    for (R_xlen_t k = 0; k < Rf_xlength(names); ++k) {
        if (!strcmp(CHAR(STRING_ELT(names, k)), name)) return VECTOR_ELT(list, k);
    }
    return R_NilValue;
}

static int integer_option(SEXP list, const char *name) {
    SEXP value = element(list, name);
    return value == R_NilValue ? 0 : Rf_asInteger(value);
}

static rkeops_options compilation(SEXP list) {
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    options.dtype_bits = integer_option(list, "bits");
    options.target = integer_option(list, "target");
    options.accumulator_bits = integer_option(list, "accumulator");
    options.summation = integer_option(list, "summation");
    return options;
}

SEXP r_compile(SEXP reductions, SEXP options) {
    void **handles = handles_of(reductions, REDUCTION);
    const rkeops_options own = compilation(options);
    rkeops_kernel *kernel = NULL;
    check(rkeops_kernel_compile((const rkeops_reduction *const *)handles, Rf_xlength(reductions), &own, &kernel));
    return new_handle(KERNEL, kernel);
}

/* Columns and category of each input, a matrix with a column for each. */
SEXP r_kernel_facts(SEXP kernel) {
    const rkeops_kernel *own = handle_of(kernel, KERNEL);
    size_t count = 0;
    check(rkeops_kernel_input_count(own, &count));
    SEXP facts = PROTECT(Rf_allocMatrix(INTSXP, 2, (int)count));
    for (size_t k = 0; k < count; ++k) {
        int64_t dim = 0;
        int32_t category = 0;
        check(rkeops_kernel_input(own, k, &dim, &category));
        INTEGER(facts)[2 * k] = (int)dim;
        INTEGER(facts)[2 * k + 1] = category;
    }
    UNPROTECT(1);
    return facts;
}

SEXP r_explain(SEXP kernel) {
    rkeops_text *text = NULL;
    check(rkeops_kernel_explain(handle_of(kernel, KERNEL), &text));
    return take_text(text);
}

/* Pairs of rows from which on a run looks whether the user wants to stop it. */
#define MANY_PAIRS (1 << 20)

/* What a run tells while it works. */
typedef struct {
    SEXP function;
    int is_interrupted;
    int has_failed;
    double done, total;
    char message[512];
} Watch;

static void look_for_interrupt(void *unused) {
    (void)unused;
    R_CheckUserInterrupt();
}

static SEXP call_function(void *watch) {
    const Watch *own = (const Watch *)watch;
    SEXP done = PROTECT(Rf_ScalarReal(own->done)), total = PROTECT(Rf_ScalarReal(own->total));
    SEXP call = PROTECT(Rf_lang3(own->function, done, total));
    Rf_eval(call, R_GlobalEnv);
    UNPROTECT(3);
    return R_NilValue;
}

/* What has ended the function: an interrupt, or an error, of which the words are kept. */
static SEXP note_condition(SEXP condition, void *watch) {
    Watch *own = (Watch *)watch;
    if (Rf_inherits(condition, "interrupt")) {
        own->is_interrupted = 1;
        return R_NilValue;
    }
    own->has_failed = 1;
    SEXP call = PROTECT(Rf_lang2(Rf_install("conditionMessage"), condition));
    SEXP message = PROTECT(Rf_eval(call, R_BaseEnv));
    if (TYPEOF(message) == STRSXP && Rf_xlength(message) == 1) {
        snprintf(own->message, sizeof own->message, "%s", Rf_translateCharUTF8(STRING_ELT(message, 0)));
    }
    UNPROTECT(2);
    return R_NilValue;
}

static void try_function(void *watch) {
    SEXP kinds = PROTECT(Rf_allocVector(STRSXP, 2));
    SET_STRING_ELT(kinds, 0, Rf_mkChar("error"));
    SET_STRING_ELT(kinds, 1, Rf_mkChar("interrupt"));
    R_tryCatch(call_function, watch, kinds, note_condition, watch, NULL, NULL);
    UNPROTECT(1);
}

/* Nothing of R may jump over the library's frames: what would jump to the top of R stops here, and the run ends as if interrupted. */
static int32_t watch(double done, double total, Watch *own) {
    if (!R_ToplevelExec(look_for_interrupt, NULL)) return own->is_interrupted = 1;
    if (own->function == R_NilValue) return 0;
    own->done = done, own->total = total;
    if (!R_ToplevelExec(try_function, own)) own->is_interrupted = 1;
    return own->is_interrupted || own->has_failed;
}

static int32_t watch_pairs(uint64_t done, uint64_t total, void *user) { return watch((double)done, (double)total, (Watch *)user); }

static int32_t watch_iteration(uint64_t iteration, double residual, void *user) {
    return watch((double)iteration, residual, (Watch *)user);
}

/* Ends a run: by the error of the library, of a function of R, or of the user who stopped it. */
static void end_run(rkeops_error *error, const Watch *own) {
    if (own->is_interrupted || own->has_failed) rkeops_error_free(error);
    if (own->is_interrupted) interrupt();
    if (own->has_failed) fail(RKEOPS_ERROR_CANCELLED, "the progress function stopped the run: %s", own->message);
    check(error);
}

/* The arguments of a call, in the order of the names that the formula has for them. */
static SEXP *ordered(SEXP inputs, SEXP names, size_t count) {
    if (TYPEOF(inputs) != VECSXP) fail(RKEOPS_ERROR_ARGUMENT, "input: expected a list of matrices, got a value of type '%s'", Rf_type2char(TYPEOF(inputs)));
    if ((size_t)Rf_xlength(inputs) != count) fail(RKEOPS_ERROR_COUNT, "input: expected %d arguments, got %d", (int)count, (int)Rf_xlength(inputs));
    if (names != R_NilValue && (size_t)Rf_xlength(names) < count) fail(RKEOPS_ERROR_INTERNAL, "the formula has arguments without a name");
    SEXP *values = (SEXP *)R_alloc(count > 0 ? count : 1, sizeof(SEXP));
    SEXP given = Rf_getAttrib(inputs, R_NamesSymbol);
    for (size_t k = 0; k < count; ++k) {
        R_xlen_t place = (R_xlen_t)k;
        if (given != R_NilValue && names != R_NilValue && *CHAR(STRING_ELT(names, k))) {
            const char *name = CHAR(STRING_ELT(names, k));
            for (place = 0; place < (R_xlen_t)count && strcmp(CHAR(STRING_ELT(given, place)), name); ++place) {}
            if (place == (R_xlen_t)count) fail(RKEOPS_ERROR_ARGUMENT, "input: expected an argument named '%s', as the formula has it", name);
        }
        values[k] = VECTOR_ELT(inputs, place);
    }
    return values;
}

/* A result while a run writes it: R's object, and what is converted to it where R has no such numbers. */
typedef struct {
    Operand operand;
    SEXP value;
    int64_t rows, columns;
    int is_index, is_complex, is_narrow;
} Result;

/* An axis of an array of R's, which counts in ints. */
static int extent(int64_t count) {
    if (count > INT_MAX) fail(RKEOPS_ERROR_SIZE, "the result has an axis of length %lld; R's arrays have axes up to %d", (long long)count, INT_MAX);
    return (int)count;
}

/* Gives a result its axes: two, or three where there is a third. */
static void set_axes(SEXP value, int64_t first, int64_t second, int64_t third) {
    SEXP dim = PROTECT(Rf_allocVector(INTSXP, third < 0 ? 2 : 3));
    INTEGER(dim)[0] = extent(first), INTEGER(dim)[1] = extent(second);
    if (third >= 0) INTEGER(dim)[2] = extent(third);
    Rf_setAttrib(value, R_DimSymbol, dim);
    UNPROTECT(1);
}

/* The most bytes that a process can address: beyond, a result is refused before its size overflows. */
#define MANY_BYTES 0x1p47

/* Allocates a result of so many rows and columns, without axes. */
static void describe_output(Result *result, int64_t rows, int64_t columns, int32_t code, int32_t bits, int points_in_columns) {
    result->rows = rows, result->columns = columns;
    result->is_index = code == RKEOPS_DTYPE_INT;
    result->is_complex = code == RKEOPS_DTYPE_COMPLEX;
    result->is_narrow = !result->is_index && bits == (result->is_complex ? 64 : 32);
    const int type = result->is_index ? INTSXP : result->is_complex ? CPLXSXP : REALSXP;
    if ((double)rows * (double)columns * 8 > MANY_BYTES) {
        fail(RKEOPS_ERROR_SIZE, "the result has %.0f entries, more than memory can hold", (double)rows * (double)columns);
    }
    result->value = PROTECT(Rf_allocVector(type, (R_xlen_t)(rows * columns)));
    rkeops_array *array = &result->operand.array;
    array->data = result->is_index || result->is_narrow ? R_alloc(rows * columns + 1, bits / 8)
                  : result->is_complex                  ? (void *)COMPLEX(result->value)
                                                        : (void *)REAL(result->value);
    array->dtype_code = code, array->dtype_bits = bits;
    array->device_type = RKEOPS_DEVICE_CPU, array->device_id = 0;
    array->rank = 2, array->shape = result->operand.shape, array->strides = result->operand.strides;
    result->operand.shape[0] = rows, result->operand.shape[1] = columns;
    result->operand.strides[0] = points_in_columns ? columns : 1;
    result->operand.strides[1] = points_in_columns ? 1 : rows;
    UNPROTECT(1);
}

/* Brings what was written to R's object. Indices count from `base`; those of neighbours that there are not, because fewer rows than asked
   were reduced, are NA. */
static void finish_output(const Result *result, int base, int64_t per_value, int64_t reduced, int points_in_columns) {
    const R_xlen_t count = (R_xlen_t)(result->rows * result->columns);
    const void *data = result->operand.array.data;
    if (result->is_narrow) {
        const R_xlen_t numbers = count * (result->is_complex ? 2 : 1);
        double *to = result->is_complex ? (double *)COMPLEX(result->value) : REAL(result->value);
        for (R_xlen_t k = 0; k < numbers; ++k) to[k] = ((const float *)data)[k];
    }
    for (R_xlen_t k = 0; result->is_index && k < count; ++k) {
        const int64_t column = points_in_columns ? k % result->columns : k / result->rows;
        const int is_none = per_value > 0 && column / per_value >= reduced;
        INTEGER(result->value)[k] = is_none ? NA_INTEGER : (int)((const int64_t *)data)[k] + base;
    }
}

/* Whether points are columns, as the argument inner_dim has it. */
static int has_points_in_columns(SEXP inner_dim) {
    const int is_string = TYPEOF(inner_dim) == STRSXP && Rf_xlength(inner_dim) == 1;
    const char *name = is_string ? CHAR(STRING_ELT(inner_dim, 0)) : "";
    if (strcmp(name, "row") && strcmp(name, "col")) {
        fail(RKEOPS_ERROR_ARGUMENT, "inner_dim: expected \"col\" (a row per point) or \"row\" (a column per point), got %s%s%s",
             is_string ? "\"" : "a value of type '", is_string ? name : Rf_type2char(TYPEOF(inner_dim)), is_string ? "\"" : "'");
    }
    return !strcmp(name, "row");
}

/* The name of an argument in brackets, where there are names. */
static const char *in_brackets(SEXP names, size_t place) {
    if (names == R_NilValue || !*CHAR(STRING_ELT(names, place))) return "";
    const char *name = CHAR(STRING_ELT(names, place));
    char *text = R_alloc(strlen(name) + 4, 1);
    sprintf(text, " (%s)", name);
    return text;
}

/* Refuses an argument that has other rows than an earlier one of its index: the library counts arguments from 0 and knows no names. */
static void check_rows(const Operand *operands, const int32_t *categories, size_t place, SEXP names) {
    if (categories[place] == RKEOPS_CATEGORY_PARAMETER) return;
    for (size_t k = 0; k < place; ++k) {
        if (categories[k] != categories[place]) continue;
        const int64_t expected = operands[k].shape[0], got = operands[place].shape[0];
        if (got != expected) {
            fail(RKEOPS_ERROR_SHAPE, "argument %d%s: expected %lld point%s, as argument %d%s has, got %lld", (int)place + 1, in_brackets(names, place),
                 (long long)expected, expected == 1 ? "" : "s", (int)k + 1, in_brackets(names, k), (long long)got);
        }
        return;
    }
}

/* A list of arguments in which data frames are matrices. */
static SEXP with_matrices(SEXP inputs) {
    for (R_xlen_t k = 0; TYPEOF(inputs) == VECSXP && k < Rf_xlength(inputs); ++k) {
        if (!Rf_isFrame(VECTOR_ELT(inputs, k))) continue;
        SEXP home = PROTECT(R_FindNamespace(PROTECT(Rf_mkString("rkeops"))));
        SEXP call = PROTECT(Rf_lang2(Rf_install(".matrices"), inputs));
        inputs = Rf_eval(call, home);
        UNPROTECT(3);
        return inputs;
    }
    return inputs;
}

/* Runs a kernel. `names` are those of the arguments, or NULL; `options` is a list of bits, base, per_value and progress. The result is a
   matrix, or a list of several. */
SEXP r_run(SEXP kernel, SEXP inputs, SEXP names, SEXP inner_dim, SEXP options) {
    const rkeops_kernel *own = handle_of(kernel, KERNEL);
    const int points_in_columns = has_points_in_columns(inner_dim);
    const int bits = integer_option(options, "bits");
    size_t input_count = 0, output_count = 0;
    int32_t axis = 0;
    check(rkeops_kernel_input_count(own, &input_count));
    check(rkeops_kernel_output_count(own, &output_count));
    check(rkeops_kernel_axis(own, &axis));
    inputs = PROTECT(with_matrices(inputs));
    SEXP *values = ordered(inputs, names, input_count);
    Operand *operands = (Operand *)R_alloc(input_count + 1, sizeof(Operand));
    rkeops_array *arrays = (rkeops_array *)R_alloc(input_count + output_count + 1, sizeof(rkeops_array));
    int32_t *categories = (int32_t *)R_alloc(input_count + 1, sizeof(int32_t));
    const int32_t kept = axis == RKEOPS_AXIS_J ? RKEOPS_CATEGORY_I : RKEOPS_CATEGORY_J;
    int64_t rows[2] = {-1, -1};
    for (size_t k = 0; k < input_count; ++k) {
        int64_t columns = 0;
        int32_t category = 0;
        check(rkeops_kernel_input(own, k, &columns, &category));
        const char *name = names == R_NilValue ? "" : CHAR(STRING_ELT(names, k));
        describe_input(&operands[k], values[k], columns, category, points_in_columns, bits, (int)k, name);
        categories[k] = category;
        check_rows(operands, categories, k, names);
        arrays[k] = operands[k].array;
        if (category != RKEOPS_CATEGORY_PARAMETER && rows[category != kept] < 0) rows[category != kept] = operands[k].shape[0];
    }
    const int64_t kept_rows = rows[0] < 0 ? 1 : rows[0], reduced_rows = rows[1] < 0 ? 1 : rows[1];
    SEXP all = PROTECT(Rf_allocVector(VECSXP, (R_xlen_t)output_count));
    Result *results = (Result *)R_alloc(output_count, sizeof(Result));
    for (size_t k = 0; k < output_count; ++k) {
        int64_t columns = 0;
        int32_t code = 0, output_bits = 0;
        check(rkeops_kernel_output(own, k, &columns, &code, &output_bits));
        describe_output(&results[k], kept_rows, columns, code, output_bits, points_in_columns);
        SET_VECTOR_ELT(all, (R_xlen_t)k, results[k].value);
        if (points_in_columns) set_axes(results[k].value, columns, kept_rows, -1);
        else set_axes(results[k].value, kept_rows, columns, -1);
        arrays[input_count + k] = results[k].operand.array;
    }
    Watch own_watch = {element(options, "progress"), 0, 0, 0, 0, ""};
    rkeops_options run = RKEOPS_OPTIONS_INIT;
    run.device = integer_option(options, "device");
    if (own_watch.function != R_NilValue || kept_rows * (double)reduced_rows >= MANY_PAIRS) {
        run.progress = watch_pairs, run.progress_user = &own_watch;
    }
    rkeops_error *error = rkeops_kernel_run(own, arrays, input_count, arrays + input_count, output_count, &run);
    end_run(error, &own_watch);
    for (size_t k = 0; k < output_count; ++k) {
        finish_output(&results[k], integer_option(options, "base"), integer_option(options, "per_value"), reduced_rows, points_in_columns);
    }
    UNPROTECT(2);
    return output_count == 1 ? VECTOR_ELT(all, 0) : all;
}

/* All entries of the matrix: those of a sum over i, of a batch of problems with one row for i each. The kernel has one output. */
SEXP r_entries(SEXP kernel, SEXP inputs, SEXP options) {
    const rkeops_kernel *own = handle_of(kernel, KERNEL);
    const int bits = integer_option(options, "bits");
    size_t count = 0;
    check(rkeops_kernel_input_count(own, &count));
    SEXP *values = ordered(inputs, R_NilValue, count);
    Operand *operands = (Operand *)R_alloc(count + 1, sizeof(Operand));
    rkeops_array *arrays = (rkeops_array *)R_alloc(count + 1, sizeof(rkeops_array));
    int64_t rows[2] = {1, 1};
    for (size_t k = 0; k < count; ++k) {
        int64_t columns = 0;
        int32_t category = 0;
        check(rkeops_kernel_input(own, k, &columns, &category));
        Operand *operand = &operands[k];
        describe_input(operand, values[k], columns, category, 0, bits, (int)k, "");
        if (category != RKEOPS_CATEGORY_PARAMETER) {
            const int64_t own_rows = operand->shape[0], step = operand->strides[0];
            rows[category] = own_rows;
            operand->shape[2] = operand->shape[1], operand->strides[2] = operand->strides[1];
            operand->shape[0] = category == RKEOPS_CATEGORY_I ? own_rows : 1, operand->strides[0] = step;
            operand->shape[1] = category == RKEOPS_CATEGORY_I ? 1 : own_rows, operand->strides[1] = step;
            operand->array.rank = 3;
        } else {
            operand->shape[1] = operand->shape[0], operand->strides[1] = operand->strides[0];
            operand->shape[0] = 1, operand->strides[0] = 0;
            operand->array.rank = 2;
        }
        arrays[k] = operand->array;
    }
    int64_t columns = 0;
    int32_t code = 0, output_bits = 0;
    check(rkeops_kernel_output(own, 0, &columns, &code, &output_bits));
    Result result;
    describe_output(&result, rows[0] * rows[1], columns, code, output_bits, 0);
    PROTECT(result.value);
    Operand *operand = &result.operand;
    operand->shape[0] = rows[0], operand->shape[1] = rows[1], operand->shape[2] = columns;
    operand->strides[0] = 1, operand->strides[1] = rows[0], operand->strides[2] = rows[0] * rows[1];
    operand->array.rank = 3;
    Watch own_watch = {R_NilValue, 0, 0, 0, 0, ""};
    rkeops_options run = RKEOPS_OPTIONS_INIT;
    run.device = integer_option(options, "device");
    run.progress = watch_pairs, run.progress_user = &own_watch;
    rkeops_error *error = rkeops_kernel_run(own, arrays, count, &operand->array, 1, &run);
    end_run(error, &own_watch);
    finish_output(&result, 0, 0, 0, 0);
    set_axes(result.value, rows[0], rows[1], columns == 1 ? -1 : columns);
    UNPROTECT(1);
    return result.value;
}

SEXP r_solver(SEXP reduction, SEXP unknown, SEXP options) {
    const rkeops_reduction *own = handle_of(reduction, REDUCTION);
    const rkeops_options compiled = compilation(options);
    rkeops_solver *solver = NULL;
    check(rkeops_solver_create(own, (size_t)*integers_of(unknown), &compiled, &solver));
    return new_handle(SOLVER, solver);
}

/* Solves (K + alpha I) x = b, where b is in the place of the unknown among `inputs`; `kinds` has columns and category of each, `settings`
   are alpha, the tolerance and iterations at most. The result is a list: x, iterations, residual. */
SEXP r_solve(SEXP solver, SEXP unknown, SEXP inputs, SEXP names, SEXP kinds, SEXP settings, SEXP options) {
    const rkeops_solver *own = handle_of(solver, SOLVER);
    const int bits = integer_option(options, "bits");
    const size_t count = (size_t)Rf_xlength(kinds) / 2;
    inputs = PROTECT(with_matrices(inputs));
    SEXP *values = ordered(inputs, names, count);
    Operand *operands = (Operand *)R_alloc(count, sizeof(Operand));
    rkeops_array *arrays = (rkeops_array *)R_alloc(count, sizeof(rkeops_array));
    int32_t *categories = (int32_t *)R_alloc(count, sizeof(int32_t));
    for (size_t k = 0; k < count; ++k) {
        const int *kind = INTEGER(kinds) + 2 * k;
        const char *name = names == R_NilValue ? "" : CHAR(STRING_ELT(names, k));
        describe_input(&operands[k], values[k], kind[0], kind[1], 0, bits, (int)k, name);
        categories[k] = kind[1];
        check_rows(operands, categories, k, names);
        arrays[k] = operands[k].array;
    }
    const Operand *right = &operands[*integers_of(unknown)];
    Result result;
    const int is_complex = right->array.dtype_code == RKEOPS_DTYPE_COMPLEX;
    describe_output(&result, right->shape[0], right->shape[1], is_complex ? RKEOPS_DTYPE_COMPLEX : RKEOPS_DTYPE_FLOAT, bits * (is_complex ? 2 : 1), 0);
    PROTECT(result.value);
    set_axes(result.value, right->shape[0], right->shape[1], -1);
    Watch own_watch = {element(options, "progress"), 0, 0, 0, 0, ""};
    rkeops_solve_options solve = RKEOPS_SOLVE_OPTIONS_INIT;
    solve.alpha = REAL(settings)[0], solve.tolerance = REAL(settings)[1], solve.iterations = (uint64_t)REAL(settings)[2];
    solve.progress = watch_iteration, solve.progress_user = &own_watch;
    Watch interrupts = {R_NilValue, 0, 0, 0, 0, ""};
    rkeops_options run = RKEOPS_OPTIONS_INIT;
    run.device = integer_option(options, "device");
    run.progress = watch_pairs, run.progress_user = &interrupts;
    rkeops_solution solution = {0, 0};
    rkeops_error *error = rkeops_solver_run(own, arrays, count, &result.operand.array, &solve, &run, &solution);
    own_watch.is_interrupted |= interrupts.is_interrupted;
    end_run(error, &own_watch);
    finish_output(&result, 0, 0, 0, 0);
    SEXP all = PROTECT(Rf_allocVector(VECSXP, 3));
    SET_VECTOR_ELT(all, 0, result.value);
    SET_VECTOR_ELT(all, 1, Rf_ScalarReal((double)solution.iterations));
    SET_VECTOR_ELT(all, 2, Rf_ScalarReal(solution.residual));
    UNPROTECT(3);
    return all;
}
