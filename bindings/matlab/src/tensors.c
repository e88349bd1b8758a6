/* Symbolic tensors: a formula, the arguments that it is a formula of, and how many points i and j have. What the
   arguments hold MATLAB's part keeps, in the same order. */

#include "binding.h"

#include <stdlib.h>
#include <string.h>

void free_tensor(Tensor *tensor) {
    if (!tensor) return;
    rkeops_formula_free(tensor->formula);
    free_ranges(tensor->ranges);
    free(tensor->arguments);
    free(tensor);
}

/* A tensor without formula that may take so many arguments; it is freed when the call ends by an error. */
static Tensor *new_tensor(size_t room) {
    Tensor *made = (Tensor *)calloc(1, sizeof(Tensor));
    if (made) made->arguments = (Argument *)malloc((room + 1) * sizeof(Argument));
    if (!made || !made->arguments) {
        free(made);
        fail(RKEOPS_ERROR_SIZE, "there is no memory for another tensor");
    }
    made->points[0] = made->points[1] = -1;
    keep(TENSOR, made);
    return made;
}

static double new_id(void) {
    static double last = 0;
    return ++last;
}

Tensor *tensor_of_variable(int64_t columns, int32_t category, int64_t points, int is_weak, int is_complex) {
    Tensor *made = new_tensor(1);
    check(rkeops_formula_variable(0, columns, category, &made->formula));
    if (is_complex) {
        rkeops_formula *parts = made->formula;
        made->formula = NULL;
        keep(FORMULA, parts);
        const rkeops_formula *operands[] = {parts};
        check(rkeops_formula_apply("AsComplex", operands, 1, NULL, 0, &made->formula));
    }
    made->count = 1;
    made->is_variable = 1;
    made->arguments[0] = (Argument){columns, category, is_weak, new_id()};
    if (category != RKEOPS_CATEGORY_PARAMETER) made->points[category] = points;
    return made;
}

Tensor *tensor_of_constant(double value) {
    Tensor *made = new_tensor(0);
    check(rkeops_formula_constant(value, &made->formula));
    return made;
}

static void add_points(int64_t all[2], const int64_t own[2], const char *name, size_t operand) {
    for (int index = 0; index < 2; ++index) {
        if (own[index] < 0) continue;
        if (all[index] >= 0 && all[index] != own[index]) {
            fail(RKEOPS_ERROR_SHAPE,
                 "%s: argument %d: expected %lld points of index %c, as the arguments before it have, got %lld", name,
                 (int)operand + 1, (long long)all[index], "ij"[index], (long long)own[index]);
        }
        all[index] = own[index];
    }
}

static void add_ranges(Tensor *all, Ranges ranges, const char *name, size_t operand) {
    if (!ranges.own || ranges.own == all->ranges.own) return;
    if (all->ranges.own) {
        fail(RKEOPS_ERROR_ARGUMENT, "%s: argument %d: expected the ranges of the arguments before it, got others", name,
             (int)operand + 1);
    }
    all->ranges = retained(ranges);
}

Tensor *joined(const char *name, Tensor *const *operands, size_t count, rkeops_formula **formulas, mxArray **sources) {
    size_t room = 0;
    for (size_t k = 0; k < count; ++k) room += operands[k]->count;
    Tensor *all = new_tensor(room);
    int64_t *places = (int64_t *)mxMalloc((room + 1) * sizeof(int64_t));
    double *from = (double *)mxMalloc((room + 1) * sizeof(double));
    size_t before = 0;
    for (size_t k = 0; k < count; ++k) {
        const Tensor *own = operands[k];
        add_points(all->points, own->points, name, k);
        add_ranges(all, own->ranges, name, k);
        int is_moved = 0;
        for (size_t n = 0; n < own->count; ++n) {
            size_t place = 0;
            while (place < all->count && all->arguments[place].id != own->arguments[n].id) ++place;
            if (place == all->count) {
                from[place] = (double)(before + n + 1);
                all->arguments[all->count++] = own->arguments[n];
            }
            places[n] = (int64_t)place;
            is_moved |= place != n;
        }
        before += own->count;
        formulas[k] = own->formula;
        if (is_moved) {
            check(rkeops_formula_renumber(own->formula, places, own->count, &formulas[k]));
            keep(FORMULA, formulas[k]);
        }
    }
    *sources = mxCreateDoubleMatrix(1, all->count, mxREAL);
    memcpy(mxGetPr(*sources), from, all->count * sizeof(double));
    return all;
}

static Tensor *copy_of(const Tensor *tensor) {
    Tensor *made = new_tensor(tensor->count);
    made->count = tensor->count;
    made->is_variable = tensor->is_variable;
    memcpy(made->arguments, tensor->arguments, tensor->count * sizeof(Argument));
    memcpy(made->points, tensor->points, sizeof made->points);
    return made;
}

Tensor *transposed(const Tensor *tensor) {
    Tensor *made = copy_of(tensor);
    check(rkeops_formula_transpose(tensor->formula, &made->formula));
    made->points[0] = tensor->points[1], made->points[1] = tensor->points[0];
    const Ranges ranges = tensor->ranges;
    if (ranges.own) {
        made->ranges = retained((Ranges){ranges.exchanged, ranges.own, {ranges.visits[1], ranges.visits[0]}});
    }
    for (size_t k = 0; k < made->count; ++k) {
        Argument *own = &made->arguments[k];
        if (own->category == RKEOPS_CATEGORY_PARAMETER) continue;
        own->category = RKEOPS_CATEGORY_J - own->category;
        /* The same data of the other index are another argument, and twice exchanged the same again. */
        own->id = -own->id;
    }
    return made;
}

Tensor *part_of(const Tensor *tensor, int32_t category, int64_t points) {
    if (tensor->ranges.own) fail(RKEOPS_ERROR_UNSUPPORTED, "K(rows, columns): K is restricted to ranges of all rows");
    Tensor *made = copy_of(tensor);
    check(rkeops_formula_retain(tensor->formula));
    made->formula = tensor->formula;
    made->points[category] = points;
    for (size_t k = 0; k < made->count; ++k) {
        /* Other data are another argument. */
        if (made->arguments[k].category == category) made->arguments[k].id = new_id();
    }
    return made;
}

mxArray *arguments_of(const Tensor *tensor) {
    mxArray *value = mxCreateDoubleMatrix(3, tensor->count, mxREAL);
    double *to = mxGetPr(value);
    for (size_t k = 0; k < tensor->count; ++k) {
        *to++ = (double)tensor->arguments[k].columns;
        *to++ = (double)tensor->arguments[k].category;
        *to++ = tensor->arguments[k].id;
    }
    return value;
}

mxArray *weak_of(const Tensor *tensor) {
    mxArray *value = mxCreateLogicalMatrix(1, tensor->count);
    for (size_t k = 0; k < tensor->count; ++k) mxGetLogicals(value)[k] = tensor->arguments[k].is_weak != 0;
    return value;
}

Tensor *restricted(const Tensor *tensor, const Ranges *ranges) {
    Tensor *made = copy_of(tensor);
    check(rkeops_formula_retain(tensor->formula));
    made->formula = tensor->formula;
    made->ranges = retained(*ranges);
    return made;
}
