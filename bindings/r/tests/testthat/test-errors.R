# What a user may do wrong: the error names the argument, what was expected and what came.

x <- numbers(3, 2)
y <- numbers(2, 2, seed = 2)
b <- c(1, 2)
X <- Vi(x)
Y <- Vj(y)
K <- exp(-sqdist(X, Y))
S <- exp(-sqdist(X, Vj(x)))
args <- c("x=Vi(2)", "y=Vj(2)", "b=Vj(1)")
op <- keops_kernel("Sum_Reduction(SqDist(x,y)*b,1)", args)

# No numbers, and what errors call them.
wrong_numbers <- list(
    list("a", "\"a\"|character"), list(c("a", "b"), "class character|a character vector"), list(NULL, "NULL"), list(list(1), "list"),
    list(factor("a"), "a factor"), list(factor(c("a", "b")), "a factor"), list(sum, "function"), list(function(a) a, "function"), list(quote(a), "name|symbol"),
    list(Sys.Date(), "class Date|a vector of class Date"), list(as.raw(1), "raw|01"), list(data.frame(a = "b"), "class matrix|character|\"b\""),
    list(structure(1, class = "integer64"), "integer64")
)

test_that("formulas are checked", {
    expect_refused(keops_kernel(NULL, args), "^formula: expected one string, got NULL", call = "keops_kernel(NULL, args)")
    expect_refused(keops_kernel(3, args), "^formula: expected one string, got 3")
    expect_refused(keops_kernel(NA_character_, args), "^formula: expected one string, got NA")
    expect_refused(keops_kernel(c("a", "b"), args), "^formula: expected one string, got an object of class character and length 2")
    for (text in c("", "x", "Sum_Reduction", "Sum_Reduction()", "Sum_Reduction(x)", "Sum_Reduction(x,2)", "Sum(x,1)", "x+y", "Sum_Reduction(x,1", "Sum_Reduction(x,1))")) {
        expect_refused(keops_kernel(text, args), "^formula: expected a reduction such as .*, got \"", "rkeops_syntax_error")
    }
    expect_refused(keops_kernel("Sum_Reduction(x,1)+Sum_Reduction(x,1)", args), "expected the end of the formula", "rkeops_syntax_error")
    expect_refused(keops_kernel("Sum_Reduction(x*,1)", args), "expected a formula", "rkeops_syntax_error")
    expect_refused(keops_kernel("Sum_Reduction(z,1)", args), "z", "rkeops_name_error")
    expect_refused(keops_kernel("Sum_Reduction(Foo(x),1)", args), "no operation `Foo`", "rkeops_name_error")
    expect_refused(keops_kernel("Foo_Reduction(x,1)", args), "no reduction `Foo`; known: Sum", "rkeops_name_error")
    expect_refused(keops_kernel("Sum_Reduction(Exp(x,y),1)", args), "Exp", "rkeops_arity_error")
    expect_refused(keops_kernel("Sum_Reduction(Concat(x,x)*y,1)", args), "dimensions 4 and 2", "rkeops_dimension_error")
    expect_refused(keops_kernel("LogSumExp_Reduction(x,1)", args), "dimension 2; expected a scalar", "rkeops_dimension_error")
    expect_refused(keops_kernel("KMin_Reduction(x,1)", args), "`KMin` got 0 integer parameters; expected 1: K", "rkeops_arity_error")
    expect_refused(keops_kernel("KMin_Reduction(x,0,1)", args), "parameter `K` is 0; expected 1 to")
    expect_refused(keops_kernel("KMin_Reduction(x,99999999999999999999,1)", args), ".")
    expect_refused(keops_kernel("SumSoftMaxWeight_Reduction(SqDist(x,y),1)", args), "needs weights", "rkeops_arity_error")
    expect_refused(keops_kernel("Sum_Reduction(x,1)", args, "fast"), "^sum_scheme: expected one of \"auto\", .*, got \"fast\"")
    expect_refused(keops_kernel("Sum_Reduction(x,1)", args, NULL), "^sum_scheme: .*, got NULL")
    expect_refused(keops_kernel("Sum_Reduction(x,1)", args, c("auto", "auto")), "^sum_scheme: ")
    expect_error(keops_kernel("Sum_Reduction(x,1)"), "args.*missing")
    expect_error(keops_kernel("Sum_Reduction(x,1)", args, "auto", 3), "unused argument")
})

