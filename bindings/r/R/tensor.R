# Symbolic tensors: a formula of numbered arguments, these, and the sizes that they tell.

#' Symbolic matrices
#'
#' A `LazyTensor` stands for the matrix of a formula of points `x_i` and `y_j`, which is never stored. Arithmetic and functions make new ones;
#' a reduction over an index, or a product with a matrix, computes.
#'
#' `Vi(x)` stands for the points `x_i`, the rows of `x`, and `Vj(y)` for the points `y_j`; `Pm(p)` is a parameter, the same for all pairs.
#' Numbers in arithmetic are parameters.
#'
#' @param x A numeric or complex matrix, or a data frame, with a row for each point (a vector where points have one component); for a parameter
#'   a vector.
#' @param index `"i"`, `"j"`, or `NA` for a parameter.
#' @param is_complex Whether to compute with complex numbers: a matrix of real ones is the real parts.
#' @return An object of class `LazyTensor`; one of complex numbers is a `ComplexLazyTensor` too. Its fields `$formula`, `$args` and `$vars` are
#'   the text of the formula, what the arguments are, and the data.
#' @examples
#' x <- matrix(runif(30), ncol = 3)
#' y <- matrix(runif(60), ncol = 3)
#' K <- exp(-sqdist(Vi(x), Vj(y)) / 2)
#' K
#' dim(K)
#' K %*% rnorm(20)
#' sum(K, index = "i")
#' @name LazyTensor
#' @aliases LazyTensor-class ComplexLazyTensor-class
NULL

.is_lazy <- function(x) inherits(x, "LazyTensor")

# TRUE or FALSE, as an argument has to be.
.flag <- function(value, name) {
    if (!is.logical(value) || length(value) != 1 || is.na(value)) .stop(paste0(name, ": expected TRUE or FALSE, got ", .words(value)))
    value
}

# One string.
.string <- function(value, name) {
    if (!is.character(value) || length(value) != 1 || is.na(value)) .stop(paste0(name, ": expected one string, got ", .words(value)))
    value
}

.is_numeric <- function(x) {
    # Package bit64 stores integers in the bits of doubles.
    (is.numeric(x) || is.logical(x) || is.complex(x)) && !is.factor(x) && !inherits(x, "integer64")
}

# Numbers as a matrix or a vector.
.numbers <- function(x, what) {
    if (.is_lazy(x)) .stop(paste0(what, ": expected a numeric matrix, got a LazyTensor"), "type")
    if (is.data.frame(x)) x <- as.matrix(x)
    if (!.is_numeric(x)) .stop(paste0(what, ": expected a numeric matrix, got ", .words(x)), "type")
    if (length(dim(x)) > 2) .stop(paste0(what, ": expected a matrix, got an array with ", length(dim(x)), " axes"), "shape")
    x
}

# A tensor of a formula. Slots are attributes, which are set without the checks of new(): these take longer than all the rest.
.make <- function(formula, values, kinds, rows, facts = .Call(r_formula_facts, formula)) {
    made <- if (facts[2] == 1L) .complex_prototype else .prototype
    attr(made, "formula") <- formula
    attr(made, "dims") <- facts
    attr(made, "values") <- values
    attr(made, "kinds") <- kinds
    attr(made, "rows") <- rows
    made
}

#' @rdname LazyTensor
#' @export
LazyTensor <- function(x, index = NA, is_complex = FALSE) {
    if (!is.atomic(index) || length(index) != 1 || !(is.na(index) || identical(index, "i") || identical(index, "j"))) {
        .stop(paste0("index: expected \"i\", \"j\" or NA, got ", .words(index)))
    }
    .lazy_tensor(x, if (is.na(index)) 2L else if (index == "i") 0L else 1L, is_complex)
}

.lazy_tensor <- function(x, category, is_complex, what = "x") {
    x <- .numbers(x, what)
    if (.flag(is_complex, "is_complex") && !is.complex(x)) storage.mode(x) <- "complex"
    # Numbers that do not overflow.
    parts <- if (is.complex(x)) 2 else 1
    columns <- (if (category == 2L) length(x) else if (is.matrix(x)) ncol(x) else 1L) * parts
    if (columns == 0) .stop(paste0(what, ": expected one component or more, got none"), "shape")
    count <- if (is.matrix(x)) nrow(x) else length(x)
    if (max(count, columns) > .Machine$integer.max) .stop(paste0(what, ": expected up to 2^31 - 1 points, got ", count), "size")
    rows <- if (category == 0L) c(count, NA) else if (category == 1L) c(NA, count) else c(NA, NA)
    columns <- as.integer(columns)
    formula <- .Call(r_formula_variable, 0L, columns, category)
    if (parts == 2) formula <- .Call(r_formula_apply, "AsComplex", list(formula), integer())
    .make(formula, list(x), c(columns, category), as.integer(rows))
}

#' @rdname LazyTensor
#' @export
Vi <- function(x, is_complex = FALSE) .lazy_tensor(x, 0L, is_complex)

#' @rdname LazyTensor
#' @export
Vj <- function(x, is_complex = FALSE) .lazy_tensor(x, 1L, is_complex)

#' @rdname LazyTensor
#' @export
Pm <- function(x, is_complex = FALSE) .lazy_tensor(x, 2L, is_complex)

# A value as a tensor: numbers are parameters.
.lazy <- function(x, what) {
    if (.is_lazy(x)) return(x)
    if (is.matrix(x) && nrow(x) > 1 && ncol(x) > 1) {
        .stop(paste0(what, ": a ", nrow(x), " x ", ncol(x), " matrix may be of i or of j; say which by Vi() or Vj()"), "shape")
    }
    if (!.is_numeric(x)) .stop(paste0(what, ": expected a LazyTensor or numbers, got ", .words(x)), "type")
    .lazy_tensor(x, 2L, FALSE, what)
}

