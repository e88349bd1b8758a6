/* Errors, and what a call that ends by one has to free: MATLAB leaves the frames of a MEX file by a jump. */

#include "binding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names of the codes in identifiers. */
static const char *kind_of(int code) {
    switch (code) {
    case RKEOPS_ERROR_SYNTAX: return "rkeops:syntax";
    case RKEOPS_ERROR_UNKNOWN_NAME: return "rkeops:name";
    case RKEOPS_ERROR_ARITY: return "rkeops:arity";
    case RKEOPS_ERROR_DIMENSION: return "rkeops:dimension";
    case RKEOPS_ERROR_DTYPE: return "rkeops:type";
    case RKEOPS_ERROR_SHAPE: return "rkeops:shape";
    case RKEOPS_ERROR_DEVICE: return "rkeops:device";
    case RKEOPS_ERROR_SIZE: return "rkeops:size";
    case RKEOPS_ERROR_UNSUPPORTED: return "rkeops:unsupported";
    case RKEOPS_ERROR_INTERNAL: return "rkeops:internal";
    case RKEOPS_ERROR_COUNT: return "rkeops:count";
    case RKEOPS_ERROR_HANDLE: return "rkeops:handle";
    case RKEOPS_ERROR_CONVERGENCE: return "rkeops:convergence";
    case RKEOPS_ERROR_CANCELLED: return "rkeops:cancelled";
    default: return "rkeops:argument";
    }
}

typedef struct {
    HandleType type;
    void *object;
    rkeops_solver *solver;
} Kept;

static Kept *kept = NULL;
static size_t kept_count = 0, kept_room = 0;
/* What comes before it is another call's, during which this one was made. */
static size_t kept_base = 0;

static void keep_this(Kept one) {
    if (kept_count == kept_room) {
        const size_t more = kept_room ? 2 * kept_room : 16;
        Kept *larger = (Kept *)realloc(kept, more * sizeof(Kept));
        /* Without memory to note it one is lost. */
        if (!larger) return;
        kept = larger, kept_room = more;
    }
    kept[kept_count++] = one;
}

void keep(HandleType type, void *object) { keep_this((Kept){type, object, NULL}); }
void keep_solver(rkeops_solver *solver) { keep_this((Kept){NO_TYPE, NULL, solver}); }

void forget(const void *object) {
    for (size_t k = kept_base; k < kept_count; ++k) {
        if (kept[k].object == object) kept[k] = kept[--kept_count];
    }
}

size_t begin_inner_calls(void) {
    const size_t outer = kept_base;
    kept_base = kept_count;
    return outer;
}

void end_inner_calls(size_t outer) { kept_base = outer; }

void free_kept(void) {
    while (kept_count > kept_base) {
        const Kept one = kept[--kept_count];
        free_object(one.type, one.object);
        rkeops_solver_free(one.solver);
    }
}

void fail(int code, const char *format, ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    free_kept();
    mexErrMsgIdAndTxt(kind_of(code), "%s", words);
}

void check(rkeops_error *error) {
    if (!error) return;
    const int code = rkeops_error_code(error);
    const char *message = rkeops_error_message(error);
    char *copy = (char *)mxMalloc(strlen(message) + 1);
    strcpy(copy, message);
    rkeops_error_free(error);
    free_kept();
    mexErrMsgIdAndTxt(kind_of(code), "%s", copy);
}