test_that("aliases are checked", {
    own <- function(args) keops_kernel("Sum_Reduction(x,1)", args)
    for (wrong in list(NULL, 3, list("x=Vi(2)"), NA_character_, c("x=Vi(2)", NA), factor("x=Vi(2)"))) {
        expect_refused(own(wrong), "^args: expected a character vector, got ")
    }
    for (wrong in c("x", "x=Vi", "x=Vi()", "x=Vk(2)", "x=Vi(a)", "x=Vi(-1)", "x=Vi(1,2,3)", "=Vi(2)", "1x=Vi(2)", "x=Vi(99999999999)", "")) {
        expect_refused(own(wrong), "^args: expected texts such as \"x=Vi\\(3\\)\" or \"x=Vi\\(0,3\\)\", got \"", "rkeops_syntax_error")
    }
    expect_refused(own("x=Vi(0)"), "dimension 0; expected 1 to", "rkeops_dimension_error")
    expect_refused(own("x=Vi(99999999)"), "dimension 99999999; expected 1 to", "rkeops_dimension_error")
    expect_refused(own(c("x=Vi(2)", "x=Vj(2)")), "`x` is declared twice")
    expect_refused(own(c("x=Vi(0,2)", "y=Vj(0,2)")), "variable 0 is declared as")
    expect_refused(own(c("x=Vi(0,2)", "y=Vj(2,2)")), "positions are 0, 1, 2 ... without a gap")
    expect_refused(own(character()), "x", "rkeops_name_error")
})

test_that("input of operators is checked", {
    for (operator in list(op, keops_solve(op, "b"))) {
        expect_refused(operator("a"), "^input: expected a list of matrices, got ")
        expect_refused(operator(x), "^input: expected a list of matrices, got ")
        expect_refused(operator(list(x, y)), "^input: expected 3 arguments, got 2", "rkeops_count_error")
        expect_refused(operator(list()), "^input: expected 3 arguments, got 0", "rkeops_count_error")
        expect_refused(operator(list(x, y, b, b)), "^input: expected 3 arguments, got 4", "rkeops_count_error")
        expect_refused(operator(list(x = x, y = y, c = b)), "^input: expected an argument named 'b'")
        expect_refused(operator(list(x = x, y, b)), "^input: expected an argument named 'y'")
        expect_refused(operator(list(x, y, 1:3)), "^argument 3 \\(b\\): expected 2 points, as argument 2 \\(y\\) has, got 3", "rkeops_shape_error")
        expect_refused(operator(list(x, y, matrix(1, 2, 2))), "^argument 3 \\(b\\): expected a numeric matrix with 1 column, one row per point, got a 2 x 2 matrix", "rkeops_shape_error")
        expect_refused(operator(list(x, 1:2, b)), "^argument 2 \\(y\\): expected a numeric matrix with 2 columns, .*, got a vector of length 2", "rkeops_shape_error")
        expect_refused(operator(list(t(x), y, b)), "^argument 1 \\(x\\): expected a numeric matrix with 2 columns, .*, got a 2 x 3 matrix", "rkeops_shape_error")
        expect_refused(operator(list(array(1, c(3, 2, 1)), y, b)), "^argument 1 \\(x\\): .*, got an array with 3 axes", "rkeops_shape_error")
        expect_refused(operator(list(x + 1i, y, b)), "^argument 1 \\(x\\): expected a numeric matrix with 1 column", "rkeops_shape_error")
        expect_refused(operator(list(X, y, b)), "^argument 1 \\(x\\): .*, got a LazyTensor", "rkeops_type_error")
        for (wrong in wrong_numbers) {
            expect_refused(operator(list(x, y, wrong[[1]])), paste0("^argument 3 \\(b\\): expected a numeric .*, got .*(", wrong[[2]], ")"), "rkeops_type_error")
            expect_refused(operator(list(b = wrong[[1]], x = x, y = y)), "^argument 3 \\(b\\): expected a numeric matrix")
        }
        expect_error(operator(list(x, y, b), weights = 3), "unused argument")
    }
    expect_refused(op(list(x, y, "a")), "b", call = "op(list(x, y, \"a\"))")
    expect_refused(op(list(x, y, b), "rows"), "^inner_dim: expected \"col\" .* or \"row\" .*, got \"rows\"")
    for (wrong in list(NULL, 1, NA, NA_character_, c("col", "row"), list("col"))) {
        expect_refused(op(list(x, y, b), wrong), "^inner_dim: expected \"col\" ")
    }
    expect_refused(op(list(t(x), t(y), 1:3), "row"), "^argument 3 \\(b\\): expected 2 points")
    expect_refused(op(list(x, t(y), t(b)), "row"), "^argument 1 \\(x\\): expected a numeric matrix with 2 rows, one column per point, got a 3 x 2 matrix")
    with_p <- keops_kernel("Sum_Reduction(p*x,1)", c("x=Vi(2)", "p=Pm(2)"))
    expect_refused(with_p(list(x, 1:3)), "^argument 2 \\(p\\): expected a numeric vector of length 2, got a vector of length 3", "rkeops_shape_error")
    expect_refused(with_p(list(x, "a")), "^argument 2 \\(p\\): expected a numeric vector of length 2, got a character vector", "rkeops_type_error")
    expect_error(op(list(x, y, b), "col", 3), "unused argument")
})