# A number of the formula.
.constant <- function(value) .make(.Call(r_formula_constant, as.numeric(value)), list(), integer(), c(NA_integer_, NA_integer_))

# What two tell of how many rows there are, each or neither of which may tell it.
.joined_rows <- function(what, a, b) {
    rows <- ifelse(is.na(a), b, a)
    if (any(rows != ifelse(is.na(b), a, b), na.rm = TRUE)) {
        text <- function(rows) paste(ifelse(is.na(rows), "1", rows), collapse = " x ")
        .stop(paste0(what, ": a tensor of ", text(a), " pairs and one of ", text(b), " do not fit together"), "shape")
    }
    rows
}

# Tensors whose formulas number their arguments alike: formulas, arguments and rows of all together.
.joined <- function(what, tensors) {
    first <- tensors[[1]]
    formulas <- list(first@formula)
    values <- first@values
    kinds <- first@kinds
    rows <- first@rows
    for (tensor in tensors[-1]) {
        if (!identical(rows, tensor@rows)) rows <- .joined_rows(what, rows, tensor@rows)
        places <- .Call(r_positions, values, kinds, tensor@values, tensor@kinds)
        is_new <- places >= length(values)
        formulas <- c(formulas, if (identical(places, seq_along(places) - 1L)) tensor@formula else .Call(r_formula_renumber, tensor@formula, places))
        values <- c(values, tensor@values[is_new])
        kinds <- c(kinds, matrix(tensor@kinds, 2)[, is_new])
    }
    list(formulas = formulas, values = values, kinds = kinds, rows = rows)
}

.operand_names <- c("x", "y", "z")

# An operation on values, each a tensor or numbers; errors tell them by their names, which are x, y and z if they have none.
.apply <- function(name, operands, parameters = integer()) {
    told <- names(operands)
    if (is.null(told)) told <- .operand_names
    if (length(operands) == 1) {
        one <- .lazy(operands[[1]], told[1])
        return(.make(.Call(r_formula_apply, name, list(one@formula), parameters), one@values, one@kinds, one@rows))
    }
    tensors <- lapply(seq_along(operands), function(k) .lazy(operands[[k]], told[k]))
    # Their order is part of the formula, not data.
    if (name %in% c("BesselK", "Matern") && is.numeric(operands[[1]]) && length(operands[[1]]) == 1) tensors[[1]] <- .constant(operands[[1]])
    joined <- .joined(name, tensors)
    .make(.Call(r_formula_apply, name, joined$formulas, parameters), joined$values, joined$kinds, joined$rows)
}

.is_complex <- function(x) is.complex(x) || inherits(x, "ComplexLazyTensor")

.types <- c("Vi", "Vj", "Pm")

# Arguments as aliases have them.
.args_of <- function(x) {
    kinds <- matrix(x@kinds, 2)
    sprintf("%s(%d,%d)", .types[kinds[2, ] + 1L], seq_len(ncol(kinds)) - 1L, kinds[1, ])
}

#' @export
`$.LazyTensor` <- function(x, name) {
    switch(name,
        formula = .Call(r_formula_text, x@formula), args = .args_of(x), vars = , data = x@values, ni = x@rows[1], nj = x@rows[2], dimres = x@dims[1],
        .stop(paste0("a LazyTensor has no field ", .words(name), "; expected formula, args, vars (or data), ni, nj or dimres"))
    )
}

#' @export
dim.LazyTensor <- function(x) {
    rows <- ifelse(is.na(x@rows), 1L, x@rows)
    if (x@dims[1] == 1L) rows else c(rows, x@dims[1])
}

#' @export
length.LazyTensor <- function(x) prod(dim.LazyTensor(x))

#' @export
print.LazyTensor <- function(x, ...) {
    cat(
        if (inherits(x, "ComplexLazyTensor")) "ComplexLazyTensor" else "LazyTensor", " of ", paste(dim.LazyTensor(x), collapse = " x "),
        "\n  formula: ", .Call(r_formula_text, x@formula), "\n  args:    ", paste(.args_of(x), collapse = ", "), "\n",
        sep = ""
    )
    invisible(x)
}

methods::setMethod("show", "LazyTensor", function(object) print.LazyTensor(object))

#' What a value is
#'
#' Whether a value is a symbolic tensor, a parameter among these, one of points of one index (a vector), or one of pairs (a matrix);
#' `is.int()` tells whether it is a whole number.
#'
#' @param x Any value.
#' @return `TRUE` or `FALSE`.
#' @examples
#' is.LazyTensor(Vi(1:3))
#' is.LazyMatrix(Vi(1:3) * Vj(1:2))
#' is.int(3)
#' @name is.LazyTensor
NULL

#' @rdname is.LazyTensor
#' @export
is.LazyTensor <- function(x) .is_lazy(x)

#' @rdname is.LazyTensor
#' @export
is.ComplexLazyTensor <- function(x) inherits(x, "ComplexLazyTensor")

#' @rdname is.LazyTensor
#' @export
is.LazyParameter <- function(x) .is_lazy(x) && all(is.na(x@rows))

#' @rdname is.LazyTensor
#' @export
is.ComplexLazyParameter <- function(x) is.ComplexLazyTensor(x) && is.LazyParameter(x)

#' @rdname is.LazyTensor
#' @export
is.LazyVector <- function(x) .is_lazy(x) && sum(!is.na(x@rows)) == 1

#' @rdname is.LazyTensor
#' @export
is.LazyMatrix <- function(x) .is_lazy(x) && !anyNA(x@rows)

#' @rdname is.LazyTensor
#' @export
is.int <- function(x) is.numeric(x) && length(x) == 1 && is.finite(x) && x == trunc(x)
