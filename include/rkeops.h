/*
 * rkeops: reductions of formulas F(p, x_i, y_j) over i or j, without the matrix.
 *
 * This header is the manual. The order of a program is: make a formula or a
 * reduction from text or from calls, compile one or several reductions into a
 * kernel, run the kernel on arrays as often as wanted, free the handles.
 *
 * MEMORY. Formulas, reductions, kernels, solvers, ranges, errors and texts are opaque handles.
 * A function that makes one writes it through its last argument, `out`, and the
 * caller owns it: it must be passed once to the `_free` of its type. When a call
 * fails, `*out` is NULL, and every `_free` accepts NULL. Formulas, reductions, kernels,
 * solvers and ranges are counted references: `_retain` adds a reference and asks for one
 * more `_free`. What was made from a handle does not need that handle any longer.
 * Arrays, texts and structs that are passed in belong to the caller; nothing of
 * them is kept after the call returns. Arrays are read and written in place.
 *
 * ERRORS. A call that can fail returns `rkeops_error *`: NULL is success. The
 * caller owns the error: read it with rkeops_error_code and
 * rkeops_error_message, then pass it to rkeops_error_free. There is no global or
 * per-thread error state. The library never prints (unless the environment
 * variable RKEOPS_DUMP asks it to show its kernels), never exits the process,
 * installs no signal handler and does no work when it is loaded. A defect inside
 * the library is an error with code RKEOPS_ERROR_INTERNAL. A NULL where a value
 * is needed, a handle of another type and a recently freed handle are errors
 * too; other invalid pointers cannot be detected, as everywhere in C.
 * A run that was cancelled, or that failed by a defect, leaves its output arrays
 * in any state; every other error leaves them untouched.
 *
 * THREADS. Handles are immutable after they are made: any number of threads may
 * use one handle at the same time, also for its first use. A handle must not be
 * freed (its last reference) while another thread uses it. A call blocks until
 * its work is done. A long rkeops_kernel_run starts threads to help the one that
 * made the call, and ends them before it returns; results do not depend on their
 * number. Callbacks run on the thread that made the call. After fork() the child
 * may go on using every handle, but a run from whose callback it was forked
 * cannot go on in it: the helpers do not exist there. Two runs may share
 * inputs at the same time, never outputs, nor what lies between their elements.
 *
 * DEVICES. Arrays may be on a CUDA device (NVIDIA's GPUs): rkeops_kernel_run then queues
 * the run on a stream and returns. Its driver and its run-time compiler, NVRTC, are
 * looked for when they are first needed; without them everything else works, and
 * rkeops_doctor tells what is missing. The compiler is searched for by the names that
 * the system's loader knows and in CUDA_HOME; the environment variable RKEOPS_NVRTC may
 * name its file. What it made of a kernel is kept in the folder that RKEOPS_CACHE
 * names (`none`: nowhere), by default the user's cache folder. After fork() the child
 * cannot use devices that its parent has used: CUDA does not allow it.
 */

#ifndef RKEOPS_H
#define RKEOPS_H

/* Made from ffi/src by `make header`; edit the sources, not this file. */

#include <stddef.h>
#include <stdint.h>

/** Options with every field at its default, for: rkeops_options options = RKEOPS_OPTIONS_INIT; */
#define RKEOPS_OPTIONS_INIT { sizeof(rkeops_options), 0, 0, 0, 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, 0, 0 }
/** KeOps' defaults, for: rkeops_solve_options solve = RKEOPS_SOLVE_OPTIONS_INIT; */
#define RKEOPS_SOLVE_OPTIONS_INIT { sizeof(rkeops_solve_options), 1e-10, 1e-6, 0, NULL, NULL }


/**
 * Grows when a program built with this header would not work with an older library.
 */
#define RKEOPS_ABI_VERSION 1

/**
 * A variable with one row per index i.
 */
#define RKEOPS_CATEGORY_I 0

/**
 * A variable with one row per index j.
 */
#define RKEOPS_CATEGORY_J 1

/**
 * A variable with one row for all pairs.
 */
#define RKEOPS_CATEGORY_PARAMETER 2

/**
 * Reduce over i: the output has one row per j.
 */
#define RKEOPS_AXIS_I 0

/**
 * Reduce over j: the output has one row per i.
 */
#define RKEOPS_AXIS_J 1

/**
 * The best code for this processor. The environment variable RKEOPS_TARGET
 * (portable, avx2, avx512 or cuda) may force another choice.
 */
#define RKEOPS_TARGET_AUTO 0

/**
 * No machine code is made: works on every processor.
 */
#define RKEOPS_TARGET_PORTABLE 1

/**
 * Machine code for x86-64 with AVX2 and FMA.
 */
#define RKEOPS_TARGET_AVX2 2

/**
 * Machine code for x86-64 with AVX-512.
 */
#define RKEOPS_TARGET_AVX512 3

/**
 * Kernels for a CUDA device, also for arrays in ordinary memory, which are copied
 * there and back, in pieces if they are larger than its memory. Arrays that are on a
 * device are computed there by every kernel.
 */
#define RKEOPS_TARGET_CUDA 4

/**
 * Sums are added as is best by default: RKEOPS_SUMMATION_BLOCK.
 */
#define RKEOPS_SUMMATION_AUTO 0

/**
 * Sums are added term by term (KeOps' direct_sum).
 */
#define RKEOPS_SUMMATION_DIRECT 1

/**
 * Sums are added in blocks of 256 terms, and blocks with the error of each addition
 * kept (KeOps' block_sum).
 */
#define RKEOPS_SUMMATION_BLOCK 2

/**
 * The error of each addition is kept (KeOps' kahan_scheme).
 */
