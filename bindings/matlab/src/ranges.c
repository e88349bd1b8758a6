/* Ranges: which blocks of rows meet in a reduction. */

#include "binding.h"

#include <stdlib.h>
#include <string.h>

Ranges retained(Ranges ranges) {
    check(rkeops_ranges_retain(ranges.own));
    check(rkeops_ranges_retain(ranges.exchanged));
    for (int index = 0; index < 2; ++index) ++ranges.visits[index]->references;
    return ranges;
}

void free_ranges(Ranges ranges) {
    rkeops_ranges_free(ranges.own);
    rkeops_ranges_free(ranges.exchanged);
    for (int index = 0; index < 2; ++index) {
        Visits *visits = ranges.visits[index];
        if (!visits || --visits->references > 0) continue;
        free(visits->blocks);
        free(visits->met);
        free(visits);
    }
}

/* The visits of blocks that meet those others which `kept` tells, row after row. */
static Visits *visits_of(const int64_t *blocks, size_t count, const int64_t *others, size_t other_count,
                         const uint8_t *kept) {
    Visits *made = (Visits *)calloc(1, sizeof(Visits));
    if (!made) return NULL;
    made->references = 1;
    made->count = count;
    made->blocks = (int64_t *)calloc(2 * count + 1, sizeof(int64_t));
    made->met = (int64_t *)calloc(count + 1, sizeof(int64_t));
    if (!made->blocks || !made->met) return made;
    memcpy(made->blocks, blocks, 2 * count * sizeof(int64_t));
    for (size_t k = 0; k < count; ++k) {
        for (size_t n = 0; n < other_count; ++n) {
            if (kept[k * other_count + n]) made->met[k] += others[2 * n + 1] - others[2 * n];
        }
    }
    return made;
}

const int64_t *met_of(const Visits *visits, int64_t rows) {
    int64_t *met = (int64_t *)mxCalloc((size_t)rows + 1, sizeof(int64_t));
    for (size_t k = 0; k < visits->count; ++k) {
        for (int64_t row = visits->blocks[2 * k]; row < visits->blocks[2 * k + 1] && row < rows; ++row) {
            met[row] += visits->met[k];
        }
    }
    return met;
}

/* Pairs of start and end, as the library has them. */
static int64_t *blocks_of(const mxArray *value, const char *what, size_t *count) {
    size_t number_count = 0;
    const int64_t *numbers = integers_of(value, what, &number_count);
    *count = mxGetM(value);
    if (number_count && mxGetN(value) != 2) {
        fail(RKEOPS_ERROR_SHAPE, "%s: expected two columns, of first and last rows, got %d", what, (int)mxGetN(value));
    }
    int64_t *blocks = (int64_t *)mxMalloc((2 * *count + 1) * sizeof(int64_t));
    for (size_t k = 0; k < *count; ++k) {
        const int64_t first = numbers[k], last = numbers[*count + k];
        if (first < 1 || last < first - 1) {
            fail(RKEOPS_ERROR_ARGUMENT, "%s: expected first and last rows, from 1 on, got %lld and %lld in row %d",
                 what, (long long)first, (long long)last, (int)k + 1);
        }
        blocks[2 * k] = first - 1, blocks[2 * k + 1] = last;
    }
    return blocks;
}

Ranges *ranges_of(const mxArray *blocks_i, const mxArray *blocks_j, const mxArray *kept) {
    size_t count_i = 0, count_j = 0;
    const int64_t *own_i = blocks_of(blocks_i, "clusters_i", &count_i);
    const int64_t *own_j = blocks_of(blocks_j, "clusters_j", &count_j);
    if (!mxIsLogical(kept) || mxIsSparse(kept) || mxGetM(kept) != count_i || mxGetN(kept) != count_j) {
        fail(RKEOPS_ERROR_SHAPE, "keep: expected a logical matrix of %d x %d, got an array of class %s of %d x %d",
             (int)count_i, (int)count_j, mxGetClassName(kept), (int)mxGetM(kept), (int)mxGetN(kept));
    }
    const mxLogical *from = mxGetLogicals(kept);
    uint8_t *by_row = (uint8_t *)mxMalloc(count_i * count_j + 1);
    uint8_t *by_column = (uint8_t *)mxMalloc(count_i * count_j + 1);
    for (size_t c = 0; c < count_i; ++c) {
        for (size_t d = 0; d < count_j; ++d) {
            by_row[c * count_j + d] = by_column[d * count_i + c] = from[d * count_i + c];
        }
    }
    Ranges *made = (Ranges *)calloc(1, sizeof(Ranges));
    if (!made) fail(RKEOPS_ERROR_SIZE, "there is no memory for ranges");
    keep(RANGES, made);
    made->visits[0] = visits_of(own_i, count_i, own_j, count_j, by_row);
    made->visits[1] = visits_of(own_j, count_j, own_i, count_i, by_column);
    for (int index = 0; index < 2; ++index) {
        const Visits *visits = made->visits[index];
        if (!visits || !visits->blocks || !visits->met) fail(RKEOPS_ERROR_SIZE, "there is no memory for ranges");
    }
    check(rkeops_ranges_from_blocks(own_i, count_i, own_j, count_j, by_row, &made->own));
    check(rkeops_ranges_from_blocks(own_j, count_j, own_i, count_i, by_column, &made->exchanged));
    return made;
}

const Ranges *ranges_among(const mxArray *values[], int *count) {
    const mxArray *name = *count < 2 ? NULL : values[*count - 2];
    if (!name || !(mxIsChar(name) || (mxIsClass(name, "string") && mxGetNumberOfElements(name) == 1))) return NULL;
    if (strcmp(text_of(name, "option"), "ranges")) return NULL;
    const mxArray *value = values[*count - 1];
    const int is_one = mxIsStruct(value) && mxGetNumberOfElements(value) == 1;
    const mxArray *handle = is_one ? mxGetField(value, 0, "handle") : NULL;
    if (!handle) {
        fail(RKEOPS_ERROR_DTYPE, "ranges: expected what rkeops_ranges made, got a value of class %s",
             mxGetClassName(value));
    }
    *count -= 2;
    return (const Ranges *)handle_of(handle, RANGES);
}