test_that("gradients of operators are checked", {
    for (make in list(keops_grad, keops_adjoint, keops_solve)) {
        for (wrong in list(NULL, 3, "a", sum, list(), function(x) x, keops_adjoint(op, "x"))) {
            expect_refused(make(wrong, "x"), "^operator: expected an operator made by keops_kernel\\(\\) or keops_grad\\(\\), got ")
        }
        for (wrong in list("z", 3, -1, 0.5, NA, NULL, c("x", "y"), list("x"), TRUE, NA_character_, factor("x"))) {
            expect_refused(make(op, wrong), "^var: expected the name \\(\"x\", \"y\", \"b\"\\) or the position, from 0 on, of a variable, got ")
        }
        expect_error(make(op), "missing")
        expect_error(make(op, "b", 3, 4), "unused argument")
    }
    expect_refused(keops_solve(op, "x"), "^var: expected a variable of the index that is reduced, a Vj, got x, a Vi")
    own <- keops_adjoint(op, "x")
    expect_refused(own("a"), "^input: expected a list of matrices, got \"a\"")
    expect_refused(own(list(x, y, b)), "^input: expected 4 arguments, got 3", "rkeops_count_error")
    expect_refused(own(list(x, y, b, 1:3, 4)), "^input: expected 4 arguments, got 5", "rkeops_count_error")
    expect_refused(own(list(x = x, y = y, b = b, e = 1:3)), "^input: expected an argument named 'gradin'")
    expect_refused(own(list(x, y, b, 1:5)), "^argument 4 \\(gradin\\): expected 3 points, as argument 1 \\(x\\) has, got 5", "rkeops_shape_error")
    expect_refused(own(list(x, y, b, "a")), "^argument 4 \\(gradin\\): expected a numeric matrix with 1 column", "rkeops_type_error")
    expect_refused(own(list(x, y, b, 1:3), "rows"), "^inner_dim: ")
    logarithm <- keops_adjoint(keops_kernel("LogSumExp_Reduction(SqDist(x,y)*b,1)", args), "x")
    expect_refused(logarithm(list(x, y, "a", 1:3)), "^argument 3 \\(b\\): expected a numeric matrix", "rkeops_type_error")
    expect_refused(logarithm(list(x, y, 1:3, 1:3)), "^argument 3 \\(b\\): expected 2 points", "rkeops_shape_error")
    expect_refused(logarithm(list(x, y, b)), "^input: expected 4 arguments, got 3", "rkeops_count_error")
    expect_refused(keops_adjoint(keops_kernel("ArgMin_Reduction(SqDist(x,y),1)", args), "x"), "ArgMin")
})

test_that("data of tensors are checked", {
    for (make in list(Vi, Vj, Pm, LazyTensor, function(x) LazyTensor(x, "i"))) {
        for (wrong in wrong_numbers) expect_refused(make(wrong[[1]]), paste0("^x: expected a numeric matrix, got .*(", wrong[[2]], ")"), "rkeops_type_error")
        expect_refused(make(array(1, c(1, 2, 3))), "^x: expected a matrix, got an array with 3 axes", "rkeops_shape_error")
        expect_refused(make(matrix(0, 3, 0)), "^x: expected one component or more, got none", "rkeops_shape_error")
        expect_refused(make(X), "^x: expected a numeric matrix, got a LazyTensor", "rkeops_type_error")
        expect_error(make(), "missing")
    }
    for (make in list(Vi, Vj, Pm)) {
        for (wrong in list(NA, NULL, "a", 1, c(TRUE, TRUE), list(TRUE))) expect_refused(make(x, wrong), "^is_complex: expected TRUE or FALSE, got ")
        expect_error(make(x, FALSE, 3), "unused argument")
    }
    expect_refused(Pm(numeric()), "^x: expected one component or more, got none", "rkeops_shape_error")
    for (wrong in list("k", 1, NULL, c("i", "j"), TRUE, list("i"), sum)) {
        expect_refused(LazyTensor(x, wrong), "^index: expected \"i\", \"j\" or NA, got ")
    }
    expect_refused(LazyTensor(x, "i", NA), "^is_complex: expected TRUE or FALSE, got NA")
    expect_refused(Vi("a"), "x", call = "Vi(\"a\")")
})

