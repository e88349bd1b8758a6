# Tensors as matrices, and what they tell of themselves.

x <- numbers(5, 2)
y <- numbers(4, 2, seed = 2)
K <- exp(-sqdist(Vi(x), Vj(y)))
dense <- of_pairs(x, y, 1, function(u, v) exp(-sum((u - v)^2)))[, , 1]

test_that("products with matrices are those of R", {
    b <- numbers(4, 3, seed = 3)
    c <- numbers(5, 3, seed = 4)
    in_both_precisions(function(tolerance) {
        expect_close(K %*% b, dense %*% b, tolerance)
        expect_close(K %*% b[, 1], dense %*% b[, 1], tolerance)
        expect_close(K %*% 1:4, dense %*% 1:4, tolerance)
        expect_close(K %*% as.data.frame(b), `dimnames<-`(dense %*% b, NULL), tolerance)
        expect_close(K %*% (b + 1i), dense %*% (b + 1i), tolerance)
        expect_close(K %*% Vj(b), dense %*% b, tolerance)
        expect_close(t(c) %*% K, t(c) %*% dense, tolerance)
        expect_close(c[, 1] %*% K, c[, 1] %*% dense, tolerance)
        expect_close(as.data.frame(t(c)) %*% K, `dimnames<-`(t(c) %*% dense, NULL), tolerance)
        expect_close(crossprod(K, c), crossprod(dense, c), tolerance)
        expect_close(crossprod(K, c[, 1]), crossprod(dense, c[, 1]), tolerance)
        expect_close(t(K) %*% c, t(dense) %*% c, tolerance)
        # Products with two tensors are sums over j of the product of entries.
        expect_close(K %*% K, matrix(rowSums(dense^2)), tolerance)
    })
    expect_close(Vi(x) %*% 3, x * 3)
})

test_that("transposed and chosen rows and columns are those of R", {
    expect_close(as.matrix(t(K)), t(dense))
    expect_close(as.matrix(t(t(K))), dense)
    expect_close(as.matrix(t(Vi(x) - Vj(y))), aperm(pairs_of_i(x, 4) - pairs_of_j(y, 5), c(2, 1, 3)))
    expect_close(as.matrix(t(K) * Vi(1:4)), t(dense) * 1:4)
    rows <- list(1:2, c(5, 1, 1), -2, c(TRUE, FALSE, TRUE, FALSE, FALSE), TRUE, 3, integer(), 0)
    columns <- list(2:4, -1, c(FALSE, TRUE), 4)
    for (i in rows) {
        expect_close(as.matrix(K[i, ]), dense[i, , drop = FALSE])
        for (j in columns) {
            expect_close(as.matrix(K[i, j]), dense[i, j, drop = FALSE])
            expect_close(as.matrix(K[i, j, drop = FALSE]), dense[i, j, drop = FALSE])
            expect_identical(dim(K[i, j]), dim(dense[i, j, drop = FALSE]))
        }
    }
    for (j in columns) expect_close(as.matrix(K[, j]), dense[, j, drop = FALSE])
    expect_close(as.matrix(K[, ]), dense)
    expect_close(as.matrix(t(K)[2:3, 1]), t(dense)[2:3, 1, drop = FALSE])
    # The same data on both sides, parameters and vectors.
    expect_close(as.matrix((sqdist(Vi(x), Vj(x)) * 2)[1:2, 3:5]), 2 * as.matrix(dist(x))[1:2, 3:5]^2 |> unname())
    expect_close(as.matrix((Vi(1:3) * Pm(c(1, 2)))[2:3, ]), array(c(2, 3, 4, 6), c(2, 1, 2)))
    expect_close(as.matrix(Vi(1:5)[c(5, 2), ]), matrix(c(5, 2)))
    expect_close(K[1:2, ] %*% c(1, 0, 0, 1), dense[1:2, ] %*% c(1, 0, 0, 1))
})

test_that("sizes and entries are those of a matrix", {
    expect_identical(dim(K), c(5L, 4L))
    expect_identical(nrow(K), 5L)
    expect_identical(ncol(K), 4L)
    expect_identical(length(K), 20L)
    expect_identical(dim(Vi(x)), c(5L, 1L, 2L))
    expect_identical(dim(Vi(1:3)), c(3L, 1L))
    expect_identical(dim(Vj(1:3)), c(1L, 3L))
    expect_identical(dim(Pm(1:3)), c(1L, 1L, 3L))
    expect_close(as.matrix(K), dense)
    expect_identical(as.array(K), as.matrix(K))
    expect_close(as.matrix(Pm(3)), matrix(3))
    expect_close(as.matrix(Vi(x) * Vj(y)), pairs_of_i(x, 4) * pairs_of_j(y, 5))
    expect_identical(dim(as.matrix(Vi(x[0, ]) | Vj(y))), c(0L, 4L))
})

