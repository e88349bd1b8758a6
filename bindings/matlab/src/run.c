/* Compiles kernels and runs them on MATLAB's arrays. */

#include "binding.h"

#include <stdio.h>
#include <signal.h>
#include <string.h>

#ifdef RKEOPS_OCTAVE
/* Of Octave's quit.h, which it has for C: a signal that nobody has seen yet, and interrupts that are pending. */
extern volatile sig_atomic_t octave_signal_caught;
extern sig_atomic_t octave_interrupt_state;
#endif

/* Pairs of rows from which on a run looks whether the user wants to stop it. */
#define MANY_PAIRS 1048576.0

/* What a run tells while it works. */
typedef struct {
    int is_interrupted, percent;
} Watch;

static int is_interrupt_pending(void) {
#ifdef RKEOPS_OCTAVE
    return octave_signal_caught || octave_interrupt_state > 0;
#else
    /* MATLAB documents no question that a MEX file may ask. Its own commands look for Ctrl-C: one that ends by an error
       ends the run. */
    const size_t outer = begin_inner_calls();
    mxArray *problem = mexCallMATLABWithTrap(0, NULL, 0, NULL, "drawnow");
    end_inner_calls(outer);
    if (problem) mxDestroyArray(problem);
    return problem != NULL;
#endif
}

static int32_t watch_pairs(uint64_t done, uint64_t total, void *user) {
    Watch *watch = (Watch *)user;
    if (is_interrupt_pending()) return watch->is_interrupted = 1;
    const int percent = total ? (int)(100.0 * (double)done / (double)total) : 100;
    if (settings.progress && percent != watch->percent) {
        mexPrintf("\rrkeops: %3d %%%s", percent, percent == 100 ? "\n" : "");
        watch->percent = percent;
    }
    return 0;
}

static int32_t watch_iteration(uint64_t iteration, double residual, void *user) {
    Watch *watch = (Watch *)user;
    if (settings.progress) {
        mexPrintf("\rrkeops: iteration %llu, residual %-12.3g", (unsigned long long)iteration, residual);
    }
    return is_interrupt_pending() ? watch->is_interrupted = 1 : 0;
}

static rkeops_options compilation(int bits, int summation) {
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    options.dtype_bits = bits;
    options.target = settings.target;
    options.summation = summation >= 0 ? summation : settings.summation;
    options.accumulator_bits = settings.accumulator >= bits ? settings.accumulator : 0;
    return options;
}

static rkeops_options run_options(Watch *watch, double pairs, const Ranges *ranges) {
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    options.threads = settings.threads;
    options.device = settings.device;
    options.ranges = ranges ? ranges->own : NULL;
    if (settings.progress || pairs >= MANY_PAIRS) options.progress = watch_pairs, options.progress_user = watch;
    return options;
}

static void end_run(rkeops_error *error, const Watch *watch) {
    if (error && watch->is_interrupted) {
        rkeops_error_free(error);
        fail(RKEOPS_ERROR_CANCELLED, "the run was stopped by an interrupt");
    }
    check(error);
}

void compile_operator(Operator *operator_, int bits) {
    if (operator_->stamp != settings.stamp) {
        for (int k = 0; k < 2; ++k) rkeops_kernel_free(operator_->kernels[k]), operator_->kernels[k] = NULL;
        operator_->stamp = settings.stamp;
    }
    const int place = bits == 64;
    if (operator_->kernels[place]) return;
    const rkeops_options options = compilation(bits, operator_->summation);
    const rkeops_reduction *reductions[] = {operator_->reduction};
    check(rkeops_kernel_compile(reductions, 1, &options, &operator_->kernels[place]));
}

/* The name of an argument, or "". */
static const char *name_of(const Names *names, size_t position) {
    return position < names->count ? names->texts[position] : "";
}

static void add_batch(Operand *all, const Operand *one, size_t position) {
    for (int axis = 0; axis < one->batch_rank; ++axis) {
        if (axis >= all->batch_rank) all->batch[axis] = 1;
        if (one->batch[axis] != 1 && all->batch[axis] != 1 && one->batch[axis] != all->batch[axis]) {
            fail(RKEOPS_ERROR_SHAPE,
                 "argument %d: expected an extent of 1 or %lld in axis %d, which earlier arguments have, got %lld",
                 (int)position + 1, (long long)all->batch[axis], axis + 3, (long long)one->batch[axis]);
        }
        if (one->batch[axis] != 1) all->batch[axis] = one->batch[axis];
        if (axis >= all->batch_rank) all->batch_rank = axis + 1;
    }
}