#define RKEOPS_SUMMATION_COMPENSATED 3

/**
 * Signed integers (kDLInt of DLPack).
 */
#define RKEOPS_DTYPE_INT 0

/**
 * Integers without a sign (kDLUInt of DLPack).
 */
#define RKEOPS_DTYPE_UINT 1

/**
 * Floating-point numbers (kDLFloat of DLPack).
 */
#define RKEOPS_DTYPE_FLOAT 2

/**
 * bfloat16 numbers (kDLBfloat of DLPack): the upper halves of float32 numbers.
 */
#define RKEOPS_DTYPE_BFLOAT 4

/**
 * Complex numbers (kDLComplex of DLPack): a real part and the imaginary part after
 * it, as C's `float _Complex` and `double _Complex` and Fortran's COMPLEX.
 */
#define RKEOPS_DTYPE_COMPLEX 5

/**
 * Truth values (kDLBool of DLPack): bytes, 0 for false and anything else for true.
 */
#define RKEOPS_DTYPE_BOOL 6

/**
 * Ordinary memory (kDLCPU of DLPack).
 */
#define RKEOPS_DEVICE_CPU 1

/**
 * Memory of a CUDA device (kDLCUDA of DLPack).
 */
#define RKEOPS_DEVICE_CUDA 2

/**
 * In place of the number of a CUDA device: all of them.
 */
#define RKEOPS_ALL_DEVICES -1

/**
 * The largest rank of an array.
 */
#define RKEOPS_MAX_RANK 8

/**
 * The code of "no error", which rkeops_error_code gives for NULL.
 */
#define RKEOPS_OK 0

/**
 * The text is not a formula; the message has the text with a caret under the place.
 */
#define RKEOPS_ERROR_SYNTAX 1

/**
 * An operation, a reduction or a variable has no such name.
 */
#define RKEOPS_ERROR_UNKNOWN_NAME 2

/**
 * An operation got too few or too many operands or parameters.
 */
#define RKEOPS_ERROR_ARITY 3

/**
 * The dimensions of operands do not fit together.
 */
#define RKEOPS_ERROR_DIMENSION 4

/**
 * An argument has a value that is not allowed, for instance NULL.
 */
#define RKEOPS_ERROR_ARGUMENT 5

/**
 * An array has a number format that does not fit.
 */
#define RKEOPS_ERROR_DTYPE 6

/**
 * An array has a rank or an extent that does not fit.
 */
#define RKEOPS_ERROR_SHAPE 7

/**
 * The strides or the alignment of an array cannot be used.
 */
#define RKEOPS_ERROR_STRIDE 8

/**
 * The device of an array is missing or cannot be used here.
 */
#define RKEOPS_ERROR_DEVICE 9

/**
 * An output shares memory with another array of the call.
 */
#define RKEOPS_ERROR_OVERLAP 10

/**
 * A size overflows what can be addressed.
 */
#define RKEOPS_ERROR_SIZE 11

/**
 * The progress callback asked to stop.
 */
#define RKEOPS_ERROR_CANCELLED 12

/**
 * The request makes sense, but this library or this machine cannot do it.
 */
#define RKEOPS_ERROR_UNSUPPORTED 13

/**
 * A defect of the library; please report it with the message.
 */
#define RKEOPS_ERROR_INTERNAL 14

/**
 * The number of arrays is wrong.
 */
#define RKEOPS_ERROR_COUNT 15

/**
 * A handle was freed before, or is a handle of another type.
 */
#define RKEOPS_ERROR_HANDLE 16

/**
 * A solver did not reach its tolerance.
 */
#define RKEOPS_ERROR_CONVERGENCE 17

/**
 * An error: a code for programs and a message for people. Owned by whoever called.
 */
typedef struct rkeops_error rkeops_error;

/**
 * A formula F(p, x_i, y_j), vector-valued. A counted reference to something that
 * never changes.
 */
typedef struct rkeops_formula rkeops_formula;

/**
 * One or several reductions compiled into one pass over the pairs. A counted
 * reference to something that never changes.
 */
typedef struct rkeops_kernel rkeops_kernel;

/**
 * Which pairs of rows a run reduces: blocks of the matrix. A counted reference to
 * something that never changes; it belongs to no kernel and may be used for all.
 *
 * Rows of the result outside of all blocks have the result of nothing (0 for a sum).
 * Indices in results are those of the whole arrays. In a batch the blocks are those
 * of every problem.
 */
typedef struct rkeops_ranges rkeops_ranges;

/**
 * A formula together with how it is reduced over i or j. A counted reference to
 * something that never changes.
 */
typedef struct rkeops_reduction rkeops_reduction;

/**
 * A sum over one index, compiled as the matrix of a linear system. A counted
 * reference to something that never changes.
 */
typedef struct rkeops_solver rkeops_solver;

/**
 * A text made by the library. Owned by the caller.
 */
typedef struct rkeops_text rkeops_text;

/**
 * Half of KeOps' description of ranges: those of reductions over one index.
 */
typedef struct {
    /**
     * `count` intervals of kept rows: start and end of each (the end is not in it).
     */
    const int64_t *kept;
    /**
     * `count` places in `reduced`: where the intervals that the rows meet end; they
     * start where those before end.
     */
    const int64_t *slices;
    /**
     * How many intervals of kept rows there are.
     */
    size_t count;
    /**
     * `reduced_count` intervals of reduced rows: start and end of each.
     */
    const int64_t *reduced;
    /**
     * How many intervals of reduced rows there are.
     */
    size_t reduced_count;
} rkeops_ranges_half;

