# Reductions of tensors and of formulas against R.

log_sum_exp <- function(v) if (length(v) == 0) -Inf else if (max(v) == -Inf) -Inf else max(v) + log(sum(exp(v - max(v))))
place <- function(which) function(v) if (length(v) == 0) NA else which(v)
lowest <- function(K) function(v) c(sort(v), rep(Inf, K))[1:K]
lowest_places <- function(K) function(v) c(order(v), rep(NA, K))[1:K]

test_that("reductions over i and j are right", {
    in_both_precisions(function(tolerance) {
        for (size in sizes) {
            x <- numbers(size[1], 2)
            y <- numbers(size[2], 2, seed = 2)
            values <- pairs_of_i(x, size[2]) * 2 - pairs_of_j(y, size[1])
            scalars <- of_pairs(x, y, 1, function(u, v) sum((u - v)^2))
            V <- Vi(x) * 2 - Vj(y)
            D <- sqdist(Vi(x), Vj(y))
            for (index in c("i", "j")) {
                wrong <- NULL
                check <- function(actual, expected, name) {
                    wrong <<- c(wrong, difference(actual, expected, tolerance, paste(name, "over", index, "of", size[1], "x", size[2])))
                }
                check_places <- function(actual, expected, name) {
                    if (!is.integer(actual)) wrong <<- c(wrong, paste(name, "gives no integers"))
                    check(actual, expected, name)
                }
                low <- along(values, index, function(v) suppressWarnings(min(v)))
                high <- along(values, index, function(v) suppressWarnings(max(v)))
                low_place <- along(values, index, place(which.min))
                high_place <- along(values, index, place(which.max))
                check(sum(V, index), along(values, index, sum), "sum")
                check(sum(V, index = index), along(values, index, sum), "sum with a name")
                check(sum_reduction(V, index), along(values, index, sum), "sum_reduction")
                if (all(size <= 33)) check(prod(V, index), along(values, index, prod), "prod")
                check(min(V, index), low, "min")
                check(max(V, index), high, "max")
                check(min_reduction(V, index), low, "min_reduction")
                check(max_reduction(V, index), high, "max_reduction")
                check_places(argmin(V, index), low_place, "argmin")
                check_places(argmax(V, index), high_place, "argmax")
                check_places(argmin_reduction(V, index), low_place, "argmin_reduction")
                check_places(argmax_reduction(V, index), high_place, "argmax_reduction")
                for (operation in list(min_argmin, min_argmin_reduction)) {
                    both <- operation(V, index)
                    check(both$value, low, "min_argmin")
                    check_places(both$index, low_place, "min_argmin")
                }
                for (operation in list(max_argmax, max_argmax_reduction)) {
                    both <- operation(V, index)
                    check(both$value, high, "max_argmax")
                    check_places(both$index, high_place, "max_argmax")
                }
                for (K in c(1, 3)) {
                    nearest <- along(values, index, lowest(K), K)
                    nearest_places <- along(values, index, lowest_places(K), K)
                    check(Kmin(V, K, index), nearest, "Kmin")
                    check(Kmin_reduction(V, K, index), nearest, "Kmin_reduction")
                    check_places(argKmin(V, K, index), nearest_places, "argKmin")
                    check_places(argKmin_reduction(V, K, index), nearest_places, "argKmin_reduction")
                    for (operation in list(Kmin_argKmin, Kmin_argKmin_reduction)) {
                        both <- operation(V, K, index)
                        check(both$value, nearest, "Kmin_argKmin")
                        check_places(both$index, nearest_places, "Kmin_argKmin")
                    }
                }
                check(logsumexp(D, index), along(scalars, index, log_sum_exp), "logsumexp")
                check(logsumexp_reduction(D * 500, index), along(scalars * 500, index, log_sum_exp), "logsumexp_reduction")
                # Weights that follow the index that is reduced.
                w <- numbers(size[if (index == "j") 2 else 1], 2, 0.5, 1, seed = 3)
                W <- LazyTensor(w, index)
                kept <- size[if (index == "j") 1 else 2]
                weighted <- function(f) t(vapply(seq_len(kept), function(row) {
                    f(if (index == "j") scalars[row, , 1] else scalars[, row, 1])
                }, c(0, 0)))
                mean_of <- function(v) if (length(v) == 0) c(NaN, NaN) else colSums(exp(v) * w) / sum(exp(v))
                log_of <- function(v) if (length(v) == 0) c(-Inf, -Inf) else log(colSums(exp(v) * w))
                empty <- matrix(0, 0, 2)
                if (size[if (index == "j") 2 else 1] > 0) {
                    check(sumsoftmaxweight(D, index, W), if (kept == 0) empty else weighted(mean_of), "sumsoftmaxweight")
                    check(sumsoftmaxweight_reduction(D, index, W), if (kept == 0) empty else weighted(mean_of), "sumsoftmaxweight_reduction")
                }
                check(logsumexp(D, index, W), if (kept == 0) empty else weighted(log_of), "logsumexp with weights")
                check(logsumexp_reduction(D, index, W), if (kept == 0) empty else weighted(log_of), "logsumexp_reduction with weights")
                check(reduction.LazyTensor(V, "Sum", index), along(values, index, sum), "Sum by name")
                if (size[if (index == "j") 2 else 1] > 0) check(reduction.LazyTensor(V, "Mean", index), along(values, index, mean), "Mean by name")
                check(reduction.LazyTensor(V, "KMin", index, 2), along(values, index, lowest(2), 2), "KMin by name")
                check(reduction.LazyTensor(V, "KMax", index, 2), -along(-values, index, lowest(2), 2), "KMax by name")
                check_places(reduction.LazyTensor(V, "ArgKMax", index, 2), along(-values, index, lowest_places(2), 2), "ArgKMax by name")
                check_places(reduction.LazyTensor(V > 0, "Count", index), along(values > 0, index, sum), "Count by name")
                check_places(reduction.LazyTensor(V > 0, "Any", index), along(values > 0, index, any) + 0, "Any by name")
                check_places(reduction.LazyTensor(V > 0, "All", index), along(values > 0, index, all) + 0, "All by name")
                check(reduction.LazyTensor(D, "LogSumExpWeight", index, W), if (kept == 0) empty else weighted(log_of), "LogSumExpWeight by name")
                expect_none(wrong)
            }
        }
    })
})