/* Refuses an argument that has other rows than an earlier one of its index. */
static void check_rows(const Operand *operands, const int32_t *categories, size_t place, const Names *names) {
    if (categories[place] == RKEOPS_CATEGORY_PARAMETER) return;
    for (size_t k = 0; k < place; ++k) {
        if (categories[k] != categories[place]) continue;
        if (operands[k].rows == operands[place].rows) return;
        const char *own = name_of(names, place), *other = name_of(names, k);
        fail(RKEOPS_ERROR_SHAPE, "argument %d%s%s%s: expected %lld points, as argument %d%s%s%s has, got %lld",
             (int)place + 1, *own ? " (" : "", own, *own ? ")" : "", (long long)operands[k].rows, (int)k + 1,
             *other ? " (" : "", other, *other ? ")" : "", (long long)operands[place].rows);
    }
}

/* All arguments of a run. `rows` become those of i and j, -1 where nothing tells, `all` gets the batch of all. */
static Operand *describe_all(size_t count, const int64_t *columns, const int32_t *categories,
                             const mxArray *const *values, Layout layout, int bits, const Names *names,
                             int64_t rows[2], Operand *all) {
    Operand *operands = (Operand *)mxMalloc((count + 1) * sizeof(Operand));
    rows[0] = rows[1] = -1;
    all->batch_rank = 0;
    for (size_t k = 0; k < count; ++k) {
        describe_input(&operands[k], values[k], columns[k], categories[k], layout, bits, k, name_of(names, k));
        check_rows(operands, categories, k, names);
        add_batch(all, &operands[k], k);
        if (categories[k] == RKEOPS_CATEGORY_PARAMETER) continue;
        if (rows[categories[k]] < 0) rows[categories[k]] = operands[k].rows;
    }
    return operands;
}

static double pairs_of(const int64_t rows[2], const Operand *all) {
    double pairs = (rows[0] < 0 ? 1.0 : (double)rows[0]) * (rows[1] < 0 ? 1.0 : (double)rows[1]);
    for (int axis = 0; axis < all->batch_rank; ++axis) pairs *= (double)all->batch[axis];
    return pairs;
}

/* Columns and categories of the inputs of a kernel, which last as long as the call. */
static void inputs_of(const rkeops_kernel *kernel, size_t count, int64_t **columns, int32_t **categories) {
    *columns = (int64_t *)mxMalloc((count + 1) * sizeof(int64_t));
    *categories = (int32_t *)mxMalloc((count + 1) * sizeof(int32_t));
    for (size_t k = 0; k < count; ++k) check(rkeops_kernel_input(kernel, k, *columns + k, *categories + k));
}