/**
 * Called now and then during a run, on the thread that called, with the number of
 * pairs (i, j) done and in all. Return 0 to go on, anything else to stop the run
 * soon: it then fails with RKEOPS_ERROR_CANCELLED, and the callback is not called
 * again. It may call the library. It must return: no longjmp, no C++ exception may
 * leave it.
 */
typedef int32_t (*rkeops_progress)(uint64_t done,
                                   uint64_t total,
                                   void *user);

/**
 * Options of a compilation or a run; NULL, or 0 in a field, means the default. Set
 * `size` to sizeof(rkeops_options), or start from RKEOPS_OPTIONS_INIT: newer
 * headers add fields at the end, and the size tells the library which ones there
 * are. Belongs to the caller and is not kept.
 */
typedef struct {
    /**
     * sizeof(rkeops_options).
     */
    size_t size;
    /**
     * Compilation: bits of the floating-point numbers that are computed with: 32 or
     * 64. Default: 32.
     */
    int32_t dtype_bits;
    /**
     * Compilation: one of RKEOPS_TARGET_... Default: RKEOPS_TARGET_AUTO.
     */
    int32_t target;
    /**
     * Run: number of threads, the calling one included. Default: those of
     * rkeops_num_threads that no other run uses.
     */
    int32_t threads;
    /**
     * Run: number of the CUDA device that arrays in ordinary memory are copied to, for a
     * kernel whose target is RKEOPS_TARGET_CUDA, or RKEOPS_ALL_DEVICES: each takes a
     * share of the problems or of the rows of the result. Default: 0.
     */
    int32_t device;
    /**
     * Run: called with the progress; may stop the run. Default: none.
     */
    rkeops_progress progress;
    /**
     * Run: passed to `progress` as it is.
     */
    void *progress_user;
    /**
     * Run: which pairs of rows are reduced. Default: all.
     */
    const rkeops_ranges *ranges;
    /**
     * Compilation: bits of the floating-point numbers that sums are added in: 64 with
     * a dtype_bits of 32 is slower and more accurate. Default: dtype_bits.
     */
    int32_t accumulator_bits;
    /**
     * Compilation: one of RKEOPS_SUMMATION_... Default: RKEOPS_SUMMATION_AUTO.
     */
    int32_t summation;
    /**
     * Run: takes the number of pairs that were not computed, because the conditions of
     * masks rule out whole blocks of them; 0 where there is no mask. It is written at
     * the end of a run that succeeds or is stopped; a solver writes that of its last
     * product with the matrix. Default: NULL, nobody is told.
     */
    uint64_t *skipped;
    /**
     * Run, of arrays on a CUDA device: the stream (cudaStream_t or CUstream) on which
     * all is queued. Default: NULL, the device's default stream.
     */
    void *stream;
    /**
     * Run, of arrays on a CUDA device: memory of that device to work in, aligned to 256
     * bytes, which is free again when what was queued is done. Default: NULL, memory is
     * allocated and freed in the order of the stream.
     */
    void *workspace;
    /**
     * Run: bytes of `workspace`, at least as many as rkeops_kernel_workspace says.
     */
    size_t workspace_bytes;
    /**
     * Compilation: 1 if tensor cores of a CUDA device may round the factors of float32
     * products to TF32, 11 binary digits, which is faster and less exact; of no effect
     * elsewhere. Default: 0, they may not.
     */
    int32_t allow_tf32;
} rkeops_options;

/**
 * An array of the caller, described, not owned; the fields mean what they mean in
 * DLPack's DLTensor. It is read or written in place, so row-major,
 * column-major, padded, transposed, reversed and broadcast arrays are all just
 * strides. Nothing of it is kept after a call returns.
 */
typedef struct {
    /**
     * The element whose indices are all 0, aligned to the size of an element, or of
     * its parts if it is complex; an address of the device if it is not the CPU. May
     * be NULL if some extent is 0.
     */
    void *data;
    /**
     * One of RKEOPS_DTYPE_...; rkeops_kernel_run says which ones an array may have.
     */
    int32_t dtype_code;
    /**
     * Bits of an element: 16, 32 or 64, but 8 too for integers, 8 for bool, 16 for
     * bfloat16, and 64 or 128 for complex numbers.
     */
    int32_t dtype_bits;
    /**
     * RKEOPS_DEVICE_CPU or RKEOPS_DEVICE_CUDA, the same for all arrays of a call.
     */
    int32_t device_type;
    /**
     * 0, or which one of several devices.
     */
    int32_t device_id;
    /**
     * Number of axes: 0 to RKEOPS_MAX_RANK.
     */
    int32_t rank;
    /**
     * `rank` extents, none negative.
     */
    const int64_t *shape;
    /**
     * `rank` steps, in elements (not bytes), from one index to the next of each
     * axis. May be negative; 0 repeats an input along that axis. NULL: compact
     * and row-major.
     */
    const int64_t *strides;
} rkeops_array;

/**
 * Called after each iteration of a solver, on the thread that called, with its number
 * and the largest root mean square of a column's residual. Return 0 to go on, anything
 * else to stop: the call then fails with RKEOPS_ERROR_CANCELLED. It must return.
 */
typedef int32_t (*rkeops_iteration)(uint64_t iteration,
                                    double residual,
                                    void *user);

/**
 * How a system is solved; NULL stands for RKEOPS_SOLVE_OPTIONS_INIT. Set `size` to
 * sizeof(rkeops_solve_options): newer headers add fields at the end. Belongs to the
 * caller and is not kept.
 */
