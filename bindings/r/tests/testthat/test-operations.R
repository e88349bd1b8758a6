# Operations against plain arithmetic of R on the whole matrix.

check_unary <- function(name, operation, expected, low = -2, high = 2, seed = 1) {
    in_both_precisions(function(tolerance) {
        for (size in sizes) {
            x <- numbers(size[1], 3, low, high, seed)
            y <- numbers(size[2], 3, 0.5, 1, seed + 1)
            xs <- pairs_of_i(x, size[2])
            ys <- pairs_of_j(y, size[1])
            expect_pairs(operation(Vi(x)) * Vj(y), expected(xs) * ys, tolerance, paste(name, "of i,", size[1], "x", size[2]))
        }
        y <- numbers(33, 2, low, high, seed)
        expect_pairs(operation(Vj(y)), pairs_of_j(`dim<-`(expected(y), dim(y)), 1), tolerance, paste(name, "of j"))
        p <- numbers(1, 2, low, high, seed)
        expect_close(as.matrix(operation(Pm(p))), array(expected(p), c(1, 1, 2)), tolerance, paste(name, "of a parameter"))
    })
}

xlogx_of <- function(x) ifelse(x == 0, 0, x * log(x))
erf_of <- function(x) 2 * pnorm(x * sqrt(2)) - 1

test_that("R's functions of numbers are those of R", {
    for (name in c(
        "exp", "expm1", "abs", "sign", "floor", "ceiling", "trunc", "cos", "sin", "tanh", "sinh", "cosh", "atan", "asinh"
    )) {
        check_unary(name, get(name), get(name))
    }
    for (name in c("log", "log2", "log10", "log1p", "sqrt", "gamma", "lgamma", "digamma", "trigamma")) {
        check_unary(name, get(name), get(name), 0.2, 4)
    }
    for (name in c("acos", "asin", "atanh")) check_unary(name, get(name), get(name), -0.9, 0.9)
    check_unary("tan", tan, tan, -1.2, 1.2)
    check_unary("acosh", acosh, acosh, 1.1, 4)
    check_unary("log to a base", function(x) log(x, base = 3), function(x) log(x, base = 3), 0.2, 4)
    check_unary("gamma below 0", gamma, gamma, -2.9, -2.1)
    check_unary("gamma below -1", gamma, gamma, -1.9, -1.1)
    check_unary("lgamma below 0", lgamma, lgamma, -2.9, -2.1)
    check_unary("digamma below 0", digamma, digamma, -0.9, -0.1)
    check_unary("minus", function(x) -x, function(x) -x)
    check_unary("plus", function(x) +x, function(x) x)
    # Decimal digits with halves away from zero; R's own are the nearest of what is stored.
    check_unary("round", function(x) round(x, 2), function(x) round(x, 2), 0.001, 0.004)
    check_unary("round to whole numbers", round, round, -3, 3)
})

test_that("functions of RKeOps' are right", {
    check_unary("square", square, function(x) x * x)
    check_unary("rsqrt", rsqrt, function(x) 1 / sqrt(x), 0.2, 4)
    check_unary("inv", inv, function(x) 1 / x, 0.2, 4)
    check_unary("xlogx", xlogx, xlogx_of, 0.2, 4)
    check_unary("sinxdivx", sinxdivx, function(x) sin(x) / x, 0.2, 4)
    check_unary("step", step, function(x) (x >= 0) * 1)
    check_unary("relu", relu, function(x) pmax(x, 0))
    check_unary("clamp", function(x) clamp(x, -0.5, 0.7), function(x) pmin(pmax(x, -0.5), 0.7))
    check_unary("clampint", function(x) clampint(x, -1, 1), function(x) pmin(pmax(x, -1), 1))
    check_unary("mod", function(x) mod(x, 0.7), function(x) x - 0.7 * floor(x / 0.7), -1.9, -1.5)
    check_unary("mod with offset", function(x) mod(x, 2, -1), function(x) x - 2 * floor((x + 1) / 2), 1.1, 2.9)
    check_unary("ifelse", function(x) ifelse(x, 2 * x, 5), function(x) ifelse(x >= 0, 2 * x, 5))
    check_unary("atan2", function(x) atan2(x, -1.5), function(x) atan2(x, -1.5))
    check_unary("atan2 of a number", function(x) atan2(0.5, x), function(x) atan2(0.5, x))
})