test_that("an index that nothing follows has one row", {
    x <- numbers(5, 2)
    expect_close(sum(Vi(x), "i"), matrix(colSums(x), 1))
    expect_close(sum(Vi(x), "j"), x)
    expect_close(sum(Pm(1:3), "j"), matrix(c(1, 2, 3), 1))
    expect_identical(argmin(Vi(x), "j"), matrix(1L, 5, 2))
})

test_that("complex numbers are summed", {
    z <- matrix(complex(real = 1:4, imaginary = 4:1), 2)
    expect_close(sum(Vi(z), "i"), matrix(colSums(z), 1))
    expect_close(sum(Vi(z) * Vj(1:3), "j"), z * 6)
})

test_that("operators from text are right", {
    x <- numbers(33, 3)
    y <- numbers(17, 3, seed = 2)
    b <- numbers(17, 2, seed = 3)
    c <- numbers(33, 2, seed = 4)
    distances <- of_pairs(x, y, 1, function(u, v) sum((u - v)^2))
    d <- distances[, , 1]
    args <- c("x=Vi(3)", "y=Vj(3)", "b=Vj(2)", "c=Vi(2)", "s=Pm(1)")
    input <- list(x, y, b, c, 0.5)
    in_both_precisions(function(tolerance) {
        check <- function(formula, expected) {
            op <- keops_kernel(formula, args)
            expect_none(
                difference(op(input), expected, tolerance, formula),
                difference(op(stats::setNames(input, c("x", "y", "b", "c", "s"))), expected, tolerance, paste(formula, "named")),
                difference(op(list(s = 0.5, c = c, y = y, x = x, b = b)), expected, tolerance, paste(formula, "in another order")),
                difference(op(lapply(input, t), inner_dim = "row"), t(expected), tolerance, paste(formula, "with points in columns"))
            )
        }
        # The number at the end is the index that is reduced.
        check("Sum_Reduction(Exp(-s*SqDist(x,y))*b,1)", exp(-0.5 * d) %*% b)
        check("Sum_Reduction(Exp(-s*SqDist(x,y))*c,0)", t(exp(-0.5 * d)) %*% c)
        check(" Sum_Reduction( Exp( - s * SqDist(x, y) ) * b , 1 ) ", exp(-0.5 * d) %*% b)
        check("LogSumExp_Reduction(SqDist(x,y),1)", along(distances, "j", log_sum_exp))
        check("LogSumExp_Reduction(SqDist(x,y),0)", along(distances, "i", log_sum_exp))
        check("SumSoftMaxWeight_Reduction(SqDist(x,y),b,1)", exp(d) %*% b / rowSums(exp(d)))
        check("SumSoftMaxWeight_Reduction(SqDist(x,y),c,0)", t(exp(d)) %*% c / colSums(exp(d)))
        check("LogSumExp_Reduction(s*SqDist(x,y)+IntCst(1),1)", along(0.5 * distances + 1, "j", log_sum_exp))
        check("Min_Reduction(SqDist(x,y),1)", along(distances, "j", min))
        check("Max_Reduction(SqDist(x,y),0)", along(distances, "i", max))
        check("ArgMin_Reduction(SqDist(x,y),1)", along(distances, "j", which.min))
        check("ArgMax_Reduction(SqDist(x,y),0)", along(distances, "i", which.max))
        check("KMin_Reduction(SqDist(x,y),3,1)", along(distances, "j", lowest(3), 3))
        check("ArgKMin_Reduction(SqDist(x,y),3,1)", along(distances, "j", lowest_places(3), 3))
        check("ArgKMin_Reduction(SqDist(x,y),3,0)", along(distances, "i", lowest_places(3), 3))
        check("Count_Reduction(SqDist(x,y)<1,1)", along(distances < 1, "j", sum))
        check("Any_Reduction(SqDist(x,y)<0.1,1)", along(distances < 0.1, "j", any) + 0)
        check("All_Reduction(SqDist(x,y)<4,0)", along(distances < 4, "i", all) + 0)
        check("Mean_Reduction(SqDist(x,y),1)", along(distances, "j", mean))
        check("Sum_Reduction(Kron(b,c,[2],[2]),1)", c[, c(1, 2, 1, 2)] * rep(colSums(b)[c(1, 1, 2, 2)], each = 33))
        check("Sum_Reduction(TensorDot(b,c,[2],[2],[0],[0],[]),1)", c %*% colSums(b))
    })
})

