/* What the parts of the MEX file know of each other. Only MATLAB's documented C interface is used, with complex numbers
   in two arrays (-R2017b), so that one source serves MATLAB and Octave. */

#ifndef RKEOPS_BINDING_H
#define RKEOPS_BINDING_H

#include <mex.h>
#include <rkeops.h>

/* Types of handles. */
typedef enum { NO_TYPE, FORMULA, TENSOR, RANGES, REDUCTION, OPERATOR } HandleType;

/* Names of arguments, for errors. */
typedef struct {
    const char **texts;
    size_t count;
} Names;

/* A reduction that is compiled for float32 and float64 when these are first wanted, with what its results need to
   become MATLAB's. */
typedef struct {
    rkeops_reduction *reduction;
    rkeops_kernel *kernels[2];
    /* The settings that the kernels were compiled for. */
    int stamp;
    /* What places count from: 1, or 0 where integers are counts. */
    int base;
    /* Of the K nearest: K; else 0. */
    int ranks;
    /* One of RKEOPS_SUMMATION_..., or -1 for that of the settings. */
    int summation;
    Names names;
} Operator;

/* How many rows of the other index those of one meet: pairs of start and end, and a number for each.
   Ranges share it. */
typedef struct {
    size_t references, count;
    int64_t *blocks, *met;
} Visits;

/* Which rows meet which: of the matrix, and of its transpose; and the visits of i and of j. */
typedef struct {
    rkeops_ranges *own, *exchanged;
    Visits *visits[2];
} Ranges;

/* An argument of tensors. */
typedef struct {
    int64_t columns;
    int32_t category;
    /* Whether it is a number of a formula, which does not decide whether the computation is in single. */
    int is_weak;
    /* Tells it from all others. */
    double id;
} Argument;

typedef struct {
    rkeops_formula *formula;
    Argument *arguments;
    size_t count;
    /* Points of i and j, -1 where nothing tells. */
    int64_t points[2];
    /* Whether it is its only argument. */
    int is_variable;
    /* What reductions visit: all pairs if these are NULL. */
    Ranges ranges;
} Tensor;

/* What rkeops_options sets. */
typedef struct {
    int bits, target, device, threads, summation, accumulator, progress;
    /* Grows with every change. */
    int stamp;
} Settings;
extern Settings settings;

/* errors.c */

/* Ends the call with MATLAB's error "rkeops:kind" of a code; what `keep` holds is freed. */
void fail(int code, const char *format, ...);
/* The same for an error of the library. */
void check(rkeops_error *error);
/* Has something of the library freed when the call ends, however it does. */
void keep(HandleType type, void *object);
void keep_solver(rkeops_solver *solver);
void free_kept(void);
/* What is kept now stays while MATLAB runs callbacks, which may call this file again. */
size_t begin_inner_calls(void);
void end_inner_calls(size_t outer);
/* No longer has it freed. */
void forget(const void *object);

/* handles.c */

/* A handle that owns an object from now on, which may have been kept until then. */
mxArray *new_handle(HandleType type, void *object);
void *handle_of(const mxArray *value, HandleType type);
/* An array of handles as pointers, which last as long as the call. */
void **handles_of(const mxArray *value, HandleType type, size_t *count);
void free_handle(const mxArray *value);
int is_alive(const mxArray *value);
size_t count_handles(void);
void free_all_handles(void);
void free_object(HandleType type, void *object);
/* Text of a char array; `what` tells the argument in errors. */
char *text_of(const mxArray *value, const char *what);
/* Texts of a cell array, which last as long as the call. */
const char **texts_of(const mxArray *value, const char *what, size_t *count);
/* Whole numbers of an array, which last as long as the call. */
int64_t *integers_of(const mxArray *value, const char *what, size_t *count);
int64_t integer_of(const mxArray *value, const char *what);
double number_of(const mxArray *value, const char *what);
mxArray *take_text(rkeops_text *text);

/* tensors.c: what makes tensors keeps them until the call ends, or until they have handles. */