void run_operator(Operator *operator_, int result_count, mxArray *results[], Layout layout, Manner manner,
                  int input_count, const mxArray *inputs[]) {
    const int bits = bits_for(inputs, (size_t)input_count, manner.weak);
    compile_operator(operator_, bits);
    const rkeops_kernel *kernel = operator_->kernels[bits == 64];
    size_t count = 0, output_count = 0;
    int32_t axis = 0;
    check(rkeops_kernel_input_count(kernel, &count));
    check(rkeops_kernel_output_count(kernel, &output_count));
    check(rkeops_kernel_axis(kernel, &axis));
    /* Tensors may hold arguments that the formula no longer needs; functions have as many as were declared. */
    if ((size_t)input_count < count || (!manner.weak && (size_t)input_count > count)) {
        fail(RKEOPS_ERROR_COUNT, "expected %d argument%s, got %d", (int)count, count == 1 ? "" : "s", input_count);
    }
    if (result_count > (int)output_count) {
        fail(RKEOPS_ERROR_COUNT, "there %s %d result%s, %d were asked for", output_count == 1 ? "is" : "are",
             (int)output_count, output_count == 1 ? "" : "s", result_count);
    }
    int64_t *columns;
    int32_t *categories;
    inputs_of(kernel, count, &columns, &categories);
    int64_t rows[2];
    Operand all;
    const Operand *operands = describe_all(count, columns, categories, inputs, layout, bits, &operator_->names, rows,
                                           &all);
    const double pairs = pairs_of(rows, &all);
    const int kept = axis == RKEOPS_AXIS_J ? 0 : 1;
    const int64_t kept_rows = rows[kept] < 0 ? 1 : rows[kept], reduced = rows[1 - kept] < 0 ? 1 : rows[1 - kept];
    rkeops_array *arrays = (rkeops_array *)mxMalloc((count + output_count + 1) * sizeof(rkeops_array));
    for (size_t k = 0; k < count; ++k) arrays[k] = operands[k].array;
    Operand *outputs = (Operand *)mxMalloc((output_count + 1) * sizeof(Operand));
    for (size_t k = 0; k < output_count; ++k) {
        int64_t own = 0;
        int32_t code = 0, own_bits = 0;
        check(rkeops_kernel_output(kernel, k, &own, &code, &own_bits));
        outputs[k] = all;
        describe_output(&outputs[k], kept_rows, own, code, own_bits, layout);
        arrays[count + k] = outputs[k].array;
    }
    Watch watch = {0, -1};
    const rkeops_options options = run_options(&watch, pairs, manner.ranges);
    end_run(rkeops_kernel_run(kernel, arrays, count, arrays + count, output_count, &options), &watch);
    const int tells_places = manner.ranges && operator_->base > 0;
    const int64_t *met = tells_places ? met_of(manner.ranges->visits[kept], kept_rows) : NULL;
    for (size_t k = 0; k < output_count && (k == 0 || (int)k < result_count); ++k) {
        results[k] = finished(&outputs[k], layout, operator_->base, operator_->ranks, reduced, met);
    }
}

/* All entries of the matrix: those of a sum over i, of a batch of problems with one row for i and one for j each. */
mxArray *entries(Operator *operator_, const mxArray *weak, int input_count, const mxArray *inputs[]) {
    const int bits = bits_for(inputs, (size_t)input_count, weak);
    compile_operator(operator_, bits);
    const rkeops_kernel *kernel = operator_->kernels[bits == 64];
    size_t count = 0;
    check(rkeops_kernel_input_count(kernel, &count));
    if ((size_t)input_count < count) fail(RKEOPS_ERROR_COUNT, "expected %d arguments, got %d", (int)count, input_count);
    int64_t *columns;
    int32_t *categories;
    inputs_of(kernel, count, &columns, &categories);
    int64_t rows[2];
    Operand all;
    Operand *operands = describe_all(count, columns, categories, inputs, ROWS, bits, &operator_->names, rows, &all);
    if (all.batch_rank > 0) {
        fail(RKEOPS_ERROR_UNSUPPORTED, "full: expected matrices, got arrays with more than two axes");
    }
    const double pairs = pairs_of(rows, &all);
    rkeops_array *arrays = (rkeops_array *)mxMalloc((count + 1) * sizeof(rkeops_array));
    for (size_t k = 0; k < count; ++k) {
        Operand *own = &operands[k];
        if (categories[k] != RKEOPS_CATEGORY_PARAMETER) {
            const int is_i = categories[k] == RKEOPS_CATEGORY_I;
            const int64_t step = own->strides[0];
            own->shape[3] = own->columns, own->strides[3] = own->strides[1];
            own->shape[0] = is_i ? own->rows : 1, own->strides[0] = step;
            own->shape[1] = is_i ? 1 : own->rows, own->strides[1] = step;
            own->shape[2] = 1, own->strides[2] = 0;
            own->array.rank = 4;
        } else {
            own->shape[2] = own->shape[0], own->strides[2] = own->strides[0];
            own->shape[0] = own->shape[1] = 1, own->strides[0] = own->strides[1] = 0;
            own->array.rank = 3;
        }
        arrays[k] = own->array;
    }
    int64_t wide = 0;
    int32_t code = 0, own_bits = 0;
    check(rkeops_kernel_output(kernel, 0, &wide, &code, &own_bits));
    const int64_t m = rows[0] < 0 ? 1 : rows[0], n = rows[1] < 0 ? 1 : rows[1];
    Operand output = {.batch_rank = wide == 1 ? 0 : 1, .batch = {wide}};
    describe_output(&output, m, n, code, own_bits, ROWS);
    output.shape[0] = m, output.shape[1] = n, output.shape[2] = 1, output.shape[3] = wide;
    output.strides[0] = 1, output.strides[1] = m, output.strides[2] = 1, output.strides[3] = m * n;
    output.array.rank = 4;
    output.array.shape = output.shape, output.array.strides = output.strides;
    Watch watch = {0, -1};
    const rkeops_options options = run_options(&watch, pairs, NULL);
    end_run(rkeops_kernel_run(kernel, arrays, count, &output.array, 1, &options), &watch);
    return finished(&output, ROWS, 0, 0, 0, NULL);
}