test_that("operations by name are right", {
    check_unary("Exp2", function(x) unaryop.LazyTensor(x, "Exp2"), function(x) 2^x)
    check_unary("Erf", function(x) unaryop.LazyTensor(x, "Erf"), erf_of)
    check_unary("Erfc", function(x) unaryop.LazyTensor(x, "Erfc"), function(x) 2 * pnorm(-x * sqrt(2)))
    check_unary("Sigmoid", function(x) unaryop.LazyTensor(x, "Sigmoid"), plogis)
    check_unary("Softplus", function(x) unaryop.LazyTensor(x, "Softplus"), function(x) log1p(exp(x)))
    check_unary("Pow", function(x) unaryop.LazyTensor(x, "Pow", 3), function(x) x^3)
    check_unary("Polygamma", function(x) unaryop.LazyTensor(x, "Polygamma", 2), function(x) psigamma(x, 2), 0.5, 3)
    check_unary("SphericalBesselJ", function(x) unaryop.LazyTensor(x, "SphericalBesselJ", 1), function(x) sin(x) / x^2 - cos(x) / x, 0.5, 3)
    check_unary("DiffClampInt", function(x) unaryop.LazyTensor(x, "DiffClampInt", 0, 1), function(x) (x >= 0 & x <= 1) * 1)
    check_unary("BesselK", function(x) binaryop.LazyTensor(1.5, x, "BesselK"), function(x) besselK(x, 1.5), 0.5, 3)
    check_unary("Matern", function(x) binaryop.LazyTensor(0.5, x, "Matern"), function(x) exp(-abs(x)))
})

test_that("powers are those of R", {
    for (power in list(2, 0.5, -0.5, 3, -2, 0, 1, 2.5, 4L, -1)) {
        check_unary(paste("power", power), function(x) x^power, function(x) x^power, 0.2, 3)
    }
    check_unary("negative numbers to whole powers", function(x) x^3, function(x) x^3, -2, -0.2)
    check_unary("a number to a power", function(x) 2^x, function(x) 2^x)
    expect_identical((Vi(1:3)^2)$formula, square(Vi(1:3))$formula)
})

test_that("what R's functions give at special numbers is given here", {
    x <- c(-Inf, -2, -1, -0.0, 0, 1, Inf, NaN, NA)
    for (name in c(
        "exp", "expm1", "log", "log1p", "sqrt", "abs", "floor", "ceiling", "cos", "sin", "tan", "atan", "tanh", "sinh", "cosh", "asinh", "acosh",
        "acos", "asin", "atanh"
    )) {
        expected <- suppressWarnings(get(name)(x))
        expect_close(as.matrix(get(name)(Vi(x))), matrix(expected), 1e-10, name)
        with_rkeops_options(list(precision = "float32"), expect_close(as.matrix(get(name)(Vi(x))), matrix(expected), 1e-4, name))
    }
    expect_identical(as.vector(1 / as.matrix(sqrt(Vi(c(0, 4))))), c(Inf, 0.5))
    expect_identical(as.vector(as.matrix(rsqrt(Vi(c(0, 4))))), c(0, 0.5))
    expect_identical(as.vector(as.matrix(xlogx(Vi(0)))), 0)
    expect_identical(as.vector(as.matrix(sinxdivx(Vi(0)))), 1)
    expect_identical(as.vector(as.matrix(step(Vi(c(-1, 0, 1))))), c(0, 1, 1))
    expect_identical(as.vector(as.matrix(1 / Vi(c(0, -0)))), c(Inf, -Inf))
    # Parameters that are equal are one, but zeros of two signs are not.
    expect_identical(as.vector(as.matrix(1 / (Vi(1) * 0) + 1 / (Vi(1) * -0))), NaN)
})

binary <- list(
    "+" = list(`+`, `+`), "-" = list(`-`, `-`), "*" = list(`*`, `*`), "/" = list(`/`, `/`), "^" = list(`^`, `^`),
    "%%" = list(`%%`, `%%`), "%/%" = list(`%/%`, `%/%`),
    "<" = list(`<`, `<`), "<=" = list(`<=`, `<=`), ">" = list(`>`, `>`), ">=" = list(`>=`, `>=`), "==" = list(`==`, `==`), "!=" = list(`!=`, `!=`),
    atan2 = list(atan2, base::atan2), mod = list(mod, function(a, b) a - b * floor(a / b)),
    Add = list(function(a, b) binaryop.LazyTensor(a, b, "Add"), `+`), Powf = list(function(a, b) binaryop.LazyTensor(a, b, "Powf"), `^`)
)