test_that("a tensor tells its formula, arguments and data", {
    p <- c(1, 2)
    tensor <- weightedsqdist(Vi(x), Vj(y), Pm(p))
    expect_identical(tensor$args, c("Pm(0,2)", "Vi(1,2)", "Vj(2,2)"))
    expect_identical(tensor$vars, list(p, x, y))
    expect_identical(tensor$ni, 5L)
    expect_identical(tensor$nj, 4L)
    expect_identical(tensor$dimres, 1L)
    expect_match(sqdist(Vi(x), Vj(y))$formula, "Var(0,2,0)", fixed = TRUE)
    # The formula is one of the language: it gives the same as an operator.
    op <- keops_kernel(paste0("Sum_Reduction(", tensor$formula, ",1)"), character())
    expect_identical(op(tensor$vars), sum(tensor, "j"))
    # Data are arguments once, as values that are equal.
    frame <- as.data.frame(x)
    expect_length((exp(-sqdist(Vi(frame), Vj(y))) * (Vi(frame) | Vj(y)))$vars, 2)
    expect_length((Vi(x) * Vi(x + 0))$vars, 1)
    expect_length((Vi(x) * Vi(frame))$vars, 1)
    expect_length((Vi(x) * Vi(x + 1))$vars, 2)
    expect_length((Vi(1:5) * Vi(matrix(1:5)))$vars, 1)
    expect_length((Vi(1:5) * Vj(1:5))$vars, 2)
    expect_length((Vi(numeric()) * Vi(numeric()))$vars, 1)
    expect_length((Vi(1:5) * Vi(as.numeric(1:5)))$vars, 2)
    expect_length(exp(-sqdist(Vi(x), Vj(y)) + (Vi(x) | Vj(y)))$vars, 2)
    expect_length((Vi(x) + Vj(x))$vars, 2)
    expect_length((Vi(1:3) * 2 + Vj(1:3) * 2)$vars, 3)
    expect_output(print(K), "^LazyTensor of 5 x 4\n  formula: .*Var\\(0,2,0\\).*\n  args:    Vi\\(0,2\\), Vj\\(1,2\\)$")
    expect_output(print(Vi(1i)), "^ComplexLazyTensor of 1 x 1\n")
    expect_output(methods::show(K), "LazyTensor of 5 x 4")
})

test_that("what a value is can be asked", {
    asked <- list(
        list(3, 0), list("a", 0), list(NULL, 0), list(x, 0), list(Pm(3), c("LazyParameter")), list(Pm(1i), c("LazyParameter", "Complex")),
        list(Vi(x), "LazyVector"), list(Vj(1i), c("LazyVector", "Complex")), list(K, "LazyMatrix"), list(Vi(1i) * Vj(2), c("LazyMatrix", "Complex"))
    )
    for (one in asked) {
        value <- one[[1]]
        is_lazy <- !identical(one[[2]], 0)
        is_complex <- "Complex" %in% one[[2]]
        expect_identical(is.LazyTensor(value), is_lazy)
        expect_identical(is.ComplexLazyTensor(value), is_complex)
        expect_identical(is.LazyParameter(value), "LazyParameter" %in% one[[2]])
        expect_identical(is.ComplexLazyParameter(value), "LazyParameter" %in% one[[2]] && is_complex)
        expect_identical(is.LazyVector(value), "LazyVector" %in% one[[2]])
        expect_identical(is.LazyMatrix(value), "LazyMatrix" %in% one[[2]])
    }
    for (value in list(3, 3L, -2, 0, 1e10)) expect_true(is.int(value))
    for (value in list(2.5, "3", NULL, NA, NA_real_, NaN, Inf, -Inf, 1:2, TRUE, factor(1), list(1), K)) expect_false(is.int(value))
    expect_s4_class(K, "LazyTensor")
    expect_s4_class(Vi(1i), "ComplexLazyTensor")
    for (index in c("i", "j")) expect_identical(dim(LazyTensor(1:3, index)), if (index == "i") c(3L, 1L) else c(1L, 3L))
    expect_true(is.LazyParameter(LazyTensor(1:3)))
})

test_that("the examples of RKeOps' vignettes work", {
    # A Gaussian convolution as a formula and as tensors, and interpolation by conjugate gradients written in R.
    sigma <- 0.3
    op <- keops_kernel("Sum_Reduction(Exp(-lambda*SqDist(x,y))*beta,1)", c("x=Vi(2)", "y=Vj(2)", "beta=Vj(1)", "lambda=Pm(1)"))
    beta <- numbers(4, 1, seed = 5)
    by_formula <- op(list(x, y, beta, 1 / (2 * sigma^2)))
    by_tensors <- sum(exp(-sqdist(Vi(x), Vj(y)) / (2 * sigma^2)) * Vj(beta), index = "j")
    expect_close(by_tensors, by_formula)
    points <- seq(0, 1, length.out = 40)
    K <- exp(-sqdist(Vi(points), Vj(points)) / (2 * 0.05^2))
    b <- sin(6 * points)
    product <- function(a) K %*% a + 0.1 * a
    a <- matrix(0, 40, 1)
    r <- matrix(b)
    p <- r
    for (k in 1:60) {
        kp <- product(p)
        step_size <- sum(r^2) / sum(p * kp)
        a <- a + step_size * p
        new <- r - step_size * kp
        if (sqrt(sum(new^2)) < 1e-12) break
        p <- new + sum(new^2) / sum(r^2) * p
        r <- new
    }
    expect_close(a, solve(K, b, alpha = 0.1, tol = 1e-12), 1e-8)
})