typedef struct {
    /**
     * sizeof(rkeops_solve_options).
     */
    size_t size;
    /**
     * What is added to the diagonal of the matrix: 0 or more. KeOps' default: 1e-10.
     */
    double alpha;
    /**
     * A column is solved when the root mean square of its residual is at most this.
     * KeOps' default: 1e-6.
     */
    double tolerance;
    /**
     * Iterations at most; 0 stands for ten for each row, and ten.
     */
    uint64_t iterations;
    /**
     * Called after each iteration; may stop the solver. NULL: none.
     */
    rkeops_iteration progress;
    /**
     * Passed to `progress` as it is.
     */
    void *progress_user;
} rkeops_solve_options;

/**
 * How a system was solved.
 */
typedef struct {
    /**
     * Products with the matrix.
     */
    uint64_t iterations;
    /**
     * The largest root mean square of a column's residual, as the recurrence has it.
     */
    double residual;
} rkeops_solution;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The code of an error, one of RKEOPS_ERROR_...; RKEOPS_OK for NULL. A code keeps
 * its meaning for ever; new versions may add codes. RKEOPS_ERROR_HANDLE if the
 * error was freed before. Any thread, never blocks.
 */
int32_t rkeops_error_code(const rkeops_error *error);

/**
 * The message of an error: what is wrong, where, and what would be right. UTF-8,
 * one or several lines without a line break at the end; lines after the first may
 * show the text of a formula with a caret under the place. An empty string for
 * NULL. The string belongs to the error and lives until rkeops_error_free. Any
 * thread, never blocks.
 */
const char *rkeops_error_message(const rkeops_error *error);

/**
 * Frees an error and its message. NULL is allowed. Any thread, never blocks.
 */
void rkeops_error_free(rkeops_error *error);

/**
 * The characters of a text, UTF-8, with a zero at the end. They belong to the text
 * and live until rkeops_text_free. An empty string for NULL and for a text that was
 * freed before. Any thread, never blocks.
 */
const char *rkeops_text_data(const rkeops_text *text);

/**
 * Frees a text. NULL is allowed. Any thread, never blocks.
 */
void rkeops_text_free(rkeops_text *text);

/**
 * The version of the binary interface of the library in use; RKEOPS_ABI_VERSION is
 * that of the header. A program works with every library whose version is not
 * lower than its header's. Any thread, never blocks.
 */
int32_t rkeops_abi_version(void);

/**
 * The version of the library, such as "0.1.0". The string is never freed. Any
 * thread, never blocks.
 */
const char *rkeops_version(void);

/**
 * Tells in words what the library found on this machine: processor, the target that
 * is used, threads, what is missing, and the environment variables that it reads:
 * RKEOPS_TARGET, RKEOPS_NUM_THREADS and RKEOPS_DUMP.
 * `*out` becomes a text that the caller owns: rkeops_text_free.
 * Errors: RKEOPS_ERROR_ARGUMENT. Any thread; takes milliseconds at most.
 */
rkeops_error *rkeops_doctor(rkeops_text **out);

/**
 * Sets how many threads runs use together where their options name no number; 0
 * is for as many as RKEOPS_NUM_THREADS of the environment says or the process may
 * use, as at first. Runs that have begun go on as they are, and results do not
 * depend on it.
 * Errors: RKEOPS_ERROR_ARGUMENT (a negative number). Any thread, never blocks.
 */
rkeops_error *rkeops_set_num_threads(int32_t count);

/**
 * How many threads runs use together where their options name no number. Any
 * thread, never blocks.
 */
int32_t rkeops_num_threads(void);

/**
 * Makes a formula from text, for instance "Exp(-SqDist(x,y)*g)*b".
 *
 * `text` is the formula. `aliases` are `alias_count` texts that name its variables:
 * "x = Vi(0,3)" is the argument 0, with 3 columns and one row per i; Vj has one row
 * per j, Pm one row in all; "x = Vi(3)" takes its place in the list as its position.
 * `aliases` may be NULL if the count is 0: the formula may name variables itself, as
 * "Var(0,3,0)" (position, columns, category). The texts are not kept.
 * `*out` becomes a formula that the caller owns.
 * Errors: RKEOPS_ERROR_SYNTAX, _UNKNOWN_NAME, _ARITY, _DIMENSION with a caret under
 * the place, _SIZE for more than a million characters, _ARGUMENT. Any thread; takes
 * microseconds.
 */
rkeops_error *rkeops_formula_parse(const char *text,
                                   const char *const *aliases,
                                   size_t alias_count,
                                   rkeops_formula **out);

/**
 * Makes a variable: the array that a run gets as argument number `index`, with
 * `dim` columns. `category` is one of RKEOPS_CATEGORY_...
 * `*out` becomes a formula that the caller owns.
 * Errors: RKEOPS_ERROR_DIMENSION for a `dim` that is 0 or more than 2^20, _ARGUMENT.
 * Any thread, never blocks.
 */
rkeops_error *rkeops_formula_variable(int64_t index,
                                      int64_t dim,
                                      int32_t category,
                                      rkeops_formula **out);

/**
 * Makes a constant with one column.
 * `*out` becomes a formula that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
 */
rkeops_error *rkeops_formula_constant(double value,
                                      rkeops_formula **out);