test_that("operators are those of R", {
    for (name in names(binary)) {
        operation <- binary[[name]][[1]]
        expected <- function(a, b) array(as.numeric(binary[[name]][[2]](a, b)), dim(a))
        in_both_precisions(function(tolerance) {
            for (size in sizes) {
                x <- round(numbers(size[1], 3, 0.6, 3), 1)
                y <- round(numbers(size[2], 3, 0.6, 3, seed = 2), 1)
                # Away from the steps of these two: quotients are no whole numbers.
                if (name %in% c("%%", "%/%", "mod")) x <- x + 0.03
                xs <- pairs_of_i(x, size[2])
                ys <- pairs_of_j(y, size[1])
                if (name %in% c("%%", "%/%", "mod")) ys[] <- pairs_of_j(y <- ceiling(y), size[1])
                expect_pairs(operation(Vi(x), Vj(y)), expected(xs, ys), tolerance, paste(name, "of matrices"))
                if (name %in% c("%%", "%/%", "mod")) next
                # A scalar stands for each component, on either side.
                one <- x[, 1, drop = FALSE]
                ones <- array(pairs_of_i(one, size[2]), c(size, 3))
                expect_pairs(operation(Vi(one), Vj(y)), expected(ones, ys), tolerance, paste(name, "with a scalar first"))
                expect_pairs(operation(Vj(y), Vi(one)), expected(ys, ones), tolerance, paste(name, "with a scalar second"))
                number <- array(1.5, c(size, 3))
                expect_pairs(operation(1.5, Vi(x)) * Vj(y), expected(number, xs) * ys, tolerance, paste(name, "with a number first"))
                expect_pairs(operation(Vi(x), 1.5) * Vj(y), expected(xs, number) * ys, tolerance, paste(name, "with a number second"))
                vector <- c(0.7, 1.1, 2.3)
                vectors <- array(rep(vector, each = prod(size)), c(size, 3))
                expect_pairs(operation(Vi(x), vector) * Vj(y), expected(xs, vectors) * ys, tolerance, paste(name, "with a vector"))
                expect_pairs(operation(Vi(x), Pm(vector)) * Vj(y), expected(xs, vectors) * ys, tolerance, paste(name, "with a parameter"))
            }
        })
    }
})

test_that("operations of three are right", {
    x <- numbers(33, 2, -2, 2)
    y <- numbers(17, 2, -1, 0, 2)
    z <- numbers(33, 2, 0, 1, 3)
    xs <- pairs_of_i(x, 17)
    ys <- pairs_of_j(y, 33)
    zs <- pairs_of_i(z, 17)
    clamped <- pmin(pmax(xs, ys), zs)
    chosen <- ifelse(xs >= 0, ys, zs)
    moved <- xs - zs * floor((xs - ys) / zs)
    in_both_precisions(function(tolerance) {
        expect_pairs(clamp(Vi(x), Vj(y), Vi(z)), clamped, tolerance)
        expect_pairs(ternaryop.LazyTensor(Vi(x), Vj(y), Vi(z), "Clamp"), clamped, tolerance)
        expect_pairs(ifelse(Vi(x), Vj(y), Vi(z)), chosen, tolerance)
        if (tolerance < 1e-6) expect_pairs(mod(Vi(x), Vi(z), Vj(y)), moved, tolerance)
    })
})

