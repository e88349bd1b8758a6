# Gradients against differences.

x <- numbers(5, 2)
y <- numbers(4, 2, seed = 2)
b <- numbers(4, 1, seed = 3)
s <- 0.7
e <- numbers(5, 1, seed = 4)
args <- c("x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "s=Pm(1)")
text <- "Exp(-s*SqDist(x,y))*b"
f <- function(x, y, b, s) outer(seq_len(nrow(x)), seq_len(nrow(y)), Vectorize(function(i, j) exp(-s * sum((x[i, ] - y[j, ])^2)) * b[j]))

test_that("keops_grad reduces the derivative of the formula over the operator's index", {
    # Derivatives of the formula for one pair, which are multiplied by the last input: it has the index of the variable.
    for (axis in 0:1) {
        op <- keops_kernel(paste0("Sum_Reduction(", text, ",", axis, ")"), args)
        index <- c("i", "j")[axis + 1]
        pairs <- function(size, derivative) of_pairs(cbind(x, seq_len(5)), cbind(y, seq_len(4)), size, function(u, v) derivative(u[1:2], v[1:2], u[3], v[3]))
        value <- function(u, v, j) exp(-s * sum((u - v)^2)) * b[j]
        by_i <- numbers(5, 1, seed = 5)
        by_j <- numbers(4, 1, seed = 6)
        in_both_precisions(function(tolerance) {
            expected <- list(
                x = along(pairs(2, function(u, v, i, j) -2 * s * (u - v) * value(u, v, j) * by_i[i]), index, sum),
                y = along(pairs(2, function(u, v, i, j) 2 * s * (u - v) * value(u, v, j) * by_j[j]), index, sum),
                b = along(pairs(1, function(u, v, i, j) exp(-s * sum((u - v)^2)) * by_j[j]), index, sum),
                s = along(pairs(1, function(u, v, i, j) -sum((u - v)^2) * value(u, v, j) * 3), index, sum)
            )
            cotangents <- list(x = by_i, y = by_j, b = by_j, s = 3)
            for (name in names(expected)) {
                position <- match(name, names(expected)) - 1
                for (var in list(name, position)) {
                    own <- keops_grad(op, var)
                    result <- own(list(x, y, b, s, cotangents[[name]]))
                    expect_close(result, expected[[name]], tolerance, paste("gradient in", var, "over", index))
                    expect_close(own(list(gradin = cotangents[[name]], s = s, x = x, y = y, b = b)), expected[[name]], tolerance)
                    rows <- own(list(t(x), t(y), t(b), s, t(cotangents[[name]])), inner_dim = "row")
                    expect_close(rows, t(expected[[name]]), tolerance)
                }
                expect_identical(utils::tail(keops_grad(op, name)()$args_info$var_type, 1), c(x = "Vi", y = "Vj", b = "Vj", s = "Pm")[[name]])
            }
        })
    }
})

test_that("gradients in text are RKeOps'", {
    own <- keops_kernel(paste0("Grad(Sum_Reduction(", text, ",1),x,e)"), c(args, "e=Vi(1)"))
    expect_close(own(list(x, y, b, s, e)), keops_grad(keops_kernel(paste0("Sum_Reduction(", text, ",1)"), args), "x")(list(x, y, b, s, e)))
    expect_identical(own()$formula, paste0("Sum_Reduction(Grad(", text, ",x,e),1)"))
    expect_identical(own(list(x, y, b, s, e)), keops_kernel(paste0("Sum_Reduction(Grad(", text, ",x,e),1)"), c(args, "e=Vi(1)"))(list(x, y, b, s, e)))
})

test_that("gradients of gradients are right", {
    op <- keops_kernel(paste0("Sum_Reduction(", text, ",1)"), args)
    second <- keops_grad(keops_grad(op, "x"), "x")
    direction <- numbers(5, 2, seed = 7)
    first <- function(x) sum(direction * keops_grad(op, "x")(list(x, y, b, s, e)))
    expect_close(second(list(x, y, b, s, e, direction)), differences(first, x), 1e-7)
    expect_identical(utils::tail(second()$args_info$var_name, 2), c("gradin", "gradin_1"))
})

# The variables of a test for gradients of reductions, and the derivative of the sum of a result times `e`.
check_adjoint <- function(formula, args, inputs, tolerance = 1e-7) {
    op <- keops_kernel(formula, args)
    result <- op(inputs)
    if (is.list(result)) result <- result[[1]]
    e <- numbers(nrow(result), ncol(result), seed = 9)
    value <- function(inputs) {
        result <- op(inputs)
        sum(e * if (is.list(result)) result[[1]] else result)
    }
    names <- op()$args_info$var_name
    for (k in seq_along(names)) {
        expected <- differences(function(data) value(replace(inputs, k, list(data))), inputs[[k]])
        is_parameter <- op()$args_info$var_type[k] == "Pm"
        expected <- if (is_parameter) matrix(expected, 1) else as.matrix(expected)
        own <- keops_adjoint(op, names[k])
        named <- stats::setNames(c(inputs, list(e)), c(names, "gradin"))
        expect_none(
            difference(own(c(inputs, list(e))), expected, tolerance, paste(formula, "in", names[k])),
            difference(own(rev(named)), expected, tolerance, paste(formula, "in", names[k], "by name")),
            difference(own(lapply(c(inputs, list(e)), t), inner_dim = "row"), t(expected), tolerance, paste(formula, "in", names[k], "with points in columns")),
            difference(keops_adjoint(op, k - 1)(c(inputs, list(e))), expected, tolerance, paste(formula, "in position", k - 1))
        )
        with_rkeops_options(list(precision = "float32"), expect_close(own(c(inputs, list(e))), expected, 2e-4, paste(formula, "in", names[k], "in float32")))
    }
}

test_that("keops_adjoint is the gradient of the result", {
    inputs <- list(x, y, b, s)
    for (axis in 0:1) {
        check_adjoint(paste0("Sum_Reduction(", text, ",", axis, ")"), args, inputs)
        check_adjoint(paste0("Mean_Reduction(", text, ",", axis, ")"), args, inputs)
        check_adjoint(paste0("LogSumExp_Reduction(", text, ",", axis, ")"), args, inputs)
        check_adjoint(paste0("Min_Reduction(", text, ",", axis, ")"), args, inputs)
        check_adjoint(paste0("Max_Reduction(", text, ",", axis, ")"), args, inputs)
        check_adjoint(paste0("Min_ArgMin_Reduction(", text, ",", axis, ")"), args, inputs)
        check_adjoint(paste0("KMin_Reduction(", text, ",2,", axis, ")"), args, inputs)
        check_adjoint(paste0("Prod_Reduction(", text, ",", axis, ")"), args, inputs)
        check_adjoint(paste0("SumSoftMaxWeight_Reduction(", text, ",x+y,", axis, ")"), args, inputs)
        check_adjoint(paste0("LogSumExpWeight_Reduction(", text, ",2+x*y,", axis, ")"), args, inputs)
    }
    check_adjoint("Sum_Reduction(b*TensorProd(x,y),1)", args, inputs)
})

test_that("the gradient of an operator is an operator's", {
    op <- keops_kernel(paste0("Sum_Reduction(", text, ",1)"), args)
    told <- keops_adjoint(op, "y")()
    expect_identical(told$args, c(args, "gradin=Vi(4,1)"))
    expect_identical(told$formula, paste0("Grad(Sum_Reduction(", text, ",1),y,gradin)"))
    # Both gradients are one for the index that remains.
    expect_close(keops_adjoint(op, "x")(list(x, y, b, s, e)), keops_grad(op, "x")(list(x, y, b, s, e)))
    # No rows.
    expect_close(keops_adjoint(op, "y")(list(x[0, ], y, b, s, numeric())), y * 0)
    expect_close(keops_adjoint(op, "x")(list(x, y[0, ], numeric(), s, e)), x * 0)
    expect_close(keops_adjoint(op, "s")(list(x, y[0, ], numeric(), s, e)), matrix(0))
    expect_close(keops_adjoint(op, "x")(list(x[0, ], y, b, s, numeric())), x[0, ])
})

test_that("grad reduces the gradient of a tensor", {
    X <- Vi(x)
    Y <- Vj(y)
    K <- exp(-sqdist(X, Y))
    weight <- function(u, v) exp(-sum((u - v)^2))
    along_j <- along(of_pairs(x, y, 2, function(u, v) -2 * (u - v) * weight(u, v)), "j", sum)
    along_i <- along(of_pairs(x, y, 2, function(u, v) -2 * (u - v) * weight(u, v)), "i", sum)
    expect_close(grad(K, 1, "Sum", 0, "j"), along_j)
    expect_close(grad(K, 1, "Sum", X, "j"), along_j)
    expect_close(grad(K, 1, "Sum", Vi(x), "i"), along_i)
    expect_close(grad(K, 1), along_j)
    expect_close(grad(K, 1, var = 1), -along_j)
    expect_close(grad(K, 1, var = Y, index = "i"), -along_i)
    expect_close(grad(K, Vi(e), "Sum", 0, "j"), along_j * as.vector(e))
    expect_close(grad(K, Vj(b), "Sum", 0, "j"), along(of_pairs(cbind(x, 0), cbind(y, b), 2, function(u, v) {
        -2 * (u - v)[1:2] * weight(u[1:2], v[1:2]) * v[3]
    }), "j", sum))
    expect_close(grad(K, 1, "Max", 0, "j"), along(of_pairs(x, y, 2, function(u, v) -2 * (u - v) * weight(u, v)), "j", max))
})

test_that("adjoint is the gradient of a reduction of a tensor", {
    p <- c(0.5, 2)
    tensor <- function(x, y, p) exp(-weightedsqdist(Vi(x), Vj(y), Pm(p)))
    for (index in c("i", "j")) {
        for (opstr in c("Sum", "LogSumExp", "Min", "Max", "Mean", "Prod")) {
            value <- function(x, y, p) reduction.LazyTensor(tensor(x, y, p), opstr, index)
            e <- numbers(if (index == "j") 5 else 4, 1, seed = 9)
            own <- function(var) adjoint(tensor(x, y, p), e, opstr, var, index)
            by_x <- differences(function(x) sum(e * value(x, y, p)), x)
            by_y <- differences(function(y) sum(e * value(x, y, p)), y)
            by_p <- matrix(differences(function(p) sum(e * value(x, y, p)), p), 1)
            expect_close(own(Vi(x)), by_x, 1e-7, paste(opstr, "over", index))
            expect_close(own(Vj(y)), by_y, 1e-7, paste(opstr, "over", index))
            expect_close(own(Pm(p)), by_p, 1e-7, paste(opstr, "over", index))
            # Weights come first in the formula, so the parameter is argument 0.
            expect_close(own(0), by_p, 1e-7)
            expect_close(own(1), by_x, 1e-7)
            expect_close(own(2L), by_y, 1e-7)
        }
    }
    # Equal data are one variable, also where they are no one object.
    frame <- as.data.frame(x)
    twice <- Vi(frame) * Vi(frame) * Vj(y)
    expect_close(adjoint(twice, matrix(1, 5, 2), "Sum", Vi(frame)), 2 * x * rep(colSums(y), each = 5))
    expect_close(grad(twice, c(1, 1), "Sum", Vi(x + 0)), 2 * x * rep(colSums(y), each = 5))
    expect_close(adjoint(Vi(x) * Vj(y), matrix(1, 5, 2)), matrix(colSums(y), 5, 2, byrow = TRUE))
})

test_that("gradients of complex tensors are complex", {
    z <- complex(real = c(1, -2, 0.5), imaginary = c(0.3, 1, 2))
    w <- complex(real = c(2, 1), imaginary = c(-1, 0.5))
    e <- complex(real = c(1, 0.5, -1), imaginary = c(2, 1, 0))
    value <- function(z, w) {
        result <- sum(exp(Vi(z) * Vj(w) / 4), "j")
        sum(Re(Conj(e) * result))
    }
    parts <- function(f, at) complex(real = differences(f, Re(at)), imaginary = differences(function(i) f(complex(real = Re(at), imaginary = i)), Im(at)))
    by_z <- complex(
        real = differences(function(r) value(complex(real = r, imaginary = Im(z)), w), Re(z)),
        imaginary = differences(function(i) value(complex(real = Re(z), imaginary = i), w), Im(z))
    )
    by_w <- complex(
        real = differences(function(r) value(z, complex(real = r, imaginary = Im(w))), Re(w)),
        imaginary = differences(function(i) value(z, complex(real = Re(w), imaginary = i)), Im(w))
    )
    K <- exp(Vi(z) * Vj(w) / 4)
    expect_close(adjoint(K, e, "Sum", Vi(z), "j"), matrix(by_z), 1e-7)
    expect_close(adjoint(K, e, "Sum", Vj(w), "j"), matrix(by_w), 1e-7)
    expect_close(grad(K, Vi(e), "Sum", Vi(z), "j"), matrix(by_z), 1e-7)
    expect_close(grad(K, Vi(e), "Sum", 0, "j"), matrix(by_z), 1e-7)
})
