/* MATLAB's arrays as arrays of the library: in place where the library reads what MATLAB stores, else a copy that lasts
   as long as the call. An array of N points with D components has strides 1 and N, and with its points in columns D and
   1. Axes from the third on are those of a batch: MATLAB matches them from the first of them, the library from its
   last, so they come in opposite order. */

#include "binding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int is_number(const mxArray *value) { return (mxIsNumeric(value) || mxIsLogical(value)) && !mxIsSparse(value); }

/* The class of a value, in words. */
static const char *words_for(const mxArray *value, char words[96]) {
    if (mxIsSparse(value)) snprintf(words, 96, "a sparse matrix");
    else if (mxIsChar(value)) snprintf(words, 96, "a string");
    else if (mxIsCell(value)) snprintf(words, 96, "a cell array");
    else if (mxIsStruct(value)) snprintf(words, 96, "a structure");
    else snprintf(words, 96, "a value of class %s", mxGetClassName(value));
    return words;
}

/* The size of an array, in words. */
static const char *size_in_words(const mxArray *value, char words[96]) {
    const mwSize *extents = mxGetDimensions(value);
    size_t used = 0;
    for (mwSize k = 0; k < mxGetNumberOfDimensions(value) && used < 80; ++k) {
        used += snprintf(words + used, 96 - used, "%s%lld", k ? " x " : "", (long long)extents[k]);
    }
    return words;
}

int bits_for(const mxArray *const *values, size_t count, const mxArray *weak) {
    if (settings.bits) return settings.bits;
    const size_t told = weak ? mxGetNumberOfElements(weak) : 0;
    int has_single = 0;
    for (size_t k = 0; k < count; ++k) {
        if (k < told && mxGetLogicals(weak)[k]) continue;
        if (mxIsDouble(values[k])) return 64;
        has_single |= mxIsSingle(values[k]);
    }
    return has_single ? 32 : 64;
}

static void refuse(const mxArray *value, int64_t columns, int32_t category, Layout layout, size_t position,
                   const char *name) {
    char expected[96], got[96];
    const int64_t parts = mxIsComplex(value) ? 2 : 1;
    const long long own = (long long)(columns / parts);
    const char *form = category == RKEOPS_CATEGORY_PARAMETER ? "a parameter of %lld number%s"
                       : layout == ROWS ? "an array with %lld column%s, a row for each point"
                                        : "an array with %lld row%s, a column for each point";
    if (columns % parts) {
        snprintf(expected, sizeof expected, "real numbers, because %lld is no even number of parts",
                 (long long)columns);
    } else {
        snprintf(expected, sizeof expected, form, own, own == 1 ? "" : "s");
    }
    const int is_right_class = is_number(value);
    if (is_right_class) size_in_words(value, got);
    else words_for(value, got);
    fail(is_right_class ? RKEOPS_ERROR_SHAPE : RKEOPS_ERROR_DTYPE, "argument %d%s%s%s: expected %s, got %s%s",
         (int)position + 1, *name ? " (" : "", name, *name ? ")" : "", expected,
         is_right_class && mxIsComplex(value) ? "a complex array, " : "", got);
}

/* Real and imaginary parts in turn, in a floating-point format. */
static void *interleaved(const mxArray *value, int bits) {
    const size_t count = mxGetNumberOfElements(value);
    const int is_single = mxIsSingle(value);
    const void *real = mxGetData(value), *imaginary = mxGetImagData(value);
    void *copy = mxMalloc((count + 1) * bits / 4);
    for (size_t k = 0; k < count; ++k) {
        const double parts[2] = {is_single ? ((const float *)real)[k] : ((const double *)real)[k],
                                 is_single ? ((const float *)imaginary)[k] : ((const double *)imaginary)[k]};
        for (int part = 0; part < 2; ++part) {
            if (bits == 32) ((float *)copy)[2 * k + part] = (float)parts[part];
            else ((double *)copy)[2 * k + part] = parts[part];
        }
    }
    return copy;
}