# Functions of one tensor, of two, and so on, and the names of their arguments.
unary <- c("square", "rsqrt", "inv", "xlogx", "sinxdivx", "relu", "sqnorm2", "norm2", "normalize", "real2complex", "imag2complex", "exp1j")
of_numbers <- list(
    square = function(x) x * x, rsqrt = function(x) x^-0.5, inv = function(x) x^-1, xlogx = function(x) x * log(x), sinxdivx = function(x) sin(x) / x,
    relu = identity
)
of_names <- list(
    sqdist = c("x", "y"), weightedsqnorm = c("x", "s"), weightedsqdist = c("x", "y", "s"), clamp = c("x", "a", "b"), mod = c("x", "a", "b"),
    ifelse = c("test", "yes", "no"), atan2 = c("y", "x"), concat = c("x", "y"), matvecmult = c("m", "v"), vecmatmult = c("v", "m"), tensorprod = c("x", "y")
)

test_that("operands of functions are checked", {
    for (name in unary) {
        own <- get(name)
        for (wrong in wrong_numbers) {
            if (is.data.frame(wrong[[1]])) next
            expect_refused(own(wrong[[1]]), paste0("^x: expected a LazyTensor or numbers, got .*(", wrong[[2]], ")"), "rkeops_type_error")
        }
        if (name %in% names(of_numbers)) {
            # Numbers give numbers.
            expect_identical(own(numeric()), numeric())
            expect_equal(own(abs(x)), of_numbers[[name]](abs(x)))
        } else {
            expect_refused(own(numeric()), "^x: expected one component or more, got none", "rkeops_shape_error")
            expect_refused(own(x), "^x: a 3 x 2 matrix may be of i or of j; say which by Vi\\(\\) or Vj\\(\\)", "rkeops_shape_error")
        }
        expect_error(own(), "missing")
        expect_error(own(X, 3), "unused argument")
    }
    for (name in names(of_names)) {
        own <- get(name)
        arguments <- of_names[[name]]
        for (k in seq_along(arguments)) {
            # One is a tensor: where none is, three of these are R's own functions.
            values <- rep(list(Vi(1:3)), length(arguments))
            for (wrong in wrong_numbers) {
                if (is.data.frame(wrong[[1]]) || (name == "ifelse" && k == 1)) next
                values[k] <- list(wrong[[1]])
                expect_refused(do.call(own, values, quote = TRUE), paste0("^", arguments[k], ": expected a LazyTensor or numbers, got .*(", wrong[[2]], ")"), "rkeops_type_error")
            }
            if (name == "ifelse" && k == 1) next
            values[[k]] <- x
            expect_refused(do.call(own, values), paste0("^", arguments[k], ": a 3 x 2 matrix may be of i or of j"), "rkeops_shape_error")
            values[[k]] <- Vi(1:4)
            expect_refused(do.call(own, values), "a tensor of 3 x 1 pairs and one of 4 x 1 do not fit together|4 x 1 pairs and one of 3 x 1", "rkeops_shape_error")
        }
        expect_error(do.call(own, c(rep(list(X), length(arguments)), 3)), "unused argument")
    }
    expect_refused(sqdist(X, c(1, 2, 3)), "dimensions 2 and 3", "rkeops_dimension_error", "sqdist(X, c(1, 2, 3))")
    expect_refused(weightedsqnorm(X, c(1, 2, 3)), "WeightedSqNorm", "rkeops_dimension_error")
    expect_refused(matvecmult(X, c(1, 2, 3)), "MatVecMult", "rkeops_dimension_error")
    expect_refused(elemT(X, 0, 3), "ElemT", "rkeops_dimension_error")
    expect_refused(one_hot(X, 3), "OneHot", "rkeops_dimension_error")
    expect_refused(real2complex(Vi(1i)), "complex")
})

