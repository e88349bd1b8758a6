# R's operators and group generics on symbolic tensors.

.arithmetic <- c(
    "+" = "Add", "-" = "Subtract", "*" = "Mult", "/" = "Divide", "<" = "LessThan", "<=" = "LessOrEqual", ">" = "LessThan", ">=" = "LessOrEqual",
    "==" = "Equal", "!=" = "NotEqual", "|" = "Scalprod"
)

.is_number <- function(x, value) (is.numeric(x) || is.integer(x)) && length(x) == 1 && !is.na(x) && x == value

#' Arithmetic of symbolic tensors
#'
#' Component by component, where a scalar stands for each component: `+ - * / ^ %% %/%`, and comparisons, which are 1 where they hold and 0
#' elsewhere. `x | y` is the scalar product. `x^2`, `x^0.5` and whole powers are squares, roots and products.
#'
#' @param e1,e2 Symbolic tensors or numbers, one of them a tensor.
#' @return A [LazyTensor()].
#' @examples
#' x <- Vi(matrix(runif(6), 3))
#' y <- Vj(matrix(runif(4), 2))
#' (x - y)^2 / 2
#' x | y
#' as.matrix(Vi(1:3) < Vj(c(2, 4)))
#' @name Ops.LazyTensor
#' @export
Ops.LazyTensor <- function(e1, e2) {
    if (missing(e2)) {
        return(switch(.Generic, "-" = .apply("Minus", list(e1 = e1)), "+" = e1, .refuse_generic(.Generic)))
    }
    if (.Generic == "^") return(.power(e1, e2))
    if (.Generic == "%%") return(.apply("Mod", list(e1 = e1, e2 = e2, 0)))
    if (.Generic == "%/%") return(.apply("Floor", list(.apply("Divide", list(e1 = e1, e2 = e2)))))
    name <- .arithmetic[.Generic]
    if (is.na(name)) .refuse_generic(.Generic)
    if (.Generic == "/" && .is_number(e1, 1)) return(.apply("Inv", list(e2)))
    is_exchanged <- .Generic %in% c(">", ">=")
    .apply(name[[1]], if (is_exchanged) list(e2 = e2, e1 = e1) else list(e1 = e1, e2 = e2))
}

.refuse_generic <- function(name) .stop(paste0(name, ": there is no such operation for a LazyTensor"), "unsupported")

.power <- function(x, power) {
    if (.is_number(power, 2)) return(.apply("Square", list(x)))
    if (.is_number(power, 0.5)) return(.apply("Sqrt", list(x)))
    if (.is_number(power, -0.5)) return(.apply("Rsqrt", list(x)))
    if (is.int(power) && abs(power) <= .Machine$integer.max) return(.apply("Pow", list(x), as.integer(power)))
    .apply("Powf", list(e1 = x, e2 = power))
}

.math <- c(
    exp = "Exp", expm1 = "Expm1", log1p = "Log1p", sqrt = "Sqrt", abs = "Abs", sign = "Sign", floor = "Floor", cos = "Cos", sin = "Sin",
    tan = "Tan", acos = "Acos", asin = "Asin", atan = "Atan", cosh = "Cosh", sinh = "Sinh", tanh = "Tanh", acosh = "Acosh", asinh = "Asinh",
    atanh = "Atanh", lgamma = "Lgamma", digamma = "Digamma"
)

#' Functions of symbolic tensors
#'
#' R's mathematical functions, component by component: `exp`, `log` (with any base), `log2`, `log10`, `log1p`, `expm1`, `sqrt`, `abs`, `sign`,
#' `floor`, `ceiling`, `trunc`, `round`, the trigonometric and hyperbolic functions, `gamma` (infinite at its poles), `lgamma`, `digamma` and
#' `trigamma`.
#'
#' @param x A symbolic tensor.
#' @param ... What the function takes besides: `base` for `log`, `digits` for `round`.
#' @return A [LazyTensor()].
#' @examples
#' exp(-abs(Vi(1:3) - Vj(1:2)))
#' round(Vi(c(1.234, 5.678)), 1)
#' @name Math.LazyTensor
#' @export
Math.LazyTensor <- function(x, ...) {
    name <- .math[.Generic]
    if (.Generic == "abs" && is.ComplexLazyTensor(x)) name <- "ComplexAbs"
    if (!is.na(name)) return(.apply(name[[1]], list(x)))
    one <- function(name, ...) .apply(name, list(...))
    switch(.Generic,
        log = {
            logarithm <- one("Log", x)
            if (...length() == 0) return(logarithm)
            if (!.is_lazy(..1) && !.is_numeric(..1)) .stop(paste0("base: expected a number, got ", .words(..1)), "type")
            one("Divide", logarithm, log(..1))
        },
        log2 = one("Divide", one("Log", x), log(2)),
        log10 = one("Divide", one("Log", x), log(10)),
        ceiling = one("Minus", one("Floor", one("Minus", x))),
        trunc = one("Mult", one("Sign", x), one("Floor", one("Abs", x))),
        # Below 0 the sign changes at each integer.
        gamma = .apply("IfElse", list(x, 1, 1 - 2 * (floor(x) %% 2))) * exp(lgamma(x)),
        trigamma = .apply("Polygamma", list(x), 1L),
        round = .round(x, ...),
        .refuse_generic(.Generic)
    )
}

.round <- function(x, digits = 0, ...) .apply("Round", list(x), .whole(digits, "digits"))

# A whole number that an operation takes.
.whole <- function(value, name) {
    if (!is.int(value) || abs(value) > .Machine$integer.max) .stop(paste0(name, ": expected a whole number, got ", .words(value)))
    as.integer(value)
}

#' Complex numbers
#'
#' `Re`, `Im`, `Mod`, `Arg` and `Conj` of a complex symbolic tensor; `real2complex(x)` and `imag2complex(x)` are `x + 0i` and `0 + xi` for a
#' real one, `exp1j(x)` is `cos(x) + i sin(x)`.
#'
#' @param z,x A symbolic tensor.
#' @return A [LazyTensor()].
#' @examples
#' z <- Vi(complex(real = 1:3, imaginary = 0))
#' Mod(z)
#' exp1j(Vi(1:3))
#' @name Complex.LazyTensor
#' @export
Complex.LazyTensor <- function(z) {
    if (!is.ComplexLazyTensor(z)) {
        # As R has them for real numbers.
        return(switch(.Generic,
            Re = z, Conj = z, Mod = .apply("Abs", list(z)),
            Im = .apply("Mult", list(z, 0)), Arg = .apply("Atan2", list(0, z))
        ))
    }
    names <- c(Re = "ComplexReal", Im = "ComplexImag", Mod = "ComplexAbs", Arg = "ComplexAngle", Conj = "Conj")
    .apply(names[[.Generic]], list(z))
}