test_that("operations that only text has are right", {
    x <- numbers(7, 1)
    y <- numbers(5, 1, seed = 2)
    args <- c("x=Vi(1)", "y=Vj(1)")
    in_both_precisions(function(tolerance) {
        check <- function(formula, f, reduce = sum, index = "j") {
            values <- array(outer(seq_along(x), seq_along(y), Vectorize(f)), c(7, 5, 1))
            expect_close(keops_kernel(formula, args)(list(x, y)), along(values, index, reduce), tolerance, formula)
        }
        check("Sum_Reduction((i-2*j)*x*y,1)", function(i, j) ((i - 1) - 2 * (j - 1)) * x[i] * y[j])
        check("Sum_Reduction(Mask(x*y,x<y),1)", function(i, j) if (x[i] < y[j]) x[i] * y[j] else 0)
        check("Sum_Reduction(Mask(x*y,i!=j),0)", function(i, j) if (i != j) x[i] * y[j] else 0, index = "i")
        check("Max_Reduction(Mask(x*y,j<3),1)", function(i, j) if (j < 4) x[i] * y[j] else -Inf, max)
        check("Sum_Reduction(IfElse(x-y,2.5,RatCst(1,3)),1)", function(i, j) if (x[i] >= y[j]) 2.5 else 1 / 3)
        check("Sum_Reduction(x**2-(y*y)**0.5+2e-3,1)", function(i, j) x[i]^2 - abs(y[j]) + 2e-3)
        check("Sum_Reduction(BesselK(0.5,1+x*x+y*y),1)", function(i, j) besselK(1 + x[i]^2 + y[j]^2, 0.5))
        check("Sum_Reduction(Matern(1.5,x-y),1)", function(i, j) (1 + sqrt(3) * abs(x[i] - y[j])) * exp(-sqrt(3) * abs(x[i] - y[j])))
        check("Sum_Reduction(SoftDTW_SqDist(x,y,1),1)", function(i, j) (x[i] - y[j])^2)
        check("Sum_Reduction(Laplacian(Exp(x*y),x),1)", function(i, j) y[j]^2 * exp(x[i] * y[j]))
        check("Sum_Reduction(Diff(Exp(x*y),x,y),1)", function(i, j) y[j]^2 * exp(x[i] * y[j]))
        check("Sum_Reduction(\n  Exp(x*y),\n  1\n)", function(i, j) exp(x[i] * y[j]))
    })
    shifted <- keops_kernel("Max_SumShiftExp_Reduction(x*y,1)", args)(list(x, y))
    products <- x %*% t(y)
    expect_close(shifted, cbind(apply(products, 1, max), rowSums(exp(products - apply(products, 1, max)))))
    basis <- keops_kernel("Sum_Reduction(BSpline(t,x,1),1)", c("x=Vi(1)", "t=Pm(4)"))
    expect_close(basis(list(c(0.25, 1.5), c(0, 1, 2, 3))), rbind(c(0.25, 0), c(0.5, 0.5)))
})

