# What the tests compare with: all pairs as arrays of R, with axes for i, j and the component.

pairs_of_i <- function(x, columns) array(x[rep(seq_len(nrow(x)), columns), ], c(nrow(x), columns, ncol(x)))
pairs_of_j <- function(y, rows) array(y[rep(seq_len(nrow(y)), each = rows), ], c(rows, nrow(y), ncol(y)))

# A function of each pair's vectors, which gives a vector of so many components.
of_pairs <- function(x, y, size, f) {
    result <- array(0, c(nrow(x), nrow(y), size))
    for (i in seq_len(nrow(x))) for (j in seq_len(nrow(y))) result[i, j, ] <- f(x[i, ], y[j, ])
    result
}

# A function of the values along an index, for each row of the other index and each component: a matrix with `size` columns for each.
along <- function(values, index, f, size = 1) {
    kept <- dim(values)[if (index == "j") 1 else 2]
    components <- dim(values)[3]
    result <- matrix(0, kept, components * size)
    for (row in seq_len(kept)) {
        for (component in seq_len(components)) {
            line <- if (index == "j") values[row, , component] else values[, row, component]
            # Columns by place, then by component.
            result[row, component + components * (seq_len(size) - 1)] <- f(line)
        }
    }
    result
}

# What is wrong with a result, or NULL where it is close where finite, and the same where not; NA and NaN are one.
difference <- function(actual, expected, tolerance, label) {
    if (!identical(dim(actual), dim(expected))) {
        return(paste0(label, " has dimensions ", paste(dim(actual), collapse = " x "), ", not ", paste(dim(expected), collapse = " x ")))
    }
    if (is.complex(expected)) {
        if (!is.complex(actual)) return(paste0(label, " is not complex"))
        actual <- c(Re(actual), Im(actual))
        expected <- c(Re(expected), Im(expected))
    }
    actual <- as.vector(actual)
    expected <- as.vector(expected)
    is_same <- is.na(expected) & is.na(actual) | !is.na(expected) & !is.na(actual) & expected == actual
    is_close <- is.finite(expected) & is.finite(actual) & abs(actual - expected) <= tolerance * pmax(abs(expected), 1)
    wrong <- which(!is_same & !is_close)
    if (length(wrong) == 0) return(NULL)
    paste0(
        label, ": ", length(wrong), " of ", length(expected), " numbers differ; number ", wrong[1], " is ", format(actual[wrong[1]], digits = 17),
        ", expected ", format(expected[wrong[1]], digits = 17)
    )
}

# That nothing is wrong of what is told: one expectation for many comparisons.
expect_none <- function(...) {
    wrong <- c(...)
    expect(length(wrong) == 0, paste(wrong, collapse = "\n"))
}

expect_close <- function(actual, expected, tolerance = 1e-10, info = "the result") expect_none(difference(actual, expected, tolerance, info))

# All entries of a tensor, and its sums over both indices.
expect_pairs <- function(tensor, values, tolerance = 1e-10, info = NULL) {
    entries <- if (dim(values)[3] == 1) matrix(values, dim(values)[1], dim(values)[2]) else values
    summed <- function(values) if (is.complex(values)) complex(real = colSums(Re(values)), imaginary = colSums(Im(values))) else colSums(values)
    over_j <- matrix(summed(aperm(values, c(2, 1, 3))), dim(values)[1], dim(values)[3])
    over_i <- matrix(summed(values), dim(values)[2], dim(values)[3])
    expect_none(
        difference(as.matrix(tensor), entries, tolerance, paste(info, "entries")),
        difference(sum(tensor, "j"), over_j, tolerance, paste(info, "over j")),
        difference(sum(tensor, index = "i"), over_i, tolerance, paste(info, "over i"))
    )
}

with_rkeops_options <- function(options, code) {
    before <- get_rkeops_options()
    on.exit(set_rkeops_options(before))
    set_rkeops_options(options)
    force(code)
}

# Runs a test with both formats; it is a function of the tolerance.
in_both_precisions <- function(test) {
    with_rkeops_options(list(precision = "float64"), test(1e-10))
    with_rkeops_options(list(precision = "float32"), test(1e-4))
}

# Numbers from `low` to `high`, the same in each run.
numbers <- function(rows, columns, low = -1, high = 1, seed = 1) {
    set.seed(seed)
    matrix(runif(rows * columns, low, high), rows, columns)
}

sizes <- list(c(0, 2), c(1, 1), c(2, 33), c(33, 300), c(300, 2), c(1, 0))

# Evaluates what the user wrote where the user writes it: calls of functions of the package's, and tests are these, are told as one.
as_user <- eval(quote(function(code) force(code)), globalenv())

# An error of the package: its class, words and call.
expect_refused <- function(code, pattern, class = "rkeops_error", call = NULL) {
    asked <- substitute(code)
    condition <- tryCatch({
        as_user(code)
        NULL
    }, error = identity, warning = identity)
    if (is.null(condition)) return(expect(FALSE, paste("no error in", deparse(asked)[1])))
    message <- conditionMessage(condition)
    expect(inherits(condition, "rkeops_error") && inherits(condition, class), paste0(deparse(asked)[1], " gave a condition of class ", class(condition)[1], ": ", message))
    expect(grepl(pattern, message), paste0(deparse(asked)[1], " said \"", message, "\", which does not match \"", pattern, "\""))
    own <- conditionCall(condition)
    expect(!is.null(own), paste0(deparse(asked)[1], ": the error has no call"))
    if (!is.null(call)) expect(grepl(call, deparse(own)[1], fixed = TRUE), paste0("the call is ", deparse(own)[1], ", not ", call))
    invisible(condition)
}

# The derivative of a function of numbers, by central differences.
differences <- function(f, x, step = 1e-5) {
    result <- x
    for (k in seq_along(x)) {
        above <- below <- x
        above[k] <- x[k] + step
        below[k] <- x[k] - step
        result[k] <- (f(above) - f(below)) / (2 * step)
    }
    result
}
