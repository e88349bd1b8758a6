# What may be passed as numbers, and in which shape.

x <- numbers(6, 2, -3, 3)
y <- numbers(4, 2, -3, 3, seed = 2)
args <- c("x=Vi(2)", "y=Vj(2)")
op <- keops_kernel("Sum_Reduction(x*y+x,1)", args)
dense <- function(x, y) x * rep(colSums(y), each = nrow(x)) + x * nrow(y)

test_that("whole numbers, logical values and data frames are numbers", {
    in_both_precisions(function(tolerance) {
        for (convert in list(round, function(x) `storage.mode<-`(round(x), "integer"), function(x) x > 0, function(x) as.data.frame(round(x)))) {
            a <- convert(x)
            b <- convert(y)
            expected <- dense(as.matrix(a) + 0, as.matrix(b) + 0)
            dimnames(expected) <- NULL
            expect_close(op(list(a, b)), expected, tolerance)
            expect_close(op(list(y = b, x = a)), expected, tolerance)
            expect_close(op(list(t(a), t(b)), inner_dim = "row"), t(expected), tolerance)
            expect_close(sum(Vi(a) * Vj(b) + Vi(a), "j"), expected, tolerance)
            expect_close(crossprod(Vi(a)[, drop = FALSE, ] | Vj(b), rep(1, 6)), matrix(as.matrix(b) %*% colSums(as.matrix(a)), 4, dimnames = NULL), tolerance)
        }
    })
})

test_that("what is missing is NaN", {
    whole <- matrix(c(1L, NA, 3L, 4L), 2)
    for (a in list(whole, whole == 1L, whole + 0, as.data.frame(whole))) {
        for (precision in c("float64", "float32")) {
            with_rkeops_options(list(precision = precision), {
                result <- as.matrix(Vi(a) * Vj(c(1, 2)))
                expect_identical(is.na(result), array(c(FALSE, TRUE, FALSE, TRUE, FALSE, FALSE, FALSE, FALSE), c(2, 2, 2)))
                expect_identical(is.na(keops_kernel("Sum_Reduction(x,1)", "x=Vi(2)")(list(a))), matrix(c(FALSE, TRUE, FALSE, FALSE), 2))
            })
        }
    }
    expect_identical(is.na(as.matrix(Vi(1:2) + NA)), matrix(TRUE, 2, 1))
    expect_identical(is.na(as.matrix(Vi(c(1 + 1i, NA)))), matrix(c(FALSE, TRUE)))
})

test_that("whole numbers as large as R's are exact in float64", {
    large <- c(.Machine$integer.max, -.Machine$integer.max, 0L)
    expect_identical(sum(Vi(large), "j"), matrix(as.numeric(large)))
})

test_that("parts of matrices and matrices with attributes are read as they are", {
    wide <- numbers(6, 5, -3, 3, seed = 3)
    expect_close(op(list(wide[, 1:2, drop = FALSE], y)), dense(wide[, 1:2], y))
    expect_close(op(list(wide[6:1, c(4, 2)], y)), dense(wide[6:1, c(4, 2)], y))
    named <- x
    dimnames(named) <- list(letters[1:6], c("u", "v"))
    expect_close(op(list(named, y)), dense(x, y))
    expect_close(op(list(structure(x, class = c("own", "matrix")), y)), dense(x, y))
    expect_close(op(list(t(t(x)), as.matrix(as.table(y)))), dense(x, y))
})

test_that("vectors are points of one component, or parameters", {
    one <- keops_kernel("Sum_Reduction(p*x*y,1)", c("x=Vi(1)", "y=Vj(1)", "p=Pm(2)"))
    expected <- outer(1:3, c(2, -1) * 9)
    expect_close(one(list(1:3, c(4, 5), c(2, -1))), expected)
    expect_close(one(list(matrix(1:3), matrix(c(4, 5)), matrix(c(2, -1), 1))), expected)
    expect_close(one(list(array(1:3, 3), array(c(4, 5), 2), c(2, -1))), expected)
    expect_close(one(list(1:3, c(4, 5), c(2, -1)), "row"), t(expected))
    expect_close(one(list(array(1:3, 3), array(c(4, 5), 2), c(2, -1)), "row"), t(expected))
    expect_close(one(list(t(1:3), t(c(4, 5)), matrix(c(2, -1))), "row"), t(expected))
    # A sequence is not stored by R.
    expect_close(one(list(1:3, seq_len(100), c(2, -1))), outer(1:3, c(2, -1) * 5050))
})

