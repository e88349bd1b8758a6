# Linear systems by conjugate gradients.

.solve_settings <- function(alpha, tol, maxit) {
    check <- function(value, name) {
        if (!is.numeric(value) || length(value) != 1 || !is.finite(value) || value < 0) {
            .stop(paste0(name, ": expected a number, 0 or more, got ", .words(value)))
        }
    }
    check(alpha, "alpha")
    check(tol, "tol")
    # Numbers beyond are no whole numbers of the library's.
    if (is.numeric(maxit) && length(maxit) == 1 && !is.na(maxit)) maxit <- min(maxit, 2^53)
    if (!is.int(maxit) || maxit < 0) .stop(paste0("maxit: expected a whole number, 0 or more, got ", .words(maxit)))
    as.numeric(c(alpha, tol, maxit))
}

.solution <- function(solved, details) {
    if (.flag(details, "details")) stats::setNames(solved, c("x", "iterations", "residual")) else solved[[1]]
}

#' Linear systems
#'
#' Solves `(K + alpha I) x = b` by conjugate gradients, for a symmetric, positive definite matrix `K` that is never stored: kernel regression, kriging.
#'
#' `keops_solve()` takes an operator of [keops_kernel()] that is a sum over j (or i) linear in one of its variables, the unknown, and gives a function of its
#' input in which `b` is in the place of the unknown: KeOps' `KernelSolve`.
#'
#' @param a A symbolic matrix of as many rows as columns.
#' @param b A matrix or vector with a row for each row of `a`.
#' @param alpha What is added to the diagonal.
#' @param tol A column is solved when the root mean square of its residual is at most this.
#' @param maxit Iterations at most; 0 stands for ten for each row, and ten.
#' @param details Whether to tell the iterations and the residual too.
#' @param ... Ignored.
#' @param operator An operator made by [keops_kernel()].
#' @param var The unknown: the name of a variable, or its position, from 0 on.
#' @return A matrix of the size of `b`; with `details` a list `x`, `iterations`, `residual`. `keops_solve()` gives a function
#'   `solve(input, alpha, tol, maxit, details)`.
#' @examples
#' x <- sort(runif(50))
#' y <- sin(6 * x)
#' K <- exp(-sqdist(Vi(x), Vj(x)) / 0.02)
#' w <- solve(K, y, alpha = 0.1)
#' max(abs(K %*% w + 0.1 * w - y)) < 1e-4
#'
#' op <- keops_kernel(
#'     "Sum_Reduction(Exp(-SqDist(x, y) / 0.02) * w, 1)",
#'     c("x=Vi(1)", "y=Vj(1)", "w=Vj(1)")
#' )
#' all.equal(keops_solve(op, "w")(list(x, x, y), alpha = 0.1), w)
#' @name solve
#' @aliases solve.LazyTensor
#' @export
solve.LazyTensor <- function(a, b, alpha = 1e-10, tol = 1e-6, maxit = 0, details = FALSE, ...) {
    settings <- .solve_settings(alpha, tol, maxit)
    if (missing(b)) .stop("b: expected a right-hand side: the inverse of a symbolic matrix is none", "unsupported")
    .flag(details, "details")
    if (is.na(a@rows[1]) || !identical(a@rows[1], a@rows[2])) {
        .stop(paste0("a: expected a matrix with as many rows as columns, got ", paste(dim(a), collapse = " x ")), "shape")
    }
    right <- .lazy_tensor(b, 1L, FALSE, "b")
    if (is.ComplexLazyTensor(a)) .stop("a: expected a matrix of real numbers, got one of complex numbers", "unsupported")
    if (is.ComplexLazyTensor(right)) .stop("b: expected real numbers, got complex ones: solve for real and imaginary parts", "unsupported")
    if (right@rows[2] != a@rows[2]) .stop(paste0("b: expected ", a@rows[2], " rows, got ", right@rows[2]), "shape")
    # The unknown is an argument of its own, even where b is one of the data.
    count <- length(a@values)
    unknown <- .Call(r_formula_renumber, right@formula, count)
    formula <- .Call(r_formula_apply, "Mult", list(a@formula, unknown), integer())
    reduction <- .Call(r_reduction_create, "Sum", formula, 1L, integer(), NULL)
    solver <- .Call(r_solver, reduction, count, .settings$compilation)
    kinds <- c(a@kinds, right@kinds)
    solved <- .Call(r_solve, solver, count, c(a@values, right@values), NULL, kinds, settings, .solve_options())
    .solution(solved, details)
}

#' @rdname solve
#' @export
keops_solve <- function(operator, var) {
    context <- .check_operator(operator)
    info <- context$args_info
    place <- .variable_of(info, var)
    parts <- .parse_reduction(context$formula)
    reduction <- function() .Call(r_reduction_parse, .reduction_text(parts), info$args)
    unknown <- info$var_pos[place]
    type <- c("Vi", "Vj")[parts$axis + 1L]
    if (info$var_type[place] != type) {
        .stop(paste0("var: expected a variable of the index that is reduced, a ", type, ", got ", info$var_name[place], ", a ", info$var_type[place]))
    }
    solvers <- list()
    solver <- function() {
        key <- .settings$key
        if (is.null(solvers[[key]]) || !.Call(r_is_alive, solvers[[key]])) {
            solvers[[key]] <<- .Call(r_solver, reduction(), unknown, .settings$compilation)
        }
        solvers[[key]]
    }
    solver()
    order <- order(info$var_pos)
    kinds <- as.integer(rbind(info$var_dim, .category_of[info$var_type])[, order])
    names <- info$var_name[order]
    function(input, alpha = 1e-10, tol = 1e-6, maxit = 0, details = FALSE) {
        settings <- .solve_settings(alpha, tol, maxit)
        .flag(details, "details")
        .solution(.Call(r_solve, solver(), unknown, input, names, kinds, settings, .solve_options()), details)
    }
}
