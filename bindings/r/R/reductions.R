# What becomes of all pairs of a row or of a column.

.axis_of <- function(index) {
    if (identical(index, "i")) return(0L)
    if (identical(index, "j")) return(1L)
    .stop(paste0("index: expected \"i\" (over i) or \"j\" (over j), got ", .words(index)))
}

.reduce <- function(x, name, index, option = NULL, weights = NULL) {
    x <- .lazy(x, "x")
    axis <- .axis_of(index)
    joined <- if (is.null(weights)) {
        list(formulas = list(x@formula), values = x@values, kinds = x@kinds)
    } else {
        .joined(name, list(x, .lazy(weights, "weight")))
    }
    parameters <- if (is.null(option)) integer() else option
    weighting <- if (is.null(weights)) NULL else joined$formulas[[2]]
    reduction <- .Call(r_reduction_create, .with_values(name), joined$formulas[[1]], axis, parameters, weighting)
    kernel <- .Call(r_compile, list(reduction), .settings$compilation)
    result <- .Call(
        r_run, kernel, .filled(joined, kernel), NULL, "col", .run_options(.per_value(name, x@dims[1] * if (is.null(option)) 1L else parameters, option), name %in% .counts)
    )
    if (is.list(result)) .placed(result, name) else result
}

# Places of several are computed with their values: only these tell where NaN has left fewer than asked for.
.with_values <- function(name) sub("^Arg(KMin|KMax)$", "\\1_Arg\\1", name)

# Two results of a reduction by such a name: with NA where there is no place, those that were asked for.
.placed <- function(results, name) {
    if (grepl("ArgK", name, fixed = TRUE)) {
        is_none <- results[[1]] == (if (grepl("Min", name, fixed = TRUE)) Inf else -Inf)
        if (any(is_none)) results[[2]][is_none] <- NA_integer_
        if (startsWith(name, "Arg")) return(results[[2]])
    }
    stats::setNames(results, c("value", "index"))
}

# Reductions whose integers are no places.
.counts <- c("Count", "Any", "All")

# Arguments that the formula no longer holds are not wanted.
.filled <- function(joined, kernel) joined$values[seq_len(ncol(.Call(r_kernel_facts, kernel)))]

.inner_or_reduce <- function(x, operation, name, index) {
    if (is.atomic(index) && length(index) == 1 && is.na(index)) .apply(operation, list(x)) else .reduce(x, name, index)
}

#' Reductions
#'
#' `sum`, `mean`, `prod`, `min`, `max`, `argmin` and `argmax` of a symbolic tensor: over an index, for each row of the other one; without `index`, of the
#' components of each vector (not `mean` and `prod`). `min_argmin` and `max_argmax` give both values and places.
#'
#' `Kmin`, `argKmin` and `Kmin_argKmin` are the `K` smallest values, ascending, and where they are: nearest neighbours. `logsumexp` is the logarithm of
#' the sum of exponentials, each times its weight, if there are any, computed so that nothing overflows. `sumsoftmaxweight` is the mean of
#' `weight` with weights that are the exponentials: what attention computes.
#'
#' Places are R's: the first is 1 (but components count from 0 without `index`, as in the formula language). The option `index_base`
#' changes it, for scripts made for RKeOps, whose places count from 0. NaN is never the smallest nor the largest value; where there are fewer
#' values than `K`, places are `NA` and values infinite. `argmin` and `argmax` are the first place where all values are NaN, and `NA` where
#' there are none.
#'
#' @param x A symbolic tensor.
#' @param index `"i"` to reduce over i, `"j"` over j; `NA` for the components.
#' @param K How many of the smallest.
#' @param weight A symbolic tensor, or numbers.
#' @param ...,na.rm For `sum`, `min`, `max`, `prod`: the tensor, then the index; `na.rm` is ignored.
#' @return A matrix with a row for each row that remains, or a list of two, `value` and `index`; without index a [LazyTensor()].
#' @examples
#' x <- matrix(runif(20), ncol = 2)
#' y <- matrix(runif(10), ncol = 2)
#' D <- sqdist(Vi(x), Vj(y))
#' sum(exp(-D), index = "j")
#' argmin(D, "j")
#' argKmin(D, 2, "j")
#' logsumexp(-D, "i")
#' sumsoftmaxweight(-D, "j", Vj(y))
#' @name reductions
NULL

