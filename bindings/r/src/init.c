/* The routines that R may call. */

#include "binding.h"

#include <R_ext/Rdynload.h>

#define ROUTINE(name, arguments) {#name, (DL_FUNC)&name, arguments}

static const R_CallMethodDef routines[] = {
    ROUTINE(r_formula_parse, 2),
    ROUTINE(r_formula_variable, 3),
    ROUTINE(r_formula_constant, 1),
    ROUTINE(r_formula_apply, 3),
    ROUTINE(r_formula_renumber, 2),
    ROUTINE(r_formula_transpose, 1),
    ROUTINE(r_formula_facts, 1),
    ROUTINE(r_formula_text, 1),
    ROUTINE(r_positions, 4),
    ROUTINE(r_reduction_parse, 2),
    ROUTINE(r_reduction_create, 5),
    ROUTINE(r_reduction_saved, 1),
    ROUTINE(r_reduction_gradient, 4),
    ROUTINE(r_reduction_facts, 1),
    ROUTINE(r_reduction_text, 1),
    ROUTINE(r_compile, 2),
    ROUTINE(r_kernel_facts, 1),
    ROUTINE(r_explain, 1),
    ROUTINE(r_run, 5),
    ROUTINE(r_entries, 3),
    ROUTINE(r_solver, 3),
    ROUTINE(r_solve, 7),
    ROUTINE(r_is_alive, 1),
    ROUTINE(r_version, 0),
    ROUTINE(r_doctor, 0),
    ROUTINE(r_threads, 1),
    {NULL, NULL, 0},
};

void R_init_rkeops(DllInfo *library) {
    R_registerRoutines(library, NULL, routines, NULL, NULL);
    R_useDynamicSymbols(library, FALSE);
    R_forceSymbols(library, TRUE);
}
