# Symbolic tensors as matrices.

.transposed <- function(x) {
    kinds <- matrix(x@kinds, 2)
    kinds[2, ] <- c(1L, 0L, 2L)[kinds[2, ] + 1L]
    .make(.Call(r_formula_transpose, x@formula), x@values, as.integer(kinds), rev(x@rows), x@dims)
}

# The product with the rows of a matrix, or with a tensor. `what` and `each` are for errors: which argument has a row for each of what.
.product <- function(x, y, what = "y", each = "one for each column of x") {
    if (!.is_lazy(y)) {
        y <- .lazy_tensor(y, 1L, FALSE, what)
        if (!is.na(x@rows[2]) && y@rows[2] != x@rows[2]) {
            .stop(paste0(what, ": expected ", x@rows[2], " rows, ", each, ", got ", y@rows[2]), "shape")
        }
    }
    .reduce(.apply("Mult", list(x, y)), "Sum", "j")
}

#' Symbolic tensors as matrices
#'
#' `K %*% b` is the product with a matrix or vector `b` that has a row for each j, or with a tensor: the sum over j. `b %*% K` is the product from the
#' left, and `crossprod(K, b)` is `t(K) %*% b`. `dim`, `t` and `[` are those of a matrix: `K[i, j]` is the symbolic matrix of some rows and columns.
#' `as.matrix()` computes all entries; for vectors it is an array with an axis more.
#'
#' @param x,y A symbolic tensor, and a numeric matrix or vector or another tensor.
#' @param i,j Rows and columns, as for matrices: positions, negative positions or logical values.
#' @param drop Ignored.
#' @param ... Ignored.
#' @return `%*%` and `crossprod` give a matrix, `t` and `[` a [LazyTensor()], `as.matrix` a matrix or an array.
#' @examples
#' K <- exp(-sqdist(Vi(matrix(1:6, 3)), Vj(matrix(1:4, 2))) / 10)
#' K %*% c(1, 2)
#' crossprod(K, 1:3)
#' as.matrix(K[1:2, ])
#' @name matrices
#' @aliases %*%,LazyTensor,ANY-method %*%,ANY,LazyTensor-method %*%,LazyTensor,LazyTensor-method crossprod,LazyTensor,ANY-method
NULL

#' @rdname matrices
#' @export
methods::setMethod("%*%", signature(x = "LazyTensor", y = "ANY"), function(x, y) .product(x, y))

#' @rdname matrices
#' @export
methods::setMethod("%*%", signature(x = "LazyTensor", y = "LazyTensor"), function(x, y) .product(x, y))

#' @rdname matrices
#' @export
methods::setMethod("%*%", signature(x = "ANY", y = "LazyTensor"), function(x, y) {
    x <- .numbers(x, "x")
    if (!is.matrix(x)) x <- matrix(x, nrow = 1)
    if (!is.na(y@rows[1]) && ncol(x) != y@rows[1]) {
        .stop(paste0("x: expected ", y@rows[1], " columns, one for each row of y, got ", ncol(x)), "shape")
    }
    t(.product(.transposed(y), t(x)))
})

#' @rdname matrices
#' @export
methods::setMethod("crossprod", signature(x = "LazyTensor", y = "ANY"), function(x, y = NULL, ...) {
    if (is.null(y)) .stop("y: expected a second argument: the product of two symbolic matrices is none", "unsupported")
    .product(.transposed(x), y, each = "one for each row of x")
})

#' @rdname matrices
#' @export
t.LazyTensor <- function(x) .transposed(x)

#' @rdname matrices
#' @export
as.matrix.LazyTensor <- function(x, ...) {
    reduction <- .Call(r_reduction_create, "Sum", x@formula, 0L, integer(), NULL)
    kernel <- .Call(r_compile, list(reduction), .settings$compilation)
    .Call(r_entries, kernel, .filled(list(values = x@values), kernel), .settings$run)
}

#' @rdname matrices
#' @export
`[.LazyTensor` <- function(x, i, j, ..., drop = TRUE) {
    if (nargs() - (!missing(drop)) != 3) .stop("[: expected rows and columns, as in K[i, j] or K[i, ]")
    chosen <- function(count, which, name) {
        if (is.na(count)) .stop(paste0("[: the tensor has no ", name), "shape")
        if (!is.numeric(which) && !is.logical(which)) .stop(paste0("[: expected positions of ", name, ", got ", .words(which)))
        if (is.logical(which) && length(which) > count) .stop(paste0("[: ", length(which), " logical values for ", count, " ", name), "shape")
        places <- seq_len(count)[which]
        if (anyNA(places)) .stop(paste0("[: positions beyond the ", count, " ", name), "shape")
        places
    }
    places <- list(
        if (!missing(i)) chosen(x@rows[1], i, "rows"), if (!missing(j)) chosen(x@rows[2], j, "columns")
    )
    kinds <- matrix(x@kinds, 2)
    values <- x@values
    rows <- x@rows
    for (k in seq_along(values)) {
        category <- kinds[2, k] + 1L
        if (category < 3L && !is.null(places[[category]])) {
            own <- places[[category]]
            values[[k]] <- if (is.matrix(values[[k]])) values[[k]][own, , drop = FALSE] else values[[k]][own]
        }
    }
    for (category in 1:2) {
        if (!is.null(places[[category]])) rows[category] <- length(places[[category]])
    }
    .make(x@formula, values, x@kinds, rows, x@dims)
}

# Functions of matrices that would store them.
#' @export
as.array.LazyTensor <- function(x, ...) as.matrix.LazyTensor(x)
