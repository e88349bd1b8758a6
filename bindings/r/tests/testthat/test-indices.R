# Places: what they count from, ties, and what is missing.

args <- c("x=Vi(1)", "y=Vj(1)")
distance <- function(x, y) abs(Vi(x) - Vj(y))

test_that("places count from 1, and from 0 by an option", {
    x <- c(0, 5)
    y <- c(4, 1, 7)
    nearest <- keops_kernel("ArgKMin_Reduction(Abs(x-y),2,1)", args)
    both <- keops_kernel("KMin_ArgKMin_Reduction(Abs(x-y),2,1)", args)
    first <- keops_kernel("ArgMin_Reduction(Abs(x-y),1)", args)
    for (base in 1:0) {
        with_rkeops_options(list(index_base = base), {
            places <- matrix(as.integer(c(2, 1, 1, 3)), 2) - 1L + base
            expect_identical(nearest(list(x, y)), places)
            expect_identical(nearest(list(t(x), t(y)), "row"), t(places))
            expect_identical(both(list(x, y))[[2]], places)
            expect_identical(first(list(x, y)), places[, 1, drop = FALSE])
            expect_identical(argKmin(distance(x, y), 2, "j"), places)
            expect_identical(Kmin_argKmin(distance(x, y), 2, "j")$index, places)
            expect_identical(argmin(distance(x, y), "j"), places[, 1, drop = FALSE])
            expect_identical(min_argmin(distance(x, y), "j")$index, places[, 1, drop = FALSE])
            expect_identical(argmin(distance(y, x), "i"), places[, 1, drop = FALSE])
            # Counts and truth are no places.
            expect_identical(keops_kernel("Count_Reduction(Abs(x-y)<3,1)", args)(list(x, y)), matrix(1:2))
            expect_identical(keops_kernel("Any_Reduction(Abs(x-y)<2,1)", args)(list(x, y)), matrix(c(1L, 1L)))
            expect_identical(keops_kernel("All_Reduction(Abs(x-y)<5,1)", args)(list(x, y)), matrix(0:1))
            expect_identical(reduction.LazyTensor(distance(x, y) < 3, "Count", "j"), matrix(1:2))
            # Gradients take the places of a reduction before them, whatever these count from.
            expect_close(keops_adjoint(keops_kernel("Min_Reduction(Square(x-y),1)", args), "x")(list(x, y, c(1, 1))), matrix(c(-2, 2)))
            expect_close(adjoint(square(Vi(x) - Vj(y)), c(1, 1), "Min"), matrix(c(-2, 2)))
            expect_close(adjoint(square(Vi(x) - Vj(y)), c(1, 1, 1), "Max", index = "i"), matrix(c(-8 - 14, 8)))
        })
    }
})

test_that("where fewer rows than asked for are reduced the others are missing", {
    x <- numbers(5, 2)
    y <- numbers(2, 2, seed = 2)
    d <- of_pairs(x, y, 1, function(u, v) sum((u - v)^2))
    places <- t(apply(d[, , 1], 1, order))
    values <- t(apply(d[, , 1], 1, sort))
    D <- sqdist(Vi(x), Vj(y))
    expect_identical(argKmin(D, 4, "j"), cbind(places, NA_integer_, NA_integer_))
    expect_close(Kmin(D, 4, "j"), cbind(values, Inf, Inf))
    both <- Kmin_argKmin(D, 3, "j")
    expect_close(both$value, cbind(values, Inf))
    expect_identical(both$index, cbind(places, NA_integer_))
    # Of vectors: columns by place, then by component.
    vectors <- Vi(x) - Vj(y)
    own <- argKmin(vectors, 3, "j")
    expect_identical(dim(own), c(5L, 6L))
    expect_identical(own[, 5:6], matrix(NA_integer_, 5, 2))
    expect_false(anyNA(own[, 1:4]))
    op <- keops_kernel("ArgKMin_Reduction(x-y,3,1)", c("x=Vi(2)", "y=Vj(2)"))
    expect_identical(op(list(x, y)), own)
    expect_identical(op(list(t(x), t(y)), "row"), t(own))
    with_rkeops_options(list(index_base = 0), expect_identical(op(list(x, y)), own - 1L))
})

