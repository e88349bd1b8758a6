/* Handles of the library as numbers: a place in a table and how often the place was used, so that an old or an invented
   number is an error. */

#include "binding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    HandleType type;
    /* Another number each time that the place is used. */
    uint32_t generation;
    void *object;
    /* The next free place, counted from 1; 0 for none. */
    uint32_t next;
} Slot;

static Slot *slots = NULL;
static uint32_t slot_count = 0, first_free = 0;
static size_t in_use = 0;

static const char *const names_of_types[] = {"nothing", "a formula",   "a tensor",
                                            "ranges",  "a reduction", "an operator"};

static void free_operator(Operator *operator_) {
    if (!operator_) return;
    rkeops_kernel_free(operator_->kernels[0]);
    rkeops_kernel_free(operator_->kernels[1]);
    rkeops_reduction_free(operator_->reduction);
    for (size_t k = 0; k < operator_->names.count; ++k) free((char *)operator_->names.texts[k]);
    free(operator_->names.texts);
    free(operator_);
}

void free_object(HandleType type, void *object) {
    if (type == FORMULA) rkeops_formula_free((rkeops_formula *)object);
    if (type == TENSOR) free_tensor((Tensor *)object);
    if (type == RANGES) free_ranges(*(Ranges *)object), free(object);
    if (type == REDUCTION) rkeops_reduction_free((rkeops_reduction *)object);
    if (type == OPERATOR) free_operator((Operator *)object);
}

static void grow(void) {
    const uint32_t more = slot_count ? 2 * slot_count : 64;
    Slot *larger = (Slot *)realloc(slots, more * sizeof(Slot));
    if (!larger) fail(RKEOPS_ERROR_SIZE, "there is no memory for another handle");
    /* Numbers from before this file was loaded are most likely of no place. */
    const uint32_t seed = (uint32_t)time(NULL) * 2654435761u;
    for (uint32_t k = slot_count; k < more; ++k) {
        larger[k] = (Slot){NO_TYPE, seed + 97 * k, NULL, k + 1 < more ? k + 2 : 0};
    }
    slots = larger;
    first_free = slot_count + 1;
    slot_count = more;
}

mxArray *new_handle(HandleType type, void *object) {
    /* Freed if there is no memory; the table's from then on. */
    forget(object);
    keep(type, object);
    if (!first_free) grow();
    forget(object);
    const uint32_t place = first_free - 1;
    Slot *slot = &slots[place];
    first_free = slot->next;
    slot->type = type;
    slot->object = object;
    slot->generation += 1;
    in_use += 1;
    mxArray *value = mxCreateNumericMatrix(1, 1, mxUINT64_CLASS, mxREAL);
    *(uint64_t *)mxGetData(value) = (uint64_t)slot->generation << 32 | (place + 1);
    return value;
}

/* The place of a handle, or NULL if it is none. */
static Slot *slot_of(uint64_t number) {
    const uint32_t place = (uint32_t)number, generation = (uint32_t)(number >> 32);
    if (place == 0 || place > slot_count) return NULL;
    Slot *slot = &slots[place - 1];
    return slot->type != NO_TYPE && slot->generation == generation ? slot : NULL;
}

static void *object_of(uint64_t number, HandleType type) {
    const Slot *slot = slot_of(number);
    if (!slot) {
        fail(RKEOPS_ERROR_HANDLE, "expected the handle of %s, got one that was freed, or was never made here",
             names_of_types[type]);
    }
    if (slot->type != type) {
        fail(RKEOPS_ERROR_HANDLE, "expected the handle of %s, got that of %s", names_of_types[type],
             names_of_types[slot->type]);
    }
    return slot->object;
}

void *handle_of(const mxArray *value, HandleType type) {
    if (!mxIsUint64(value) || mxGetNumberOfElements(value) != 1) {
        fail(RKEOPS_ERROR_HANDLE,
             "expected the handle of %s, a number of class uint64, got an array of class %s with %d elements",
             names_of_types[type], mxGetClassName(value), (int)mxGetNumberOfElements(value));
    }
    return object_of(*(const uint64_t *)mxGetData(value), type);
}

void **handles_of(const mxArray *value, HandleType type, size_t *count) {
    *count = mxGetNumberOfElements(value);
    void **objects = (void **)mxMalloc((*count + 1) * sizeof(void *));
    if (*count && !mxIsUint64(value)) {
        fail(RKEOPS_ERROR_HANDLE, "expected handles of class uint64, got an array of class %s", mxGetClassName(value));
    }
    for (size_t k = 0; k < *count; ++k) objects[k] = object_of(((const uint64_t *)mxGetData(value))[k], type);
    return objects;
}