test_that("norms, distances and products of vectors are right", {
    weights <- c(0.5, 2, 3)
    matrix_weights <- crossprod(matrix(c(2, 1, 0, 0, 3, 1, 1, 0, 2), 3))
    in_both_precisions(function(tolerance) {
        for (size in sizes) {
            x <- numbers(size[1], 3)
            y <- numbers(size[2], 3, seed = 2)
            a <- numbers(size[1], 6, seed = 3)
            check <- function(tensor, size, f, x1 = x, y1 = y) expect_pairs(tensor, of_pairs(x1, y1, size, f), tolerance)
            X <- Vi(x)
            Y <- Vj(y)
            check(X | Y, 1, function(u, v) sum(u * v))
            check(sqnorm2(X) + 0 * sqnorm2(Y), 1, function(u, v) sum(u^2))
            check(norm2(X - Y), 1, function(u, v) sqrt(sum((u - v)^2)))
            check(normalize(X + Y), 3, function(u, v) (u + v) / sqrt(sum((u + v)^2)))
            check(sqdist(X, Y), 1, function(u, v) sum((u - v)^2))
            check(weightedsqnorm(X - Y, 0.5), 1, function(u, v) 0.5 * sum((u - v)^2))
            check(weightedsqnorm(X - Y, weights), 1, function(u, v) sum(weights * (u - v)^2))
            check(weightedsqnorm(X - Y, as.vector(matrix_weights)), 1, function(u, v) sum((u - v) * (matrix_weights %*% (u - v))))
            check(weightedsqdist(X, Y, 0.5), 1, function(u, v) 0.5 * sum((u - v)^2))
            check(weightedsqdist(X, Y, Pm(weights)), 1, function(u, v) sum(weights * (u - v)^2))
            check(concat(X, Y), 6, function(u, v) c(u, v))
            check(elem(X, 1) * elem(Y, 2), 1, function(u, v) u[2] * v[3])
            check(elemT(X | Y, 1, 4), 4, function(u, v) c(0, sum(u * v), 0, 0))
            check(extract(X + Y, 1, 2), 2, function(u, v) (u + v)[2:3])
            check(extractT(X + Y, 2, 6), 6, function(u, v) c(0, 0, u + v, 0))
            check(tensorprod(X, Y), 9, function(u, v) as.vector(outer(v, u)))
            check(matvecmult(Vi(a), Y), 2, function(u, v) as.vector(matrix(u, 2, 3, byrow = TRUE) %*% v), a)
            check(vecmatmult(Y, Vi(a)), 2, function(u, v) as.vector(v %*% matrix(u, 3, 2, byrow = TRUE)), a)
            check(sum(X * Y), 1, function(u, v) sum(u * v))
            check(min(X + Y), 1, function(u, v) min(u + v))
            check(max(X + Y), 1, function(u, v) max(u + v))
            # Components count from 0, as in the formula language.
            check(argmin(X + Y), 1, function(u, v) which.min(u + v) - 1)
            check(argmax(X + Y), 1, function(u, v) which.max(u + v) - 1)
            check(unaryop.LazyTensor(X + Y, "LogSumExp"), 1, function(u, v) log(sum(exp(u + v))))
            check(unaryop.LazyTensor(X + Y, "Softmax"), 3, function(u, v) exp(u + v) / sum(exp(u + v)))
            check(unaryop.LazyTensor(X | Y, "SumT", 2), 2, function(u, v) rep(sum(u * v), 2))
            check(binaryop.LazyTensor(X, Y, "Interleave"), 6, function(u, v) as.vector(rbind(u, v)))
            check(unaryop.LazyTensor(concat(X, Y), "EverySecond", 1), 3, function(u, v) c(u, v)[c(2, 4, 6)])
            check(binaryop.LazyTensor(weights, X - Y, "SqNormDiag"), 1, function(u, v) sum(weights * (u - v)^2))
            check(binaryop.LazyTensor(0.5, X - Y, "SqNormIso"), 1, function(u, v) 0.5 * sum((u - v)^2))
            check(binaryop.LazyTensor(as.vector(matrix_weights), X - Y, "SymSqNorm"), 1, function(u, v) sum((u - v) * (matrix_weights %*% (u - v))))
        }
    })
    places <- Vi(c(0, 2, 5, -1))
    expect_close(as.matrix(one_hot(places, 3)), array(c(1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), c(4, 1, 3)))
})