static void *narrowed(const mxArray *value) {
    const size_t count = mxGetNumberOfElements(value);
    const double *numbers = mxGetPr(value);
    float *copy = (float *)mxMalloc((count + 1) * sizeof(float));
    for (size_t k = 0; k < count; ++k) copy[k] = (float)numbers[k];
    return copy;
}

static void set_data(rkeops_array *array, const mxArray *value, int bits) {
    switch (mxGetClassID(value)) {
    case mxINT8_CLASS: array->dtype_code = RKEOPS_DTYPE_INT, array->dtype_bits = 8; break;
    case mxINT16_CLASS: array->dtype_code = RKEOPS_DTYPE_INT, array->dtype_bits = 16; break;
    case mxINT32_CLASS: array->dtype_code = RKEOPS_DTYPE_INT, array->dtype_bits = 32; break;
    case mxINT64_CLASS: array->dtype_code = RKEOPS_DTYPE_INT, array->dtype_bits = 64; break;
    case mxUINT8_CLASS: array->dtype_code = RKEOPS_DTYPE_UINT, array->dtype_bits = 8; break;
    case mxUINT16_CLASS: array->dtype_code = RKEOPS_DTYPE_UINT, array->dtype_bits = 16; break;
    case mxUINT32_CLASS: array->dtype_code = RKEOPS_DTYPE_UINT, array->dtype_bits = 32; break;
    case mxUINT64_CLASS: array->dtype_code = RKEOPS_DTYPE_UINT, array->dtype_bits = 64; break;
    case mxLOGICAL_CLASS: array->dtype_code = RKEOPS_DTYPE_BOOL, array->dtype_bits = 8; break;
    default:
        array->dtype_code = RKEOPS_DTYPE_FLOAT;
        array->dtype_bits = mxIsSingle(value) || bits == 32 ? 32 : 64;
        array->data = mxIsDouble(value) && bits == 32 ? narrowed(value) : mxGetData(value);
        return;
    }
    array->data = mxGetData(value);
}

void describe_input(Operand *operand, const mxArray *value, int64_t columns, int32_t category, Layout layout, int bits,
                    size_t position, const char *name) {
    const int is_complex = is_number(value) && mxIsComplex(value), parts = is_complex ? 2 : 1;
    const mwSize *extents = mxGetDimensions(value);
    const int rank = (int)mxGetNumberOfDimensions(value);
    const int64_t across = layout == ROWS ? (int64_t)extents[1] : (int64_t)extents[0];
    const int64_t along = layout == ROWS ? (int64_t)extents[0] : (int64_t)extents[1];
    const int is_parameter = category == RKEOPS_CATEGORY_PARAMETER;
    const int64_t own = is_parameter ? across * along : across;
    if (!is_number(value) || own * parts != columns) refuse(value, columns, category, layout, position, name);
    if (is_complex && !mxIsDouble(value) && !mxIsSingle(value)) {
        refuse(value, columns, category, layout, position, name);
    }
    if (rank > RKEOPS_MAX_RANK) {
        fail(RKEOPS_ERROR_SHAPE, "argument %d: expected up to %d axes, got %d", (int)position + 1, RKEOPS_MAX_RANK,
             rank);
    }
    rkeops_array *array = &operand->array;
    if (is_complex) {
        array->dtype_code = RKEOPS_DTYPE_COMPLEX;
        array->dtype_bits = 2 * bits;
        array->data = interleaved(value, bits);
    } else {
        set_data(array, value, bits);
    }
    array->device_type = RKEOPS_DEVICE_CPU;
    array->device_id = 0;
    array->shape = operand->shape;
    array->strides = operand->strides;
    operand->rows = is_parameter ? 1 : along;
    operand->columns = own;
    operand->batch_rank = rank - 2;
    operand->is_complex = is_complex;
    int place = 0;
    int64_t step = across * along;
    for (int axis = 2; axis < rank; ++axis) {
        operand->batch[axis - 2] = (int64_t)extents[axis];
        operand->shape[rank - 1 - axis] = (int64_t)extents[axis];
        operand->strides[rank - 1 - axis] = step;
        step *= (int64_t)extents[axis];
        place += 1;
    }
    if (!is_parameter) {
        operand->shape[place] = along;
        operand->strides[place] = layout == ROWS ? 1 : across;
        place += 1;
    }
    operand->shape[place] = own;
    operand->strides[place] = is_parameter || layout == COLUMNS ? 1 : along;
    array->rank = place + 1;
}