int is_alive(const mxArray *value) {
    if (!mxIsUint64(value) || mxGetNumberOfElements(value) != 1) return 0;
    return slot_of(*(const uint64_t *)mxGetData(value)) != NULL;
}

static void free_slot(Slot *slot) {
    void *object = slot->object;
    const HandleType type = slot->type;
    slot->type = NO_TYPE;
    slot->object = NULL;
    slot->next = first_free;
    first_free = (uint32_t)(slot - slots) + 1;
    in_use -= 1;
    free_object(type, object);
}

/* Frees what is there; that it was freed before is no error, because whoever clears everything frees in any order. */
void free_handle(const mxArray *value) {
    if (is_alive(value)) free_slot(slot_of(*(const uint64_t *)mxGetData(value)));
}

size_t count_handles(void) { return in_use; }

void free_all_handles(void) {
    for (uint32_t k = 0; k < slot_count; ++k) {
        if (slots[k].type != NO_TYPE) free_slot(&slots[k]);
    }
    free(slots);
    slots = NULL;
    slot_count = first_free = 0;
}

char *text_of(const mxArray *value, const char *what) {
    /* MATLAB's strings, "...", are objects. */
    if (mxIsClass(value, "string")) {
        mxArray *given = (mxArray *)value, *characters = NULL;
        if (!mexCallMATLAB(1, &characters, 1, &given, "char")) value = characters;
    }
    if (!mxIsChar(value) || (mxGetNumberOfElements(value) && mxGetM(value) != 1)) {
        fail(RKEOPS_ERROR_ARGUMENT, "%s: expected a string, got %s of class %s", what,
             mxGetNumberOfElements(value) == 1 ? "a value" : "an array", mxGetClassName(value));
    }
    char *text = mxArrayToString(value);
    if (!text) fail(RKEOPS_ERROR_ARGUMENT, "%s: expected a string, got one that cannot be read", what);
    /* Octave does not free what mxArrayToString gives when the call ends. */
    char *copy = (char *)mxMalloc(strlen(text) + 1);
    strcpy(copy, text);
    mxFree(text);
    return copy;
}

const char **texts_of(const mxArray *value, const char *what, size_t *count) {
    if (!mxIsCell(value)) {
        fail(RKEOPS_ERROR_ARGUMENT, "%s: expected a cell array of strings, got one of class %s", what,
             mxGetClassName(value));
    }
    *count = mxGetNumberOfElements(value);
    const char **texts = (const char **)mxMalloc((*count + 1) * sizeof(char *));
    for (size_t k = 0; k < *count; ++k) {
        const mxArray *one = mxGetCell(value, k);
        if (!one) {
            fail(RKEOPS_ERROR_ARGUMENT, "%s: expected a string in place %d, got an empty array", what, (int)k + 1);
        }
        texts[k] = text_of(one, what);
    }
    return texts;
}

double number_of(const mxArray *value, const char *what) {
    if ((!mxIsNumeric(value) && !mxIsLogical(value)) || mxIsComplex(value) || mxGetNumberOfElements(value) != 1) {
        fail(RKEOPS_ERROR_ARGUMENT, "%s: expected a real number, got an array of class %s with %d elements", what,
             mxGetClassName(value), (int)mxGetNumberOfElements(value));
    }
    return mxGetScalar(value);
}

int64_t *integers_of(const mxArray *value, const char *what, size_t *count) {
    *count = mxGetNumberOfElements(value);
    if (*count && (!mxIsDouble(value) || mxIsComplex(value) || mxIsSparse(value))) {
        fail(RKEOPS_ERROR_ARGUMENT, "%s: expected whole numbers of class double, got an array of class %s", what,
             mxGetClassName(value));
    }
    int64_t *integers = (int64_t *)mxMalloc((*count + 1) * sizeof(int64_t));
    for (size_t k = 0; k < *count; ++k) {
        const double number = mxGetPr(value)[k];
        if (!(fabs(number) < 9007199254740992.0) || number != floor(number)) {
            fail(RKEOPS_ERROR_ARGUMENT, "%s: expected a whole number, got %g", what, number);
        }
        integers[k] = (int64_t)number;
    }
    return integers;
}

int64_t integer_of(const mxArray *value, const char *what) {
    size_t count = 0;
    const int64_t *integers = integers_of(value, what, &count);
    if (count != 1) fail(RKEOPS_ERROR_ARGUMENT, "%s: expected one whole number, got %d", what, (int)count);
    return integers[0];
}

mxArray *take_text(rkeops_text *text) {
    mxArray *value = mxCreateString(rkeops_text_data(text));
    rkeops_text_free(text);
    return value;
}