/**
 * Applies an operation, by the name that it has in text: "Add", "Exp", "SqDist" ...
 *
 * `operands` are `operand_count` formulas and `parameters` are `parameter_count`
 * integers, such as the position and length of "Extract"; both lists may be NULL if
 * their count is 0, and neither is kept. Derivatives are operations too: "Grad", "Diff",
 * "GradMatrix", "Divergence", "Laplacian" ... of a formula and a variable. "Index" has
 * no operand: its parameter is 0 for the row number of i and 1 for that of j. "Mask"
 * has a formula and a condition: pairs where the condition is 0 or NaN take no part in
 * the reduction, of which it has to be the outermost operation.
 * `*out` becomes a formula that the caller owns; it does not need the operands'
 * handles any longer.
 * Errors: RKEOPS_ERROR_UNKNOWN_NAME, _ARITY, _DIMENSION, _SIZE for a formula of more
 * than a million parts, _ARGUMENT, _HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_formula_apply(const char *name,
                                   const rkeops_formula *const *operands,
                                   size_t operand_count,
                                   const int64_t *parameters,
                                   size_t parameter_count,
                                   rkeops_formula **out);

/**
 * Makes the same formula of other arguments: its variable number `k` becomes number
 * `positions[k]`. So formulas that were made apart, each with arguments from 0 on, are
 * brought together before an operation takes both.
 *
 * `positions` are `count` positions, one for each argument of the formula; the list may
 * be NULL if the count is 0, and is not kept.
 * `*out` becomes a formula that the caller owns.
 * Errors: RKEOPS_ERROR_COUNT for an argument without a position, _ARGUMENT for a negative
 * position or two different variables at one, _HANDLE. Any thread; takes microseconds.
 */
rkeops_error *rkeops_formula_renumber(const rkeops_formula *formula,
                                      const int64_t *positions,
                                      size_t count,
                                      rkeops_formula **out);

/**
 * Makes the same formula with i and j exchanged: that of the transposed matrix. What
 * had one row per i has one per j, and row numbers change places too.
 * `*out` becomes a formula that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread; takes microseconds.
 */
rkeops_error *rkeops_formula_transpose(const rkeops_formula *formula,
                                       rkeops_formula **out);

/**
 * Makes the gradient of a formula with respect to a variable: the transposed
 * Jacobian times `cotangent`, which has the dimension of `formula`; for a complex
 * formula it is complex, or real of twice that dimension. The gradient has as many
 * columns as `variable`. It is a formula like others and can be
 * differentiated again.
 * `*out` becomes a formula that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT if `variable` is no variable, _DIMENSION, _SIZE,
 * _HANDLE. Any thread; takes microseconds.
 */
rkeops_error *rkeops_formula_gradient(const rkeops_formula *formula,
                                      const rkeops_formula *variable,
                                      const rkeops_formula *cotangent,
                                      rkeops_formula **out);

/**
 * Writes the dimension of a formula to `*out`. A complex number counts as one; where
 * rkeops_formula_is_complex tells so, results have two columns of real numbers for it.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_formula_dim(const rkeops_formula *formula,
                                 int64_t *out);

/**
 * Writes 1 to `*out` if the values of a formula are complex numbers, 0 if they are real.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_formula_is_complex(const rkeops_formula *formula,
                                        int32_t *out);

/**
 * Prints a formula as text that parses to the same formula.
 * `*out` becomes a text that the caller owns: rkeops_text_free.
 * Errors: RKEOPS_ERROR_SIZE for a text that is absurdly long (shared parts of a
 * formula are written out each time), _ARGUMENT, _HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_formula_text(const rkeops_formula *formula,
                                  rkeops_text **out);

/**
 * Adds a reference, which asks for one more rkeops_formula_free.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_formula_retain(const rkeops_formula *formula);

/**
 * Drops a reference; the last one frees the formula. NULL is allowed. Any thread,
 * never blocks.
 */
void rkeops_formula_free(rkeops_formula *formula);

/**
 * Makes a reduction from text, for instance "Sum_Reduction(Exp(-SqDist(x,y))*b,0)".
 *
 * The number at the end is KeOps' category of the index that remains: 0 reduces over
 * j and gives one row per i, 1 reduces over i. `aliases` are as in
 * rkeops_formula_parse. The texts are not kept.
 * "Grad(reduction,variable,cotangent,saved...)" is what rkeops_reduction_gradient makes,
 * "Diff(reduction,variable,direction,saved...)" what rkeops_reduction_directional does;
 * "Diff(reduction,(v,w),(a,b),saved...)" is the sum of those in several variables.
 * `*out` becomes a reduction that the caller owns.
 * Errors: RKEOPS_ERROR_SYNTAX, _UNKNOWN_NAME, _ARITY, _DIMENSION with a caret under
 * the place, _SIZE for more than a million characters, _UNSUPPORTED for the gradient
 * of a reduction that has none, _ARGUMENT. Any thread; takes microseconds.
 */
rkeops_error *rkeops_reduction_parse(const char *text,
                                     const char *const *aliases,
                                     size_t alias_count,
                                     rkeops_reduction **out);

/**
 * Makes a reduction of a formula.
 *
 * `name` is "Sum", "LogSumExp", "Min", "ArgMin" or another name that text has before
 * "_Reduction". `axis` is the index that is reduced, one of RKEOPS_AXIS_...
 * `parameters` are the reduction's `parameter_count` integers, such as the number of
 * neighbours of "KMin"; most have none: NULL and 0. `weights` is the second formula of
 * a reduction with weights, such as "SumSoftMaxWeight", and NULL for others.
 * `*out` becomes a reduction that the caller owns; it does not need the formulas'
 * handles any longer.
 * Errors: RKEOPS_ERROR_UNKNOWN_NAME, _ARITY for parameters or weights that are missing
 * or not wanted, _DIMENSION, _ARGUMENT, _HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_reduction_create(const char *name,
                                      const rkeops_formula *formula,
                                      int32_t axis,
                                      const int64_t *parameters,
                                      size_t parameter_count,
                                      const rkeops_formula *weights,
                                      rkeops_reduction **out);

/**
 * Writes to `*out` how many results the derivatives of a reduction need: 0 for a sum, 1
 * for the log-sum-exp, which needs its own result, and for a smallest value, which needs
 * its index. Indices and counts are passed on as arguments that hold integers.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_reduction_saved_count(const rkeops_reduction *reduction,
                                           size_t *out);

/**
 * Makes the reduction whose result is number `position` of those that the derivatives of
 * `reduction` need. It is over the same axis, so that one kernel gives it together with
 * the result itself.
 * `*out` becomes a reduction that the caller owns.
 * Errors: RKEOPS_ERROR_COUNT if there is no such result, _ARGUMENT, _HANDLE. Any
 * thread, never blocks.
 */