test_that("whole numbers that functions take are checked", {
    calls <- list(
        m = function(n) elem(X, n), m = function(n) elemT(Vi(1:3), n, 3), n = function(n) elemT(Vi(1:3), 0, n), m = function(n) extract(X, n, 1),
        d = function(n) extract(X, 0, n), m = function(n) extractT(X, n, 3), d = function(n) extractT(X, 0, n), D = function(n) one_hot(Vi(1:3), n),
        y = function(n) clampint(X, n, 2), z = function(n) clampint(X, 0, n), digits = function(n) round(X, n), K = function(n) Kmin(K, n, "j"),
        K = function(n) argKmin(K, n, "j"), K = function(n) Kmin_argKmin(K, n, "j"), K = function(n) Kmin_reduction(K, n, "j"),
        K = function(n) argKmin_reduction(K, n, "j"), K = function(n) Kmin_argKmin_reduction(K, n, "j"),
        opt_arg = function(n) unaryop.LazyTensor(X, "Pow", if (identical(n, NA)) "a" else if (is.null(n)) "a" else n),
        opt_arg = function(n) reduction.LazyTensor(K, "KMin", "j", if (identical(n, NA)) "a" else if (is.null(n)) "a" else n)
    )
    for (k in seq_along(calls)) {
        for (wrong in list(0.5, "a", NULL, NA, Inf, NaN, 1:2, 1e10, -1e10, list(1), factor(1), TRUE)) {
            expect_refused(calls[[k]](wrong), paste0("^", names(calls)[k], ": expected a whole number, got "), "rkeops_argument_error")
        }
    }
    expect_refused(elem(X, 2), "position 2; expected 0 to 1", "rkeops_dimension_error", "elem(X, 2)")
    expect_refused(elem(X, -1), "`m` is -1")
    expect_refused(extract(X, 1, 2), "Extract", "rkeops_dimension_error")
    expect_refused(Kmin(K, 0, "j"), "parameter `K` is 0; expected 1 to")
    expect_refused(Kmin(K, -1, "j"), "parameter `K` is -1; expected 1 to")
    expect_refused(Kmin(K, 1e6, "j"), "parameter `K` is 1000000; expected 1 to")
    expect_refused(X^"a", "^e2: expected a LazyTensor or numbers, got \"a\"")
})

test_that("operands of operators are checked", {
    operators <- list(`+`, `-`, `*`, `/`, `^`, `%%`, `%/%`, `<`, `<=`, `>`, `>=`, `==`, `!=`, `|`)
    for (operator in operators) {
        for (wrong in list(list("a", "\"a\""), list(NULL, "NULL"), list(list(1), "class list"), list(sum, "class function"), list(as.raw(1), "01"))) {
            expect_refused(operator(X, wrong[[1]]), paste0("^e2: expected a LazyTensor or numbers, got .*", wrong[[2]]), "rkeops_type_error")
            expect_refused(operator(wrong[[1]], X), paste0("^e1: expected a LazyTensor or numbers, got .*", wrong[[2]]), "rkeops_type_error")
        }
        # R chooses no method for these, and refuses itself.
        expect_error(suppressWarnings(operator(X, factor("a"))))
        expect_error(suppressWarnings(operator(X, data.frame(a = "b"))))
        expect_refused(operator(X, x), "^e2: a 3 x 2 matrix may be of i or of j; say which by Vi\\(\\) or Vj\\(\\)", "rkeops_shape_error")
        expect_refused(operator(X, Vi(1:4)), "tensor of 3 x 1 pairs and one of 4 x 1|4 x 1 pairs and one of 3 x 1", "rkeops_shape_error")
        expect_refused(operator(X, c(1, 2, 3)), "dimensions 2 and 3|dimensions 3 and 2", "rkeops_dimension_error")
        expect_refused(operator(X, numeric()), "^e2: expected one component or more, got none", "rkeops_shape_error")
    }
    expect_refused(X & 1, "^&: there is no such operation for a LazyTensor", "rkeops_unsupported_error", "X & 1")
    expect_refused(!X, "^!: there is no such operation", "rkeops_unsupported_error", "!X")
    expect_refused(X < 1i, "complex")
    expect_refused(X + "a", "e2", call = "X + \"a\"")
    for (name in c("cumsum", "cumprod", "cospi", "signif")) {
        expect_refused(get(name)(X), paste0("^", name, ": there is no such operation for a LazyTensor"), "rkeops_unsupported_error")
    }
    for (name in c("range", "any", "all")) expect_refused(get(name)(X), paste0("^", name, ": there is no such operation for a LazyTensor"), "rkeops_unsupported_error")
    expect_error(exp(X, 2))
    expect_error(round(X, 1, 2))
    expect_error(log(X, 2, 3))
    expect_refused(log(X, "a"), "^base: expected a number, got \"a\"")
    expect_refused(floor(Vi(1i)), "complex")
})