test_that("complex input of operators is read as real and imaginary parts", {
    z <- matrix(complex(real = 1:4, imaginary = 4:1), 2)
    own <- keops_kernel("Sum_Reduction(ComplexMult(AsComplex(z),AsComplex(w)),1)", c("z=Vi(4)", "w=Vj(2)"))
    expect_close(own(list(z, c(1 + 1i, 2 - 3i))), z * (3 - 2i))
    expect_close(own(list(t(z), t(c(1 + 1i, 2 - 3i))), "row"), t(z * (3 - 2i)))
    with_rkeops_options(list(precision = "float32"), expect_close(own(list(z, c(1 + 1i, 2 - 3i))), z * (3 - 2i), 1e-4))
})

test_that("positions of arguments may be told", {
    told <- keops_kernel("Sum_Reduction(x*y+x,1)", c("y=Vj(1,2)", "x=Vi(0,2)"))
    expect_close(told(list(x, y)), dense(x, y))
    expect_close(told(list(y = y, x = x)), dense(x, y))
    expect_close(keops_adjoint(told, "y")(list(x, y, matrix(1, 6, 2))), matrix(colSums(x), 4, 2, byrow = TRUE))
    expect_close(keops_grad(told, 0)(list(x, y, matrix(1, 6, 2))), matrix(colSums(y) + 4, 6, 2, byrow = TRUE))
})

test_that("arguments without an alias are told by the operator", {
    own <- keops_kernel("Sum_Reduction(x*Var(1,2,1)+x,1)", "x=Vi(2)")
    expect_identical(own()$args, c("x=Vi(2)", "arg1=Vj(1,2)"))
    expect_close(own(list(x, y)), dense(x, y))
    expect_close(own(list(arg1 = y, x = x)), dense(x, y))
    expect_close(keops_grad(own, "x")(list(x, y, matrix(1, 6, 2))), matrix(colSums(y) + 4, 6, 2, byrow = TRUE))
    none <- keops_kernel("Sum_Reduction(Vi(0,2)*Vj(1,2),1)", character())
    expect_close(none(list(x, y)), dense(x, y) - 4 * x)
})

test_that("the input is not changed, and results are new", {
    before <- x + 0
    result <- op(list(x, y))
    again <- op(list(x, y))
    result[1] <- 0
    expect_identical(x, before)
    expect_close(again, dense(x, y))
    # A tensor has the data of when it was made.
    data <- c(1, 2, 3)
    tensor <- Vi(data)
    data[1] <- 100
    expect_close(as.matrix(tensor), matrix(c(1, 2, 3)))
})

test_that("an operator tells what it is", {
    context <- op()
    expect_identical(context$formula, "Sum_Reduction(x*y+x,1)")
    expect_identical(context$args, args)
    expect_identical(context$args_info$var_name, c("x", "y"))
    expect_identical(context$args_info$var_type, c("Vi", "Vj"))
    expect_equal(context$args_info$var_pos, c(0, 1))
    expect_equal(context$args_info$var_dim, c(2, 2))
    expect_output(print(op), "rkeops operator\n  formula: Sum_Reduction\\(x\\*y\\+x,1\\)\n  args:    x=Vi\\(2\\), y=Vj\\(2\\)")
    expect_true(is.function(op))
    expect_identical(keops_kernel("ArgKMin_Reduction(SqDist(x,y),3,1)", args)()$formula, "ArgKMin_Reduction(SqDist(x,y),3,1)")
    expect_identical(keops_kernel("SumSoftMaxWeight_Reduction(SqDist(x,y),y,1)", args)()$formula, "SumSoftMaxWeight_Reduction(SqDist(x,y),y,1)")
})