rkeops_error *rkeops_reduction_saved(const rkeops_reduction *reduction,
                                     size_t position,
                                     rkeops_reduction **out);

/**
 * Makes the gradient of a reduction with respect to a variable, as a reduction.
 *
 * `cotangent` has the columns of the reduction's output and its index: for a
 * reduction over j it is a formula of i-variables and parameters. `saved` are the
 * `saved_count` results that rkeops_reduction_saved tells, as variables of that index;
 * NULL and 0 for a sum. The gradient has one row per row of `variable`. If `variable`
 * is a parameter, it has one row per row of the reduction's output instead, and the sum
 * of these rows is the gradient. It may be compiled into one kernel with reductions
 * over the same axis, which shares the work on each pair.
 *
 * The gradient is a sum that takes the saved results as they are. Whoever
 * differentiates it again adds what comes through them: its gradient with respect to
 * each is the cotangent of the reduction that gave it.
 * `*out` becomes a reduction that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT if `variable` is no variable or `cotangent` or a saved
 * result depends on the index that is reduced, _ARITY for another number of saved
 * results, _DIMENSION, _SIZE, _UNSUPPORTED for a reduction without a gradient, _HANDLE.
 * Any thread; takes microseconds.
 */
rkeops_error *rkeops_reduction_gradient(const rkeops_reduction *reduction,
                                        const rkeops_formula *variable,
                                        const rkeops_formula *cotangent,
                                        const rkeops_formula *const *saved,
                                        size_t saved_count,
                                        rkeops_reduction **out);

/**
 * Makes the derivative of a reduction where a variable changes along a direction, as a
 * reduction over the same axis with the same columns.
 *
 * `direction` has the columns and the index of `variable`, or one column that stands for
 * each. `saved` are as in rkeops_reduction_gradient.
 * `*out` becomes a reduction that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT if `variable` is no variable, if `direction` depends on
 * another index or if a saved result depends on the index that is reduced, _ARITY for
 * another number of saved results, _DIMENSION, _SIZE, _UNSUPPORTED for a reduction
 * without a derivative, _HANDLE. Any thread; takes microseconds.
 */
rkeops_error *rkeops_reduction_directional(const rkeops_reduction *reduction,
                                           const rkeops_formula *variable,
                                           const rkeops_formula *direction,
                                           const rkeops_formula *const *saved,
                                           size_t saved_count,
                                           rkeops_reduction **out);

/**
 * Writes the number of columns of a reduction's output, of the first one if there are
 * several, to `*out`.
 * A complex number is two columns of real numbers.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_reduction_dim(const rkeops_reduction *reduction,
                                   int64_t *out);

/**
 * Writes how many outputs a reduction has to `*out`: one, or two for one such as
 * "Min_ArgMin".
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_reduction_output_count(const rkeops_reduction *reduction,
                                            size_t *out);

/**
 * Prints a reduction as text that parses to the same reduction, without arguments
 * that were declared but are not used.
 * `*out` becomes a text that the caller owns: rkeops_text_free.
 * Errors: RKEOPS_ERROR_SIZE for a text that is absurdly long (shared parts of a
 * formula are written out each time), _ARGUMENT, _HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_reduction_text(const rkeops_reduction *reduction,
                                    rkeops_text **out);

/**
 * Adds a reference, which asks for one more rkeops_reduction_free.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_reduction_retain(const rkeops_reduction *reduction);

/**
 * Drops a reference; the last one frees the reduction. NULL is allowed. Any thread,
 * never blocks.
 */
void rkeops_reduction_free(rkeops_reduction *reduction);

/**
 * Makes ranges from KeOps' six lists: `over_j` is (ranges_i, slices_i, redranges_j),
 * which reductions over j use, `over_i` is (ranges_j, slices_j, redranges_i). Either
 * may be NULL: reductions over that index then reduce nothing.
 *
 * An interval of reduced rows that is named twice counts twice; of two intervals that
 * hold the same kept row the last one decides. The lists are not kept.
 * `*out` becomes ranges that the caller owns.
 * Errors: RKEOPS_ERROR_SHAPE, _ARGUMENT. Any thread, never blocks.
 */
rkeops_error *rkeops_ranges_create(const rkeops_ranges_half *over_j,
                                   const rkeops_ranges_half *over_i,
                                   rkeops_ranges **out);

/**
 * Makes ranges from a grid of blocks: the rows of block c of `blocks_i` (`count_i`
 * pairs of start and end) meet those of block d of `blocks_j` where
 * `keep[c * count_j + d]` is not 0. The lists are not kept.
 * `*out` becomes ranges that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
 */
rkeops_error *rkeops_ranges_from_blocks(const int64_t *blocks_i,
                                        size_t count_i,
                                        const int64_t *blocks_j,
                                        size_t count_j,
                                        const uint8_t *keep,
                                        rkeops_ranges **out);

/**
 * Makes ranges from labels: row i (of `rows_i`) meets row j (of `rows_j`) where the
 * pair of their labels is one of the `pair_count` pairs in `pairs` (the label of i,
 * then that of j). Rows need not be sorted by their labels, but work is done by runs
 * of equal labels, so that it is fast where they are. The lists are not kept.
 * `*out` becomes ranges that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
 */
