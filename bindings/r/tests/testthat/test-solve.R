# Linear systems against those of R.

x <- numbers(60, 2)
dense <- exp(-as.matrix(dist(x))^2 / 0.1) |> unname()
K <- exp(-sqdist(Vi(x), Vj(x)) / 0.1)
text <- "Exp(-SqDist(x,y)/0.1)*b"
args <- c("x=Vi(2)", "y=Vj(2)", "b=Vj(1)")

test_that("solutions are those of R", {
    for (columns in 1:3) {
        b <- numbers(60, columns, seed = 2)
        expected <- solve(dense + diag(0.5, 60), b)
        expect_close(solve(K, b, alpha = 0.5, tol = 1e-12), expected, 1e-8)
        with_rkeops_options(list(precision = "float32"), expect_close(solve(K, b, alpha = 0.5), expected, 1e-3))
    }
    b <- numbers(60, 1, seed = 2)
    expected <- solve(dense + diag(0.5, 60), b)
    expect_close(solve(K, b[, 1], 0.5, 1e-12), expected, 1e-8)
    expect_close(solve(K, as.data.frame(b), 0.5, 1e-12), expected, 1e-8)
    expect_close(solve(K, 1:60, 0.5, 1e-12), solve(dense + diag(0.5, 60), matrix(1:60)), 1e-8)
    # The right-hand side may be data of the matrix.
    own <- exp(-sqdist(Vi(b), Vj(b)))
    expect_close(solve(own, b, alpha = 1, tol = 1e-12), solve(exp(-as.matrix(dist(b))^2) + diag(60), b) |> unname(), 1e-8)
    told <- solve(K, b, alpha = 0.5, details = TRUE)
    expect_named(told, c("x", "iterations", "residual"))
    expect_lt(max(abs((dense + diag(0.5, 60)) %*% told$x - b)), 1e-4)
    expect_lt(told$residual, 1e-6)
    expect_gt(told$iterations, 1)
    # A looser tolerance is reached in fewer iterations; zero is solved at once.
    expect_lt(solve(K, b, alpha = 0.5, tol = 0.1, details = TRUE)$iterations, told$iterations)
    expect_identical(solve(K, b * 0), b * 0)
    expect_close(solve(K, b, alpha = 0.5, tol = 1e-12, maxit = Inf), expected, 1e-8)
    expect_refused(solve(K, b + 1i), "b: expected real numbers, got complex ones", "rkeops_unsupported_error")
    expect_refused(solve(K * 1i, b), "a: expected a matrix of real numbers, got one of complex", "rkeops_unsupported_error")
})

test_that("keops_solve solves for a variable of an operator", {
    b <- numbers(60, 1, seed = 2)
    expected <- solve(dense + diag(0.5, 60), b)
    for (axis in 1:0) {
        own_args <- if (axis == 1) args else c("x=Vi(2)", "y=Vj(2)", "b=Vi(1)")
        op <- keops_kernel(paste0("Sum_Reduction(", text, ",", axis, ")"), own_args)
        for (var in list("b", 2)) {
            own <- keops_solve(op, var)
            expect_close(own(list(x, x, b), alpha = 0.5, tol = 1e-12), expected, 1e-8)
            expect_close(own(list(b = b, y = x, x = x), alpha = 0.5, tol = 1e-12), expected, 1e-8)
            expect_lt(own(list(x, x, b), alpha = 0.5, details = TRUE)$residual, 1e-6)
            with_rkeops_options(list(precision = "float32"), expect_close(own(list(x, x, b), alpha = 0.5), expected, 1e-3))
        }
    }
    vectors <- keops_kernel("Sum_Reduction(Exp(-SqDist(x,y)/0.1)*b,1)", c("x=Vi(2)", "y=Vj(2)", "b=Vj(3)"))
    right <- numbers(60, 3, seed = 3)
    expect_close(keops_solve(vectors, "b")(list(x, x, right), 0.5, 1e-12), solve(dense + diag(0.5, 60), right), 1e-8)
})

test_that("what does not converge is an error", {
    b <- numbers(60, 1, seed = 2)
    op <- keops_kernel(paste0("Sum_Reduction(", text, ",1)"), args)
    expect_refused(solve(-1 * K, b), "not positive definite", "rkeops_convergence_error", "solve(-1 * K, b)")
    expect_refused(solve(K, b, maxit = 2), "2 iterations|iterations", "rkeops_convergence_error")
    expect_refused(keops_solve(op, "b")(list(x, x, b), maxit = 2), "iterations", "rkeops_convergence_error")
    expect_refused(solve(K, replace(b, 1, NaN)), "residual is NaN", "rkeops_convergence_error")
})