/* Solves (K + alpha I) x = b, where b is in the place of the unknown among `inputs`; `kinds` has columns and category
   of each, `numbers` are alpha, the tolerance, iterations at most and how sums are added. */
void solve(const rkeops_reduction *reduction, size_t unknown, const mxArray *kinds, const mxArray *numbers,
           Layout layout, Manner manner, int result_count, mxArray *results[], int input_count,
           const mxArray *inputs[], const Names *names) {
    const int bits = bits_for(inputs, (size_t)input_count, manner.weak);
    size_t kind_count = 0;
    const int64_t *kind = integers_of(kinds, "kinds", &kind_count);
    const size_t count = kind_count / 2;
    if ((size_t)input_count != count) {
        fail(RKEOPS_ERROR_COUNT, "expected %d arguments, got %d", (int)count, input_count);
    }
    if (unknown >= count || mxGetNumberOfElements(numbers) != 4 || !mxIsDouble(numbers)) {
        fail(RKEOPS_ERROR_ARGUMENT, "solve: expected the position of an argument and four numbers");
    }
    const rkeops_options options = compilation(bits, (int)mxGetPr(numbers)[3]);
    rkeops_solver *solver = NULL;
    check(rkeops_solver_create(reduction, unknown, &options, &solver));
    keep_solver(solver);
    int64_t *columns = (int64_t *)mxMalloc((count + 1) * sizeof(int64_t));
    int32_t *categories = (int32_t *)mxMalloc((count + 1) * sizeof(int32_t));
    for (size_t k = 0; k < count; ++k) columns[k] = kind[2 * k], categories[k] = (int32_t)kind[2 * k + 1];
    int64_t rows[2];
    Operand all;
    const Operand *operands = describe_all(count, columns, categories, inputs, layout, bits, names, rows, &all);
    rkeops_array *arrays = (rkeops_array *)mxMalloc((count + 1) * sizeof(rkeops_array));
    for (size_t k = 0; k < count; ++k) arrays[k] = operands[k].array;
    const Operand *right = &operands[unknown];
    Operand output = all;
    const int code = right->is_complex ? RKEOPS_DTYPE_COMPLEX : RKEOPS_DTYPE_FLOAT;
    describe_output(&output, right->rows, right->columns, code, right->is_complex ? 2 * bits : bits, layout);
    Watch watch = {0, -1}, iterations = {0, -1};
    rkeops_solve_options how = RKEOPS_SOLVE_OPTIONS_INIT;
    how.alpha = mxGetPr(numbers)[0], how.tolerance = mxGetPr(numbers)[1];
    how.iterations = (uint64_t)mxGetPr(numbers)[2];
    how.progress = watch_iteration, how.progress_user = &iterations;
    rkeops_options run = run_options(&watch, pairs_of(rows, &all), manner.ranges);
    if (settings.progress) run.progress = NULL;
    rkeops_solution solution = {0, 0};
    rkeops_error *error = rkeops_solver_run(solver, arrays, count, &output.array, &how, &run, &solution);
    if (settings.progress) mexPrintf("\n");
    watch.is_interrupted |= iterations.is_interrupted;
    end_run(error, &watch);
    results[0] = finished(&output, layout, 0, 0, 0, NULL);
    if (result_count > 1) results[1] = mxCreateDoubleScalar((double)solution.iterations);
    if (result_count > 2) results[2] = mxCreateDoubleScalar(solution.residual);
}