Tensor *tensor_of_variable(int64_t columns, int32_t category, int64_t points, int is_weak, int is_complex);
Tensor *tensor_of_constant(double value);
/* A tensor without formula of the arguments of all operands, each once. `formulas` become those of the operands, which
   number these arguments; `sources` tells where each argument is among those of the operands one after another. */
Tensor *joined(const char *name, Tensor *const *operands, size_t count, rkeops_formula **formulas, mxArray **sources);
Tensor *transposed(const Tensor *tensor);
/* The same of other points of an index. */
Tensor *part_of(const Tensor *tensor, int32_t category, int64_t points);
/* The same tensor, of which reductions visit only what these ranges have. */
Tensor *restricted(const Tensor *tensor, const Ranges *ranges);
/* Columns, category and id of each argument, and which are numbers of formulas. */
mxArray *arguments_of(const Tensor *tensor);
mxArray *weak_of(const Tensor *tensor);
void free_tensor(Tensor *tensor);

/* ranges.c */

/* Ranges of blocks of rows, as two columns of first and last ones from 1 on, where `kept` is true; they are kept until
   the call ends, or until they have a handle. */
Ranges *ranges_of(const mxArray *blocks_i, const mxArray *blocks_j, const mxArray *kept);
/* What the last two of these values name, 'ranges' and what rkeops_ranges made; `count` is then without them. */
const Ranges *ranges_among(const mxArray *values[], int *count);
/* The same ranges once more. */
Ranges retained(Ranges ranges);
void free_ranges(Ranges ranges);
/* How many rows each row of an index meets, of so many; it lasts as long as the call. */
const int64_t *met_of(const Visits *visits, int64_t rows);

/* arrays.c */

/* An argument or a result of a run: an array for the library, with what it needs beside MATLAB's memory. */
typedef struct {
    rkeops_array array;
    int64_t shape[RKEOPS_MAX_RANK], strides[RKEOPS_MAX_RANK];
    /* Rows and columns, and axes of the batch in MATLAB's order. */
    int64_t rows, columns;
    int batch_rank;
    int64_t batch[RKEOPS_MAX_RANK];
    mxArray *value;
    int is_complex, is_index;
} Operand;

/* Whether points are the rows of matrices, as pdist2 has them, or the columns, as KeOpsLab has them. */
typedef enum { ROWS, COLUMNS } Layout;

/* Bits of the numbers that arguments like these are computed with; `weak` (or NULL) tells of the first of them
   which are numbers of formulas. */
int bits_for(const mxArray *const *values, size_t count, const mxArray *weak);
void describe_input(Operand *operand, const mxArray *value, int64_t columns, int32_t category, Layout layout, int bits,
                    size_t position, const char *name);
/* Makes an output of so many rows and columns, with the batch of `operand`. */
void describe_output(Operand *operand, int64_t rows, int64_t columns, int code, int bits, Layout layout);
/* Makes MATLAB's array of what a run has written; places that are none become NaN: from rank
   `reduced` on, or all if nothing was reduced; `met` (or NULL) tells for each row how many were. */
mxArray *finished(Operand *operand, Layout layout, int base, int ranks, int64_t reduced, const int64_t *met);

/* run.c */

void compile_operator(Operator *operator_, int bits);
/* How a call is run: which arguments are numbers of formulas, NULL where points are columns, and what it visits. */
typedef struct {
    const mxArray *weak;
    const Ranges *ranges;
} Manner;
void run_operator(Operator *operator_, int result_count, mxArray *results[], Layout layout, Manner manner,
                  int input_count, const mxArray *inputs[]);
mxArray *entries(Operator *operator_, const mxArray *weak, int input_count, const mxArray *inputs[]);
void solve(const rkeops_reduction *reduction, size_t unknown, const mxArray *kinds, const mxArray *numbers,
           Layout layout, Manner manner, int result_count, mxArray *results[], int input_count,
           const mxArray *inputs[], const Names *names);

#endif