rkeops_error *rkeops_ranges_from_labels(const int64_t *labels_i,
                                        size_t rows_i,
                                        const int64_t *labels_j,
                                        size_t rows_j,
                                        const int64_t *pairs,
                                        size_t pair_count,
                                        rkeops_ranges **out);

/**
 * Makes the ranges of a ragged batch of `problems` problems, whose rows follow one
 * another: problem b has rows `offsets_i[b]` to `offsets_i[b + 1]` (not included) and
 * `offsets_j[b]` to `offsets_j[b + 1]`. Both lists have `problems + 1` entries and are
 * not kept.
 * `*out` becomes ranges that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT. Any thread, never blocks.
 */
rkeops_error *rkeops_ranges_ragged(const int64_t *offsets_i,
                                   const int64_t *offsets_j,
                                   size_t problems,
                                   rkeops_ranges **out);

/**
 * Adds a reference, which asks for one more rkeops_ranges_free.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_ranges_retain(const rkeops_ranges *ranges);

/**
 * Drops a reference; the last one frees the ranges. NULL is allowed. Any thread,
 * never blocks.
 */
void rkeops_ranges_free(rkeops_ranges *ranges);

/**
 * Compiles reductions over the same axis into one kernel, which computes all of them
 * in one pass and shares what they have in common.
 *
 * `reductions` are `count` reductions, at least one; the list is not kept.
 * `options` may be NULL; its dtype_bits, target, accumulator_bits and summation are
 * read here.
 * `*out` becomes a kernel that the caller owns. Kernels are cached inside the library
 * by formula and these options: compiling the same again is cheap and gives the same
 * kernel, also from several threads at once.
 * Where the system refuses executable memory a kernel for any target runs portable
 * code instead; rkeops_doctor and rkeops_kernel_explain tell.
 * Errors: RKEOPS_ERROR_UNSUPPORTED for a target that this processor does not have,
 * _SIZE for a formula that needs absurdly many operations, _DTYPE for an accumulator
 * with fewer bits, _DIMENSION, _ARGUMENT, also for a summation where nothing is added,
 * _HANDLE. Any thread; takes up to some milliseconds.
 */
rkeops_error *rkeops_kernel_compile(const rkeops_reduction *const *reductions,
                                    size_t count,
                                    const rkeops_options *options,
                                    rkeops_kernel **out);

/**
 * Runs a kernel on arrays and writes its outputs. Blocks until all is done; arrays on a
 * CUDA device are computed there, and then the run is only queued on the stream of the
 * options: it is ordered as what else is queued there, may be captured in a CUDA graph,
 * and errors that the device finds come with what waits for it.
 *
 * `inputs` are `input_count` arrays: argument k is the variable with position k. A
 * variable of category i has shape (M, columns), one of category j (N, columns), a
 * parameter (columns); the last axis may be left out if there is one column. M and N
 * may be 0. `outputs` are `output_count` arrays in the order of the reductions of the
 * compilation, one for each, but two for a reduction such as "Min_ArgMin" (the values,
 * then the indices), of shape (M, columns) for a reduction over j and (N, columns) for
 * one over i.
 *
 * A kernel computes in float32 or float64, as its compilation said; arrays may store
 * something else. Inputs are integers of any size, bool (a byte, true unless it is 0),
 * float16, bfloat16, float32 or, where the kernel computes in float64, float64. Each
 * number becomes the nearest one of the kernel's format, the even one of two: integers
 * are exact in float32 up to 2^24, and exact as they are where the formula says
 * Integer(v). Outputs are int64 if they are indices or counts; others are of the
 * kernel's format or a narrower one of these floating-point formats, and hold the
 * nearest numbers, infinite ones beyond the largest.
 *
 * Complex numbers are two columns, a real part and the imaginary part after it. Where
 * columns alternate like that, an array may also be described as RKEOPS_DTYPE_COMPLEX
 * with half as many columns: an input of an even dimension, and an output that
 * rkeops_kernel_output tells to be complex.
 *
 * Any array may have axes before these, for a batch of problems of one size: they are
 * broadcast as in NumPy (matched from the last; an extent of 1 or a missing axis
 * stands for any extent), and outputs have those of all inputs together. Then the axis
 * of one column may not be left out, and indices in results count the rows of their
 * own problem.
 *
 * The structs and the arrays belong to the caller; the arrays are used in
 * place. An output must share no element with another array of the call; one that is
 * woven into another, such as two blocks of columns of one row-major matrix, is
 * computed aside and copied at the end. During the run an array takes all memory
 * from its lowest to its highest element, gaps between elements included: nobody
 * else may write there, nor read there if it is an output. So two runs at the same
 * time must not write into one matrix, even into different columns.
 * `options` may be NULL; its threads, progress, ranges, skipped and device are read
 * here, and on a device its ranges, stream and workspace.
 * Results do not depend on the number of threads.
 * Errors: RKEOPS_ERROR_COUNT, _DTYPE, _SHAPE, _STRIDE, _DEVICE, _OVERLAP, _SIZE,
 * _ARGUMENT, _HANDLE name the array and leave the outputs as they were;
 * RKEOPS_ERROR_CANCELLED, because the callback asked for it, leaves them unspecified. Any
 * thread, also several on the same kernel at once.
 */
rkeops_error *rkeops_kernel_run(const rkeops_kernel *kernel,
                                const rkeops_array *inputs,
                                size_t input_count,
                                const rkeops_array *outputs,
                                size_t output_count,
                                const rkeops_options *options);

