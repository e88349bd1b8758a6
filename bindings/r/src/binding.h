/* What the parts of the binding know of each other. Nothing of R is kept longer than a call, but in external pointers. */

#ifndef RKEOPS_BINDING_H
#define RKEOPS_BINDING_H

#define R_NO_REMAP
#define STRICT_R_HEADERS
#include <R.h>
#include <Rinternals.h>
#include <rkeops.h>

/* Types of handles, as the tags of external pointers. */
typedef enum { FORMULA, REDUCTION, KERNEL, SOLVER, HANDLE_TYPES } HandleType;

/* errors.c */

/* Ends the call with an R error of class rkeops_error, and of one that tells the code, if there is one. */
void check(rkeops_error *error);
/* The same with words of the binding's own. */
void fail(int code, const char *format, ...);
/* Ends the call as if the user had interrupted R. */
void interrupt(void);

/* handles.c */

/* An external pointer that frees the handle when nobody has it any longer. */
SEXP new_handle(HandleType type, void *handle);
/* The handle of an external pointer. */
void *handle_of(SEXP pointer, HandleType type);
/* A list of external pointers as handles, which last as long as the call. */
void **handles_of(SEXP list, HandleType type);
/* A text of the library as an R string, and the end of the text. */
SEXP take_text(rkeops_text *text);
/* A character vector as strings, which last as long as the call. */
const char **strings_of(SEXP strings);
/* One string. */
const char *string_of(SEXP string);
/* Whole numbers of an R vector, which last as long as the call. */
int64_t *integers_of(SEXP numbers);

/* arrays.c */

/* An argument or a result of a run: an array for the library, with the memory that it needs beside R's. */
typedef struct {
    rkeops_array array;
    int64_t shape[3];
    int64_t strides[3];
} Operand;

/* How many rows an argument has; -1 if it is no matrix of so many columns. */
int64_t rows_of(SEXP value, int64_t columns, int32_t category, int points_in_columns);
/* Describes an argument. */
void describe_input(Operand *operand, SEXP value, int64_t columns, int32_t category, int points_in_columns, int bits, int position,
                    const char *name);

/* Entry points, by files. */

SEXP r_formula_parse(SEXP text, SEXP aliases);
SEXP r_formula_variable(SEXP index, SEXP dim, SEXP category);
SEXP r_formula_constant(SEXP value);
SEXP r_formula_apply(SEXP name, SEXP operands, SEXP parameters);
SEXP r_formula_renumber(SEXP formula, SEXP positions);
SEXP r_formula_transpose(SEXP formula);
SEXP r_formula_facts(SEXP formula);
SEXP r_formula_text(SEXP formula);
SEXP r_positions(SEXP known, SEXP known_kinds, SEXP others, SEXP kinds);

SEXP r_reduction_parse(SEXP text, SEXP aliases);
SEXP r_reduction_create(SEXP name, SEXP formula, SEXP axis, SEXP parameters, SEXP weights);
SEXP r_reduction_saved(SEXP reduction);
SEXP r_reduction_gradient(SEXP reduction, SEXP variable, SEXP cotangent, SEXP saved);
SEXP r_reduction_facts(SEXP reduction);
SEXP r_reduction_text(SEXP reduction);

SEXP r_compile(SEXP reductions, SEXP options);
SEXP r_kernel_facts(SEXP kernel);
SEXP r_explain(SEXP kernel);
SEXP r_run(SEXP kernel, SEXP inputs, SEXP names, SEXP inner_dim, SEXP options);
SEXP r_entries(SEXP kernel, SEXP inputs, SEXP options);
SEXP r_solver(SEXP reduction, SEXP unknown, SEXP options);
SEXP r_solve(SEXP solver, SEXP unknown, SEXP inputs, SEXP names, SEXP kinds, SEXP settings, SEXP options);

SEXP r_is_alive(SEXP pointer);
SEXP r_version(void);
SEXP r_doctor(void);
SEXP r_threads(SEXP count);

#endif