test_that("places are missing where NaN and infinite values leave fewer than asked for", {
    y <- c(NaN, 2, Inf, 1)
    D <- Vi(1) * Vj(y)
    for (base in 1:0) {
        with_rkeops_options(list(index_base = base), {
            expected <- matrix(c(3L, 1L, NA, NA) + base, 1)
            expect_identical(argKmin(D, 4, "j"), expected)
            expect_identical(Kmin_argKmin(D, 4, "j"), list(value = matrix(c(1, 2, Inf, Inf), 1), index = expected))
            op <- keops_kernel("ArgKMin_Reduction(x*y,4,1)", args)
            expect_identical(op(list(1, y)), expected)
            expect_identical(op(list(1, t(y)), "row"), t(expected))
            expect_identical(keops_kernel("ArgKMax_Reduction(-x*y,4,1)", args)(list(1, y)), expected)
            expect_identical(keops_kernel("KMin_ArgKMin_Reduction(x*y,4,1)", args)(list(1, y))[[2]], expected)
            expect_identical(keops_kernel("KMax_ArgKMax_Reduction(-x*y,4,1)", args)(list(1, y))[[2]], expected)
        })
    }
    # The infinity that is the smallest has a place.
    expect_identical(argKmin(Vi(1) * Vj(c(1, -Inf)), 2, "j"), matrix(2:1, 1))
})

test_that("the first of equal values is told", {
    y <- c(2, 1, 1, 3, 3)
    D <- 0 * Vi(1:2) + Vj(y)
    expect_identical(argmin(D, "j"), matrix(c(2L, 2L)))
    expect_identical(argmax(D, "j"), matrix(c(4L, 4L)))
    expect_identical(argKmin(D, 5, "j"), rbind(c(2L, 3L, 1L, 4L, 5L), c(2L, 3L, 1L, 4L, 5L)))
    expect_identical(argKmin(t(D), 3, "i"), rbind(2:3, 2:3) |> cbind(c(1L, 1L)))
    many <- rep(1, 300)
    expect_identical(argmin(Vi(1) * Vj(many), "j"), matrix(1L))
    expect_identical(argKmin(Vi(1) * Vj(many), 3, "j"), matrix(1:3, 1))
})

test_that("NaN is neither the smallest nor the largest", {
    y <- c(NaN, 2, NA, 1, NaN, 3)
    D <- Vi(1) * Vj(y)
    for (precision in c("float64", "float32")) {
        with_rkeops_options(list(precision = precision), {
            expect_identical(min(D, "j"), matrix(1))
            expect_identical(max(D, "j"), matrix(3))
            expect_identical(argmin(D, "j"), matrix(4L))
            expect_identical(argmax(D, "j"), matrix(6L))
            expect_identical(argKmin(D, 3, "j"), matrix(c(4L, 2L, 6L), 1))
            expect_identical(Kmin(D, 4, "j"), matrix(c(1, 2, 3, Inf), 1))
            expect_true(is.na(sum(D, "j")))
            expect_true(is.na(logsumexp(D, "j")))
        })
    }
    expect_identical(min(Vi(1) * Vj(c(NaN, NaN)), "j"), matrix(Inf))
    expect_identical(max(Vi(1) * Vj(c(NaN, NaN)), "j"), matrix(-Inf))
    expect_identical(min(Vi(1) * Vj(c(Inf, -Inf)), "j"), matrix(-Inf))
    expect_identical(logsumexp(Vi(1) * Vj(c(-Inf, -Inf)), "j"), matrix(-Inf))
    expect_identical(logsumexp(Vi(1) * Vj(c(1, Inf)), "j"), matrix(Inf))
})
