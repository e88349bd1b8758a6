# Gradients of reductions of symbolic tensors.

# A variable of a tensor: told by its position from 0 on, or as a tensor made of the same data.
.variable_tensor <- function(f, var) {
    if (!.is_lazy(f)) .stop(paste0("f: expected a LazyTensor, got ", .words(f)), "type")
    if (.is_lazy(var)) {
        if (!is.ComplexLazyTensor(var) || length(var@values) != 1) return(var)
        # Of complex numbers the real and imaginary parts are the variable.
        parts <- .Call(r_formula_variable, 0L, var@kinds[1], var@kinds[2])
        is_data <- var$formula == .Call(r_formula_text, .Call(r_formula_apply, "AsComplex", list(parts), integer()))
        return(if (is_data) .make(parts, var@values, var@kinds, var@rows) else var)
    }
    if (!is.int(var) || var < 0 || var >= length(f@values)) {
        .stop(paste0("var: expected a LazyTensor, or the position, from 0 on, of one of ", length(f@values), " arguments, got ", .words(var)))
    }
    kind <- f@kinds[2 * var + 1:2]
    rows <- f@rows
    rows[-(kind[2] + 1L)] <- NA
    if (kind[2] == 2L) rows <- c(NA_integer_, NA_integer_)
    .make(.Call(r_formula_variable, 0L, kind[1], kind[2]), f@values[var + 1], kind, rows)
}

# Columns of real and imaginary parts in turn as complex numbers, if the data of a variable are.
.like_data <- function(gradient, data) {
    if (!is.complex(data)) return(gradient)
    parts <- seq(1L, ncol(gradient), 2L)
    matrix(complex(real = gradient[, parts], imaginary = gradient[, parts + 1L]), nrow(gradient))
}

# The place of a variable among the arguments of a tensor.
.position_of <- function(f, variable) {
    position <- .Call(r_positions, f@values, f@kinds, variable@values, variable@kinds)
    is_variable <- length(position) == 1 && position < length(f@values) && grepl("^Var\\([0-9,]*\\)$", variable$formula)
    if (!is_variable) .stop(paste0("var: expected a variable of f, got the tensor ", variable$formula))
    position
}

#' Gradients of symbolic tensors
#'
#' `grad()` reduces the gradient of a formula: `sum over the index of (d f / d var) gradin`, RKeOps' function of this name. `adjoint()` is the gradient
#' of the reduction itself: the derivative of `sum(gradin * reduction)` with respect to the data of a variable. With complex numbers the sum is
#' `sum(Re(Conj(gradin) * reduction))`, and the derivatives in the real parts and in the imaginary parts are those of the result.
#'
#' @param f A symbolic tensor.
#' @param gradin A symbolic tensor or numbers, with as many components as `f`; for `adjoint()` a matrix of the size of the reduction's result.
#' @param opstr The name of the reduction: `"Sum"`, `"LogSumExp"` ...
#' @param var A variable of `f`: what [Vi()], [Vj()] or [Pm()] made of the same data, or its position, from 0 on.
#' @param index `"i"` or `"j"`, the index that is reduced.
#' @return A matrix.
#' @examples
#' x <- matrix(rnorm(10), ncol = 2)
#' y <- matrix(rnorm(12), ncol = 2)
#' K <- exp(-sqdist(Vi(x), Vj(y)))
#' grad(K, Vi(rep(1, 5)), "Sum", 0, "j")
#' adjoint(K, matrix(1, 5, 1), "Sum", Vj(y), "j")
#' @export
grad <- function(f, gradin, opstr = "Sum", var = 0, index = "j") {
    variable <- .variable_tensor(f, var)
    .position_of(f, variable)
    gradient <- .reduce(.apply("Grad", list(f = f, var = variable, gradin = gradin)), .string(opstr, "opstr"), index)
    .like_data(gradient, variable@values[[1]])
}

#' @rdname grad
#' @export
adjoint <- function(f, gradin, opstr = "Sum", var = 0, index = "j") {
    variable <- .variable_tensor(f, var)
    axis <- .axis_of(index)
    gradin <- .numbers(gradin, "gradin")
    reduction <- .Call(r_reduction_create, .string(opstr, "opstr"), f@formula, axis, integer(), NULL)
    values <- f@values
    position <- .position_of(f, variable)
    kind <- f@kinds[2 * position + 1:2]
    count <- length(values)
    saved <- .Call(r_reduction_saved, reduction)
    if (length(saved) > 0) {
        kernel <- .Call(r_compile, saved, .settings$compilation)
        results <- .Call(r_run, kernel, .filled(list(values = values), kernel), NULL, "col", .run_options(is_count = TRUE))
        if (!is.list(results)) results <- list(results)
    } else {
        results <- list()
    }
    gradient <- .gradient_reduction(reduction, .Call(r_formula_variable, position, kind[1], kind[2]), count, axis)
    kernel <- .Call(r_compile, list(gradient), .settings$compilation)
    inputs <- c(values, list(gradin), results)
    names <- c(rep("", count), "gradin", rep("", length(results)))
    result <- .Call(r_run, kernel, .filled(list(values = inputs), kernel), names, "col", .run_options())
    .like_data(if (kind[2] == 2L) matrix(colSums(result), nrow = 1) else result, values[[position + 1L]])
}

# The gradient of a reduction of so many inputs over an axis in one of its variables: a reduction of these inputs, the
# cotangent and the results that derivatives need.
.gradient_reduction <- function(reduction, variable, count, axis) {
    result <- function(k, one) .Call(r_formula_variable, count + k, .Call(r_reduction_facts, one)[1], 1L - axis)
    saved <- .Call(r_reduction_saved, reduction)
    .Call(r_reduction_gradient, reduction, variable, result(0L, reduction), Map(result, seq_along(saved), saved))
}