test_that("operations by name are checked", {
    for (wrong in list(NULL, 3, NA_character_, c("Exp", "Log"), list("Exp"))) {
        expect_refused(unaryop.LazyTensor(X, wrong), "^opstr: expected one string, got ")
        expect_refused(binaryop.LazyTensor(X, Y, wrong), "^opstr: expected one string, got ")
        expect_refused(ternaryop.LazyTensor(X, Y, Y, wrong), "^opstr: expected one string, got ")
        expect_refused(reduction.LazyTensor(X, wrong, "i"), "^opstr: expected one string, got ")
        expect_refused(grad(K, 1, wrong), "^opstr: expected one string, got ")
        expect_refused(adjoint(K, 1:3, wrong), "^opstr: expected one string, got ")
    }
    expect_refused(unaryop.LazyTensor(X, "Foo"), "no operation `Foo`", "rkeops_name_error")
    expect_refused(unaryop.LazyTensor(X, "Add"), "Add", "rkeops_arity_error")
    expect_refused(unaryop.LazyTensor("a", "Exp"), "^x: expected a LazyTensor or numbers, got \"a\"")
    expect_refused(binaryop.LazyTensor(X, "a", "Add"), "^y: expected a LazyTensor or numbers, got \"a\"")
    expect_refused(ternaryop.LazyTensor(X, Y, "a", "Clamp"), "^z: expected a LazyTensor or numbers, got \"a\"")
    expect_refused(reduction.LazyTensor(X, "Foo", "i"), "no reduction `Foo`; known: Sum", "rkeops_name_error")
    expect_refused(reduction.LazyTensor(X, "Sum", "i", 1:2), "^opt_arg: expected a whole number")
})

test_that("indices of reductions are checked", {
    reductions <- list(
        sum, prod, min, max, argmin, argmax, min_argmin, max_argmax, function(x, index) Kmin(x, 1, index), function(x, index) argKmin(x, 1, index),
        function(x, index) Kmin_argKmin(x, 1, index), logsumexp, function(x, index) sumsoftmaxweight(x, index, 1), sum_reduction, min_reduction,
        max_reduction, argmin_reduction, argmax_reduction, min_argmin_reduction, max_argmax_reduction, function(x, index) Kmin_reduction(x, 1, index),
        function(x, index) argKmin_reduction(x, 1, index), function(x, index) Kmin_argKmin_reduction(x, 1, index), logsumexp_reduction,
        function(x, index) sumsoftmaxweight_reduction(x, index, 1), function(x, index) reduction.LazyTensor(x, "Sum", index),
        function(x, index) grad(x, 1, "Sum", 0, index), function(x, index) adjoint(x, 1, "Sum", 0, index)
    )
    for (k in seq_along(reductions)) {
        for (wrong in list("k", 1, NULL, c("i", "j"), TRUE, list("i"), factor("i"), X)) {
            expect_refused(reductions[[k]](K, wrong), "^index: expected \"i\" \\(over i\\) or \"j\" \\(over j\\), got ", "rkeops_argument_error")
        }
        if (k > 4 && k < 26) {
            for (wrong in list("a", NULL, list(1), factor("a"))) {
                expect_refused(reductions[[k]](wrong, "i"), "^x: expected a LazyTensor or numbers, got ", "rkeops_type_error")
            }
            expect_refused(reductions[[k]](x, "i"), "^x: a 3 x 2 matrix may be of i or of j")
        }
    }
    expect_refused(prod(K), "^index: expected \"i\" \\(over i\\) or \"j\" \\(over j\\), got NA")
    expect_refused(sum(K, axis = "i"), "^there is no argument \"axis\"; expected a LazyTensor and an index")
    expect_refused(sum(K, "i", "j"), "expected a LazyTensor and an index, got 3 arguments")
    expect_refused(sum(K, K, index = "j"), "expected a LazyTensor and an index, got 3 arguments")
    expect_refused(logsumexp(X, "j"), "dimension 2; expected a scalar", "rkeops_dimension_error")
    expect_refused(min(Vi(1i), "i"), "complex")
    for (own in list(logsumexp, logsumexp_reduction, sumsoftmaxweight, sumsoftmaxweight_reduction)) {
        for (wrong in list("a", list(1), factor("a"))) expect_refused(own(K, "j", wrong), "^weight: expected a LazyTensor or numbers, got ", "rkeops_type_error")
        expect_refused(own(K, "j", x), "^weight: a 3 x 2 matrix may be of i or of j")
        expect_refused(own(K, "j", Vj(1:4)), "3 x 2 pairs and one of 1 x 4", "rkeops_shape_error")
    }
    expect_refused(sumsoftmaxweight(K, "j", NULL), "^weight: expected a LazyTensor or numbers, got NULL")
    expect_error(sumsoftmaxweight(K, "j"), "missing")
    expect_error(Kmin(K, 2), "missing")
    expect_error(min_argmin(K), "missing")
    expect_error(argmin(K, "i", 3), "unused argument")
    expect_refused(argmin(K, "q"), "index", call = "argmin(K, \"q\")")
})