#' @rdname reductions
#' @export
Summary.LazyTensor <- function(..., na.rm = FALSE) {
    arguments <- list(...)
    unknown <- setdiff(names(arguments), c("", "x", "index"))
    if (length(unknown) > 0) .stop(paste0("there is no argument ", .words(unknown[1]), "; expected a LazyTensor and an index"))
    is_index <- names(arguments) == "index"
    x <- if (any(is_index)) arguments[!is_index] else arguments
    index <- if (any(is_index)) arguments[[which(is_index)[1]]] else if (length(x) == 2) x[[2]] else NA
    if (length(x) > 2 || (length(x) == 2 && any(is_index))) {
        .stop(paste0(.Generic, ": expected a LazyTensor and an index, got ", length(arguments), " arguments"))
    }
    x <- x[[1]]
    switch(.Generic,
        sum = .inner_or_reduce(x, if (is.ComplexLazyTensor(x)) "ComplexSum" else "Sum", "Sum", index),
        min = .inner_or_reduce(x, "Min", "Min", index),
        max = .inner_or_reduce(x, "Max", "Max", index),
        prod = .reduce(x, "Prod", index),
        .refuse_generic(.Generic)
    )
}

#' @rdname reductions
#' @export
mean.LazyTensor <- function(x, index, ...) .reduce(x, "Mean", index)

#' @rdname reductions
#' @export
argmin <- function(x, index = NA) .inner_or_reduce(x, "ArgMin", "ArgMin", index)
#' @rdname reductions
#' @export
argmax <- function(x, index = NA) .inner_or_reduce(x, "ArgMax", "ArgMax", index)
#' @rdname reductions
#' @export
min_argmin <- function(x, index) .reduce(x, "Min_ArgMin", index)
#' @rdname reductions
#' @export
max_argmax <- function(x, index) .reduce(x, "Max_ArgMax", index)
#' @rdname reductions
#' @export
Kmin <- function(x, K, index) .reduce(x, "KMin", index, .whole(K, "K"))
#' @rdname reductions
#' @export
argKmin <- function(x, K, index) .reduce(x, "ArgKMin", index, .whole(K, "K"))
#' @rdname reductions
#' @export
Kmin_argKmin <- function(x, K, index) .reduce(x, "KMin_ArgKMin", index, .whole(K, "K"))
#' @rdname reductions
#' @export
logsumexp <- function(x, index, weight = NULL) .reduce(x, if (is.null(weight)) "LogSumExp" else "LogSumExpWeight", index, weights = weight)
#' @rdname reductions
#' @export
sumsoftmaxweight <- function(x, index, weight) .reduce(x, "SumSoftMaxWeight", index, weights = .lazy(weight, "weight"))

#' @rdname reductions
#' @export
sum_reduction <- function(x, index) .reduce(x, "Sum", index)
#' @rdname reductions
#' @export
min_reduction <- function(x, index) .reduce(x, "Min", index)
#' @rdname reductions
#' @export
max_reduction <- function(x, index) .reduce(x, "Max", index)
#' @rdname reductions
#' @export
argmin_reduction <- function(x, index) .reduce(x, "ArgMin", index)
#' @rdname reductions
#' @export
argmax_reduction <- function(x, index) .reduce(x, "ArgMax", index)
#' @rdname reductions
#' @export
min_argmin_reduction <- min_argmin
#' @rdname reductions
#' @export
max_argmax_reduction <- max_argmax
#' @rdname reductions
#' @export
Kmin_reduction <- Kmin
#' @rdname reductions
#' @export
argKmin_reduction <- argKmin
#' @rdname reductions
#' @export
Kmin_argKmin_reduction <- Kmin_argKmin
#' @rdname reductions
#' @export
logsumexp_reduction <- logsumexp
#' @rdname reductions
#' @export
sumsoftmaxweight_reduction <- sumsoftmaxweight