test_that("reductions with two results give a list", {
    x <- numbers(9, 1)
    y <- numbers(4, 1, seed = 2)
    d <- of_pairs(x, y, 1, function(u, v) abs(u - v))
    op <- keops_kernel("Min_ArgMin_Reduction(Abs(x-y),1)", c("x=Vi(1)", "y=Vj(1)"))
    result <- op(list(x, y))
    expect_length(result, 2)
    expect_close(result[[1]], along(d, "j", min))
    expect_identical(result[[2]], matrix(as.integer(along(d, "j", which.min))))
    result <- op(list(t(x), t(y)), "row")
    expect_close(result[[1]], t(along(d, "j", min)))
    expect_identical(result[[2]], t(matrix(as.integer(along(d, "j", which.min)))))
    result <- keops_kernel("KMin_ArgKMin_Reduction(Abs(x-y),6,1)", c("x=Vi(1)", "y=Vj(1)"))(list(x, y))
    expect_close(result[[1]], along(d, "j", lowest(6), 6))
    expect_identical(result[[2]], matrix(as.integer(along(d, "j", lowest_places(6), 6)), 9))
    result <- keops_kernel("Max_ArgMax_Reduction(Abs(x-y),0)", c("x=Vi(1)", "y=Vj(1)"))(list(x, y))
    expect_identical(result[[2]], matrix(as.integer(along(d, "i", which.max))))
})

test_that("no rows give no rows, or what nothing comes to", {
    args <- c("x=Vi(2)", "y=Vj(2)")
    none <- matrix(0, 0, 2)
    some <- numbers(3, 2)
    sum_over_j <- keops_kernel("Sum_Reduction(x*y,1)", args)
    expect_identical(sum_over_j(list(none, some)), matrix(0, 0, 2))
    expect_identical(sum_over_j(list(some, none)), matrix(0, 3, 2))
    expect_identical(sum_over_j(list(t(some), t(none)), "row"), matrix(0, 2, 3))
    expect_identical(sum_over_j(list(t(none), t(some)), "row"), matrix(0, 2, 0))
    expect_identical(keops_kernel("Min_Reduction(x*y,1)", args)(list(some, none)), matrix(Inf, 3, 2))
    expect_identical(keops_kernel("ArgMin_Reduction(x*y,1)", args)(list(some, none)), matrix(NA_integer_, 3, 2))
    expect_identical(keops_kernel("ArgKMin_Reduction(SqDist(x,y),2,1)", args)(list(some, none)), matrix(NA_integer_, 3, 2))
    expect_identical(keops_kernel("LogSumExp_Reduction(SqDist(x,y),1)", args)(list(some, none)), matrix(-Inf, 3, 1))
    expect_identical(dim(as.matrix(sqdist(Vi(none), Vj(some)))), c(0L, 3L))
    expect_identical(dim(as.matrix(Vi(some) * Vj(none))), c(3L, 0L, 2L))
})

test_that("sums are added by each scheme", {
    x <- numbers(40, 2)
    y <- numbers(300, 2, seed = 2)
    expected <- of_pairs(x, y, 1, function(u, v) exp(-sum((u - v)^2)))
    for (scheme in c("auto", "direct_sum", "block_sum", "kahan_scheme")) {
        op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x,y)),1)", c("x=Vi(2)", "y=Vj(2)"), sum_scheme = scheme)
        expect_identical(op()$sum_scheme, scheme)
        expect_close(op(list(x, y)), along(expected, "j", sum))
        expect_close(keops_grad(op, "y")(list(x, y, matrix(0, 300, 1))), matrix(0, 40, 2))
    }
    # Compensated sums keep what plain ones in float32 lose.
    with_rkeops_options(list(precision = "float32"), {
        kahan <- keops_kernel("Sum_Reduction(x,0)", "x=Vi(1)", sum_scheme = "kahan_scheme")
        expect_lt(abs(kahan(list(rep(0.1, 1e6))) - 1e6 * 0.1), 0.01)
    })
})

test_that("means, and names of two results", {
    x <- matrix(c(0, 1, 3))
    y <- matrix(c(1, 2))
    expect_equal(mean(Vi(x) * Vj(y), "j"), x %*% mean(y))
    expect_error(mean(Vi(x)), "index")
    op <- keops_kernel("Min_ArgMin_Reduction(SqDist(x,y),1)", c("x=Vi(1)", "y=Vj(1)"))
    expect_identical(op(list(x, y)), list(value = matrix(c(1, 0, 1)), index = matrix(c(1L, 1L, 2L))))
    expect_output(print(keops_adjoint(keops_kernel("Sum_Reduction(x*y,1)", c("x=Vi(1)", "y=Vj(1)")), "x")), "Grad\\(Sum_Reduction")
})