/**
 * Tells how many bytes of a device's memory rkeops_kernel_run works in, for arrays like
 * these on a CUDA device: they may be given to it as `options->workspace`. Only the
 * dtypes, shapes, strides and devices of the arrays matter, and the ranges of the options.
 * `*bytes` becomes 0 for arrays in ordinary memory.
 * Errors: those of rkeops_kernel_run. Any thread; the first call for a device takes as
 * long as starting it does.
 */
rkeops_error *rkeops_kernel_workspace(const rkeops_kernel *kernel,
                                      const rkeops_array *inputs,
                                      size_t input_count,
                                      const rkeops_array *outputs,
                                      size_t output_count,
                                      const rkeops_options *options,
                                      size_t *bytes);

/**
 * Writes the number of inputs that a run of the kernel wants to `*out`.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_kernel_input_count(const rkeops_kernel *kernel,
                                        size_t *out);

/**
 * Tells what input number `position` of a kernel is: its columns and its category
 * (RKEOPS_CATEGORY_...). Each of `dim` and `category` may be NULL if it is not
 * wanted.
 * Errors: RKEOPS_ERROR_COUNT if there is no such input, _HANDLE, _ARGUMENT. Any
 * thread, never blocks.
 */
rkeops_error *rkeops_kernel_input(const rkeops_kernel *kernel,
                                  size_t position,
                                  int64_t *dim,
                                  int32_t *category);

/**
 * Writes the number of outputs of the kernel to `*out`: one per reduction, or more for
 * one that has several.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_kernel_output_count(const rkeops_kernel *kernel,
                                         size_t *out);

/**
 * Tells what output number `position` of a kernel is: its columns and its dtype, as
 * in rkeops_array. A run also takes narrower floating-point numbers, and instead of complex numbers a run also takes an array of real ones
 * with twice as many columns. Each of `dim`, `dtype_code` and `dtype_bits` may be NULL if it is
 * not wanted.
 * Errors: RKEOPS_ERROR_COUNT if there is no such output, _HANDLE, _ARGUMENT. Any
 * thread, never blocks.
 */
rkeops_error *rkeops_kernel_output(const rkeops_kernel *kernel,
                                   size_t position,
                                   int64_t *dim,
                                   int32_t *dtype_code,
                                   int32_t *dtype_bits);

/**
 * Writes the index that the kernel reduces, one of RKEOPS_AXIS_..., to `*out`.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_kernel_axis(const rkeops_kernel *kernel,
                                 int32_t *out);

/**
 * Writes how many operations on a lane a kernel needs for each pair of rows to `*out`.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_kernel_operations(const rkeops_kernel *kernel,
                                       int64_t *out);

/**
 * Tells in words how a kernel works: its formula, what is computed how often, the
 * program of one pair with its operation counts, the target.
 * `*out` becomes a text that the caller owns: rkeops_text_free. Its form may change
 * with every version.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread; takes milliseconds.
 */
rkeops_error *rkeops_kernel_explain(const rkeops_kernel *kernel,
                                    rkeops_text **out);

/**
 * Adds a reference, which asks for one more rkeops_kernel_free.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_kernel_retain(const rkeops_kernel *kernel);

/**
 * Drops a reference; the last one frees the kernel. It must not be the last one
 * while a run of the kernel is under way. NULL is allowed. Any thread, never blocks.
 */
void rkeops_kernel_free(rkeops_kernel *kernel);

/**
 * Makes a solver of (K + alpha I) x = b for the matrix K of K x = the reduction, a sum
 * in whose formula argument number `unknown` stands for x: a variable of the index
 * that is reduced, with as many columns as the sum, in which the formula is linear.
 * `options` are as in rkeops_kernel_compile.
 * `*out` becomes a solver that the caller owns.
 * Errors: RKEOPS_ERROR_ARGUMENT and _DIMENSION for what is no such sum or variable, and
 * those of rkeops_kernel_compile. Any thread; takes up to some milliseconds.
 */
rkeops_error *rkeops_solver_create(const rkeops_reduction *reduction,
                                   size_t unknown,
                                   const rkeops_options *options,
                                   rkeops_solver **out);

/**
 * Solves a linear system by conjugate gradients. Blocks until it is solved.
 *
 * `inputs` are those of rkeops_kernel_run; the right-hand side b comes in the place of
 * the unknown. `output` takes x; it has the shape that the sum has. The problems of a
 * batch are systems of their own, iterated together, and so are columns, unless the
 * formula makes a column of another one (kernels whose values are matrices): then they
 * are one system, counted as one column. The matrix must be symmetric and positive
 * definite.
 * `solve` may be NULL. `run` may be NULL; its threads, progress, ranges and skipped are
 * read for each product with the matrix. `*solution` tells how it was solved; it may be NULL.
 * Errors: those of rkeops_kernel_run; RKEOPS_ERROR_CONVERGENCE where the matrix is found
 * not to be positive definite, a residual is not finite or the iterations do not
 * suffice: the output then holds the last iterate. Any thread, also several on the same
 * solver at once.
 */
rkeops_error *rkeops_solver_run(const rkeops_solver *solver,
                                const rkeops_array *inputs,
                                size_t input_count,
                                const rkeops_array *output,
                                const rkeops_solve_options *solve,
                                const rkeops_options *run,
                                rkeops_solution *solution);

/**
 * Adds a reference, which asks for one more rkeops_solver_free.
 * Errors: RKEOPS_ERROR_ARGUMENT, RKEOPS_ERROR_HANDLE. Any thread, never blocks.
 */
rkeops_error *rkeops_solver_retain(const rkeops_solver *solver);

/**
 * Drops a reference; the last one frees the solver. NULL is allowed. Any thread, never
 * blocks.
 */
void rkeops_solver_free(rkeops_solver *solver);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* RKEOPS_H */