void describe_output(Operand *operand, int64_t rows, int64_t columns, int code, int bits, Layout layout) {
    rkeops_array *array = &operand->array;
    const int is_index = code == RKEOPS_DTYPE_INT, is_complex = code == RKEOPS_DTYPE_COMPLEX;
    mwSize extents[RKEOPS_MAX_RANK];
    extents[0] = (mwSize)(layout == ROWS ? rows : columns);
    extents[1] = (mwSize)(layout == ROWS ? columns : rows);
    size_t count = (size_t)(rows * columns);
    const int batch = operand->batch_rank;
    for (int axis = 0; axis < batch; ++axis) {
        extents[axis + 2] = (mwSize)operand->batch[axis];
        operand->shape[batch - 1 - axis] = operand->batch[axis];
        operand->strides[batch - 1 - axis] = (int64_t)count;
        count *= (size_t)operand->batch[axis];
    }
    operand->shape[batch] = rows;
    operand->shape[batch + 1] = columns;
    operand->strides[batch] = layout == ROWS ? 1 : columns;
    operand->strides[batch + 1] = layout == ROWS ? rows : 1;
    operand->rows = rows;
    operand->columns = columns;
    operand->is_index = is_index;
    operand->is_complex = is_complex;
    const int part_bits = is_complex ? bits / 2 : bits;
    operand->value = mxCreateNumericArray(2 + batch, extents, part_bits == 32 ? mxSINGLE_CLASS : mxDOUBLE_CLASS,
                                          is_complex ? mxCOMPLEX : mxREAL);
    array->data = is_index || is_complex ? mxMalloc((count + 1) * (size_t)bits / 8) : mxGetData(operand->value);
    array->dtype_code = code;
    array->dtype_bits = bits;
    array->device_type = RKEOPS_DEVICE_CPU;
    array->device_id = 0;
    array->rank = batch + 2;
    array->shape = operand->shape;
    array->strides = operand->strides;
}

mxArray *finished(Operand *operand, Layout layout, int base, int ranks, int64_t reduced, const int64_t *met) {
    const size_t count = mxGetNumberOfElements(operand->value), matrix = (size_t)(operand->rows * operand->columns);
    const void *data = operand->array.data;
    if (operand->is_index) {
        double *to = mxGetPr(operand->value);
        const int64_t per_rank = ranks > 0 && operand->columns >= ranks ? operand->columns / ranks : 0;
        for (size_t k = 0; k < count; ++k) {
            const int64_t place = (int64_t)(k % matrix);
            const int64_t column = layout == ROWS ? place / operand->rows : place % operand->columns;
            const int64_t row = layout == ROWS ? place % operand->rows : place / operand->columns;
            const int64_t candidates = met ? met[row] : reduced;
            const int is_none = per_rank > 0 ? column / per_rank >= candidates : base > 0 && candidates == 0;
            to[k] = is_none ? mxGetNaN() : (double)((const int64_t *)data)[k] + base;
        }
    } else if (operand->is_complex) {
        const int is_single = operand->array.dtype_bits == 64;
        void *real = mxGetData(operand->value), *imaginary = mxGetImagData(operand->value);
        for (size_t k = 0; k < count; ++k) {
            if (is_single) {
                ((float *)real)[k] = ((const float *)data)[2 * k];
                ((float *)imaginary)[k] = ((const float *)data)[2 * k + 1];
            } else {
                ((double *)real)[k] = ((const double *)data)[2 * k];
                ((double *)imaginary)[k] = ((const double *)data)[2 * k + 1];
            }
        }
    }
    return operand->value;
}