test_that("gradients of tensors are checked", {
    for (wrong in list(1, "a", NULL, x, list(K))) {
        expect_refused(grad(wrong, 1), "^f: expected a LazyTensor, got ", "rkeops_type_error")
        expect_refused(adjoint(wrong, 1), "^f: expected a LazyTensor, got ", "rkeops_type_error")
    }
    for (wrong in list(2, -1, 0.5, "x", NULL, NA, 0:1, list(0))) {
        expect_refused(grad(K, 1, "Sum", wrong), "^var: expected a LazyTensor, or the position, from 0 on, of one of 2 arguments, got ")
        expect_refused(adjoint(K, 1:3, "Sum", wrong), "^var: expected a LazyTensor, or the position, from 0 on, of one of 2 arguments, got ")
    }
    expect_refused(grad(K, "a"), "^gradin: expected a LazyTensor or numbers, got \"a\"", "rkeops_type_error")
    expect_refused(grad(K, 1:3), "cotangent", "rkeops_dimension_error")
    # A variable that the formula has not would have the gradient zero.
    for (wrong in list(exp(X), K, Vi(1:3), Vj(x), Pm(1))) expect_refused(grad(K, 1, "Sum", wrong), "^var: expected a variable of f, got the tensor ")
    for (wrong in wrong_numbers) expect_refused(adjoint(K, wrong[[1]]), paste0("^gradin: expected a numeric matrix, got .*(", wrong[[2]], ")"), "rkeops_type_error")
    expect_refused(adjoint(K, X), "^gradin: expected a numeric matrix, got a LazyTensor", "rkeops_type_error")
    expect_refused(adjoint(K, 1:7), "^argument 3 \\(gradin\\): expected 3 points, as argument 1 has, got 7", "rkeops_shape_error")
    expect_refused(adjoint(K, matrix(1, 3, 2)), "^argument 3 \\(gradin\\): expected a numeric matrix with 1 column", "rkeops_shape_error")
    for (wrong in list(exp(X), K, Vi(1:3), Vj(x), Pm(1))) expect_refused(adjoint(K, 1:3, "Sum", wrong), "^var: expected a variable of f, got the tensor ")
    expect_refused(adjoint(K, 1:3, "Foo"), "no reduction `Foo`", "rkeops_name_error")
    expect_refused(adjoint(K, 1:3, "KMin"), "`KMin` got 0 integer parameters", "rkeops_arity_error")
    expect_refused(adjoint(K, 1:3, "ArgMin"), "ArgMin")
})

test_that("products and parts of tensors are checked", {
    for (wrong in wrong_numbers) {
        expect_refused(K %*% wrong[[1]], paste0("^y: expected a numeric matrix, got .*(", wrong[[2]], ")"), "rkeops_type_error")
        expect_refused(wrong[[1]] %*% K, paste0("^x: expected a numeric matrix, got .*(", wrong[[2]], ")"), "rkeops_type_error")
        if (!is.null(wrong[[1]])) expect_refused(crossprod(K, wrong[[1]]), paste0("^y: expected a numeric matrix, got .*(", wrong[[2]], ")"), "rkeops_type_error")
    }
    expect_refused(K %*% 1:3, "^y: expected 2 rows, one for each column of x, got 3", "rkeops_shape_error", "K %*% 1:3")
    expect_refused(1:2 %*% K, "^x: expected 3 columns, one for each row of y, got 2", "rkeops_shape_error", "1:2 %*% K")
    expect_refused(crossprod(K, 1:2), "^y: expected 3 rows, one for each row of x, got 2", "rkeops_shape_error")
    expect_refused(K %*% array(1, c(2, 1, 1)), "^y: expected a matrix, got an array with 3 axes", "rkeops_shape_error")
    expect_refused(crossprod(K), "^y: expected a second argument", "rkeops_unsupported_error")
    expect_refused(K[1], "expected rows and columns, as in K\\[i, j\\] or K\\[i, \\]")
    expect_refused(K[], "expected rows and columns")
    expect_refused(K[1, 2, 3], "expected rows and columns")
    expect_refused(K[4, ], "positions beyond the 3 rows", "rkeops_shape_error")
    expect_refused(K[, 3], "positions beyond the 2 columns", "rkeops_shape_error")
    expect_refused(K[NA, ], "positions beyond the 3 rows", "rkeops_shape_error")
    expect_refused(K[rep(TRUE, 4), ], "4 logical values for 3 rows", "rkeops_shape_error")
    for (wrong in list("a", list(1), factor(1), NULL, X)) expect_refused(K[wrong, ], "expected positions of rows, got ")
    expect_refused(X[, 1], "the tensor has no columns", "rkeops_shape_error")
    expect_refused(Pm(1)[1, ], "the tensor has no rows", "rkeops_shape_error")
    expect_error(K[c(-1, 1), ])
    expect_refused(K$foo, "a LazyTensor has no field \"foo\"; expected formula, args, vars \\(or data\\), ni, nj or dimres")
    expect_error(K[[1]])
    # Larger than memory can be: refused before a size overflows.
    expect_refused(as.matrix(Vi(1:5000000) * Vj(1:5000000)), "entries, more than memory can hold", "rkeops_size_error")
})