test_that("complex numbers are those of R", {
    in_both_precisions(function(tolerance) {
        for (size in sizes) {
            z <- matrix(complex(real = numbers(size[1], 2), imaginary = numbers(size[1], 2, seed = 2)), size[1], 2)
            w <- matrix(complex(real = numbers(size[2], 2, seed = 3) + 2, imaginary = numbers(size[2], 2, seed = 4)), size[2], 2)
            x <- numbers(size[2], 2, seed = 5)
            zs <- pairs_of_i(z, size[2])
            ws <- pairs_of_j(w, size[1])
            xs <- pairs_of_j(x, size[1])
            expect_pairs(Vi(z) + Vj(w), zs + ws, tolerance, "sum")
            expect_pairs(Vi(z) - Vj(w), zs - ws, tolerance, "difference")
            expect_pairs(Vi(z) * Vj(w), zs * ws, tolerance, "product")
            expect_pairs(Vi(z) / Vj(w), zs / ws, tolerance, "quotient")
            expect_pairs(Vi(z) * Vj(x), zs * xs, tolerance, "product with real numbers")
            expect_pairs(Vi(z) * (2 - 1i) + 0 * Vj(x), zs * (2 - 1i), tolerance, "product with a number")
            expect_pairs(exp(Vi(z)) * Vj(w), exp(zs) * ws, tolerance, "exp")
            expect_pairs(log(Vj(w)) * Vi(z), log(ws) * zs, tolerance, "log")
            expect_pairs(sqrt(Vj(w)) * Vi(z), sqrt(ws) * zs, tolerance, "sqrt")
            expect_pairs((Vi(z) + Vj(w))^2, (zs + ws)^2, tolerance, "square")
            expect_pairs(sin(Vi(z)) + cos(Vj(w)), sin(zs) + cos(ws), tolerance, "sin and cos")
            expect_pairs(tanh(Vi(z)) + sinh(Vj(w)), tanh(zs) + sinh(ws), tolerance, "tanh and sinh")
            expect_pairs(Re(Vi(z) * Vj(w)), Re(zs * ws), tolerance, "Re")
            expect_pairs(Im(Vi(z) * Vj(w)), Im(zs * ws), tolerance, "Im")
            expect_pairs(Mod(Vi(z) * Vj(w)), Mod(zs * ws), tolerance, "Mod")
            expect_pairs(abs(Vi(z) * Vj(w)), Mod(zs * ws), tolerance, "abs")
            expect_pairs(Arg(Vj(w)) + 0 * Re(Vi(z)), Arg(ws), tolerance, "Arg")
            expect_pairs(Conj(Vi(z)) * Vj(w), Conj(zs) * ws, tolerance, "Conj")
            expect_pairs(real2complex(Vj(x)) * Vi(z), xs * zs, tolerance, "real2complex")
            expect_pairs(imag2complex(Vj(x)) * Vi(z), 1i * xs * zs, tolerance, "imag2complex")
            expect_pairs(exp1j(Vj(x)) * Vi(z), exp(1i * xs) * zs, tolerance, "exp1j")
            expect_pairs(sum(Vi(z) * Vj(w)), of_pairs(z, w, 1, function(u, v) sum(u * v)) + 0i, tolerance, "sum of components")
        }
    })
    expect_close(as.matrix(Vi(matrix(1:4, 2), is_complex = TRUE)), array(1:4 + 0i, c(2, 1, 2)))
    expect_close(as.matrix(LazyTensor(1:2, "j", TRUE)), matrix(1:2 + 0i, 1))
    # Of real numbers, as R has it.
    x <- c(-2, 0, 3)
    expect_close(as.matrix(Re(Vi(x))), matrix(x))
    expect_close(as.matrix(Im(Vi(x))), matrix(c(0, 0, 0)))
    expect_close(as.matrix(Mod(Vi(x))), matrix(abs(x)))
    expect_close(as.matrix(Conj(Vi(x))), matrix(x))
    expect_close(as.matrix(Arg(Vi(x))), matrix(Arg(x)))
})

test_that("functions that R has are R's own where there is no tensor", {
    expect_identical(ifelse(c(TRUE, FALSE, NA), 1, 2), base::ifelse(c(TRUE, FALSE, NA), 1, 2))
    expect_identical(ifelse(c(a = 1, b = 0), "x", "y"), c(a = "x", b = "y"))
    # Nothing is evaluated that R would not evaluate.
    expect_identical(ifelse(1, 2), 2)
    expect_identical(ifelse(1, 2, stop("evaluated")), 2)
    expect_identical(ifelse(0, stop("evaluated"), 3), 3)
    expect_identical(ifelse(TRUE, 2, stop("evaluated")), 2)
    expect_identical(atan2(1, 2), base::atan2(1, 2))
    expect_close(as.matrix(ifelse(-1, Vi(1:2), Vi(3:4))), matrix(c(3, 4)))
    # R's step() looks for the data where it is called.
    choose <- function() {
        local_data <- data.frame(a = c(1, 2, 4, 3, 5), b = c(2, 1, 3, 5, 4))
        step(lm(a ~ b, local_data), trace = 0)
    }
    expect_s3_class(choose(), "lm")
    expect_identical(crossprod(matrix(1:4, 2)), base::crossprod(matrix(1:4, 2)))
    expect_identical(crossprod(matrix(1:4, 2), 1:2), base::crossprod(matrix(1:4, 2), 1:2))
})