test_that("linear systems are checked", {
    expect_refused(solve(K, 1:3), "^a: expected a matrix with as many rows as columns, got 3 x 2", "rkeops_shape_error")
    expect_refused(solve(X, 1:3), "^a: expected a matrix with as many rows as columns", "rkeops_shape_error")
    expect_refused(solve(S), "^b: expected a right-hand side", "rkeops_unsupported_error")
    expect_refused(solve(S, 1:2), "^b: expected 3 rows, got 2", "rkeops_shape_error")
    for (wrong in wrong_numbers) expect_refused(solve(S, wrong[[1]]), paste0("^b: expected a numeric matrix, got .*(", wrong[[2]], ")"), "rkeops_type_error")
    for (wrong in list(-1, NA, "a", NULL, 1:2, Inf, list(1))) {
        expect_refused(solve(S, 1:3, alpha = wrong), "^alpha: expected a number, 0 or more, got ")
        expect_refused(solve(S, 1:3, tol = wrong), "^tol: expected a number, 0 or more, got ")
        expect_refused(keops_solve(op, "b")(list(x, x, 1:3), alpha = wrong), "^alpha: expected a number, 0 or more, got ")
    }
    for (wrong in list(-1, NA, "a", NULL, 1:2, 2.5, list(1))) expect_refused(solve(S, 1:3, maxit = wrong), "^maxit: expected a whole number, 0 or more, got ")
    for (wrong in list(NA, "a", NULL, 1, c(TRUE, TRUE))) {
        expect_refused(solve(S, 1:3, details = wrong), "^details: expected TRUE or FALSE, got ")
        expect_refused(keops_solve(op, "b")(list(x, x, 1:3), details = wrong), "^details: expected TRUE or FALSE, got ")
    }
    squares <- keops_kernel("Sum_Reduction(SqDist(x,y)*b*b,1)", args)
    expect_refused(keops_solve(squares, "b"), "linear")
    expect_refused(keops_solve(keops_kernel("Max_Reduction(SqDist(x,y)*b,1)", args), "b"), "[Ss]um")
})

test_that("options are checked", {
    expect_refused(set_rkeops_options(list(foo = 1)), "^input: there is no option \"foo\"; expected one of backend, device_id, precision")
    expect_refused(set_rkeops_options("float32"), "^input: expected a list with names of options, got \"float32\"")
    expect_refused(set_rkeops_options(list("float32")), "^input: expected a list with names of options, got one without names")
    expect_refused(set_rkeops_options(sum), "^input: expected a list with names of options, got an object of class function")
    expect_refused(set_rkeops_options(list("float32", backend = "CPU")), "^input: there is no option \"\"")
    wrong <- list(
        precision = list("float16", 64, NULL, NA, c("float32", "float64"), factor("float32")), backend = list("cpu", 1, NULL, NA),
        index_base = list(2, -1, 0.5, "1", NULL, NA, 0:1), device_id = list(-2, 0.5, "0", NULL, NA, 0:1, Inf, 1e10),
        progress = list(NA, 1, "yes", NULL, c(TRUE, FALSE)), verbosity = list(NA, 2), debug = list("a"), formula_only = list(NULL), cache_dir = list(3, NA, c("a", "b"))
    )
    before <- get_rkeops_options()
    for (name in names(wrong)) {
        for (value in wrong[[name]]) {
            expect_refused(set_rkeops_options(stats::setNames(list(value), name)), paste0("^option ", name, ": expected .*, got "))
            expect_identical(get_rkeops_options(), before)
        }
    }
    expect_refused(get_rkeops_options("foo"), "^option: there is no option \"foo\"; expected one of backend")
    expect_refused(get_rkeops_options(3), "^option: expected names of options, got 3")
    for (value in list(-1, 0.5, "2", NA, 1:2, Inf, 1e10, list(1))) expect_refused(rkeops_use_cpu(value), "^ncore: expected a number of threads, or 0 for all, got ")
    for (value in list(-2, 0.5, "0", NA, NULL, 0:1)) expect_refused(rkeops_use_gpu(value), "^option device_id: expected the number of a device, from 0 on, or -1 for all, got ")
    expect_refused(set_rkeops_cache_dir(3), "^option cache_dir: expected the path of a folder, got 3")
    expect_refused(rkeops_explain(3), "^operator: expected an operator made by keops_kernel\\(\\) or keops_grad\\(\\), got 3")
    expect_error(check_rkeops(3), "unused argument")
    expect_identical(get_rkeops_options(), before)
})
