# Functions that R has no operator for, by RKeOps' names.

# Numbers, of which functions give numbers.
.is_plain <- function(x) (is.numeric(x) || is.logical(x) || is.complex(x)) && !is.object(x)

#' More functions of symbolic tensors
#'
#' Component by component: `square`, `rsqrt` (1 / sqrt, 0 at 0), `inv`, `xlogx` (0 at 0), `sinxdivx` (1 at 0), `step` (1 from 0 on), `relu`,
#' `atan2(x, y)`, `clamp(x, a, b)` (x between bounds), `clampint` (the same for whole numbers), `ifelse(test, yes, no)` (`yes` where `test` is
#' 0 or more, else `no`), `mod(x, a, b)` (x moved by multiples of `a` to the interval from `b` on).
#'
#' Of vectors: `sqnorm2`, `norm2`, `normalize`, `sqdist(x, y)`, `weightedsqnorm(x, s)` and `weightedsqdist(x, y, s)`, with one weight, one for each
#' component, or a matrix, row after row.
#'
#' `step`, `ifelse` and `atan2` are R's own functions where no argument is a symbolic tensor.
#'
#' @param x,y,z,s Symbolic tensors or numbers.
#' @param a,b Symbolic tensors or numbers: bounds, or modulus and offset.
#' @param test,yes,no Symbolic tensors or numbers; for R's own function any vectors.
#' @param object,... As for [stats::step()] where `object` is no symbolic tensor.
#' @return A [LazyTensor()].
#' @examples
#' x <- matrix(runif(6), 3)
#' y <- matrix(runif(4), 2)
#' sqdist(Vi(x), Vj(y))
#' clamp(Vi(x), 0.2, 0.8)
#' weightedsqdist(Vi(x), Vj(y), c(1, 10))
#' @name functions
#' @aliases square
NULL

#' @rdname functions
#' @export
square <- function(x) if (.is_plain(x)) x^2 else .apply("Square", list(x))
#' @rdname functions
#' @export
rsqrt <- function(x) if (.is_plain(x)) 1 / sqrt(x) else .apply("Rsqrt", list(x))
#' @rdname functions
#' @export
inv <- function(x) if (.is_plain(x)) 1 / x else .apply("Inv", list(x))
#' @rdname functions
#' @export
xlogx <- function(x) if (.is_plain(x)) replace(x * log(x), which(x == 0), 0) else .apply("XLogX", list(x))
#' @rdname functions
#' @export
sinxdivx <- function(x) if (.is_plain(x)) replace(sin(x) / x, which(x == 0), 1) else .apply("SinXDivX", list(x))
#' @rdname functions
#' @export
relu <- function(x) if (.is_plain(x)) replace(x, which(x < 0), 0) else .apply("ReLU", list(x))
#' @rdname functions
#' @export
sqnorm2 <- function(x) .apply("SqNorm2", list(x))
#' @rdname functions
#' @export
norm2 <- function(x) .apply("Norm2", list(x))
#' @rdname functions
#' @export
normalize <- function(x) .apply("Normalize", list(x))
#' @rdname functions
#' @export
sqdist <- function(x, y) .apply("SqDist", list(x, y))
#' @rdname functions
#' @export
weightedsqnorm <- function(x, s) .apply("WeightedSqNorm", list(s = s, x = x))
#' @rdname functions
#' @export
weightedsqdist <- function(x, y, s) .apply("WeightedSqDist", list(s = s, x = x, y = y))
#' @rdname functions
#' @export
clamp <- function(x, a, b) .apply("Clamp", list(x = x, a = a, b = b))
#' @rdname functions
#' @export
clampint <- function(x, y, z) .apply("ClampInt", list(x), c(.whole(y, "y"), .whole(z, "z")))
#' @rdname functions
#' @export
mod <- function(x, a, b = 0) .apply("Mod", list(x = x, a = a, b = b))
#' @rdname functions
#' @export
step <- function(object, ...) UseMethod("step")
#' @export
step.LazyTensor <- function(object, ...) .apply("Step", list(object = object))
# R's function looks for data where it is called from, so that it has to be a method and not to be called by one.
#' @export
step.default <- stats::step
#' @rdname functions
#' @export
atan2 <- function(y, x) {
    if (.is_lazy(y) || .is_lazy(x)) .apply("Atan2", list(y = y, x = x)) else base::atan2(y, x)
}
#' @rdname functions
#' @export
ifelse <- function(test, yes, no) {
    # Nothing is looked at that R's function would not evaluate: it may be missing, or an error.
    is_lazy <- .is_lazy(test) || (is.numeric(test) && {
        is_chosen <- test[!is.na(test)] != 0
        (any(is_chosen) && .is_lazy(yes)) || (!all(is_chosen) && .is_lazy(no))
    })
    if (is_lazy) .apply("IfElse", list(test = test, yes = yes, no = no)) else base::ifelse(test, yes, no)
}

#' @rdname Complex.LazyTensor
#' @export
real2complex <- function(x) .apply("Real2Complex", list(x))
#' @rdname Complex.LazyTensor
#' @export
imag2complex <- function(x) .apply("Imag2Complex", list(x))
#' @rdname Complex.LazyTensor
#' @export
exp1j <- function(x) .apply("ComplexExp1j", list(x))

#' Parts and products of vectors
#'
#' `elem(x, m)` is component `m`; `extract(x, m, d)` are the `d` components from `m` on; `elemT(x, m, n)` and `extractT(x, m, d)` are zero vectors of
#' `n` and `d` components that hold `x` from `m` on; `one_hot(x, D)` has `D` components, 1 at the place that `x` tells. **Components count from 0 here**,
#' as in the formula language and in RKeOps. `concat(x, y)` has the components of both.
#'
#' `matvecmult(m, v)` and `vecmatmult(v, m)` are products with a matrix, row after row; `tensorprod(x, y)` is the outer product.
#'
#' @param x,y,m,v Symbolic tensors or numbers; for `elem` and the like `m` is a component, from 0 on.
#' @param d,n,D Numbers of components.
#' @return A [LazyTensor()].
#' @examples
#' x <- Vi(matrix(1:6, 2))
#' as.matrix(elem(x, 0))
#' concat(x, elem(x, 2))
#' @name vectors
NULL

#' @rdname vectors
#' @export
elem <- function(x, m) .apply("Elem", list(x), .whole(m, "m"))
#' @rdname vectors
#' @export
elemT <- function(x, m, n) .apply("ElemT", list(x), c(.whole(n, "n"), .whole(m, "m")))
#' @rdname vectors
#' @export
extract <- function(x, m, d) .apply("Extract", list(x), c(.whole(m, "m"), .whole(d, "d")))
#' @rdname vectors
#' @export
extractT <- function(x, m, d) .apply("ExtractT", list(x), c(.whole(m, "m"), .whole(d, "d")))
#' @rdname vectors
#' @export
concat <- function(x, y) .apply("Concat", list(x, y))
#' @rdname vectors
#' @export
one_hot <- function(x, D) .apply("OneHot", list(x), .whole(D, "D"))
#' @rdname vectors
#' @export
matvecmult <- function(m, v) .apply("MatVecMult", list(m = m, v = v))
#' @rdname vectors
#' @export
vecmatmult <- function(v, m) .apply("VecMatMult", list(v = v, m = m))
#' @rdname vectors
#' @export
tensorprod <- function(x, y) .apply("TensorProd", list(x, y))

#' Operations by name
#'
#' Any operation of the formula language by its name there: of one, two or three tensors, and any reduction.
#'
#' @param x,y,z Symbolic tensors or numbers.
#' @param opstr The name: `"Exp"`, `"Add"`, `"Clamp"`, `"Sum"` ...
#' @param opt_arg,opt_arg2 What it takes besides: whole numbers, for a reduction also a tensor of weights.
#' @param index `"i"` or `"j"`, the index that is reduced.
#' @param ... Ignored: what RKeOps needs to be told.
#' @return A [LazyTensor()]; for a reduction a matrix.
#' @examples
#' unaryop.LazyTensor(Vi(1:3), "Exp")
#' reduction.LazyTensor(Vi(1:3) * Vj(1:2), "Sum", "j")
#' @name operations
NULL

#' @rdname operations
#' @export unaryop.LazyTensor
unaryop.LazyTensor <- function(x, opstr, opt_arg = NA, opt_arg2 = NA, ...) {
    parameters <- c(
        if (!identical(opt_arg, NA) && !is.null(opt_arg)) .whole(opt_arg, "opt_arg"),
        if (!identical(opt_arg2, NA) && !is.null(opt_arg2)) .whole(opt_arg2, "opt_arg2")
    )
    .apply(.string(opstr, "opstr"), list(x), as.integer(parameters))
}
#' @rdname operations
#' @export binaryop.LazyTensor
binaryop.LazyTensor <- function(x, y, opstr, ...) {
    opstr <- .string(opstr, "opstr")
    # RKeOps has signs too, with is_operator = TRUE.
    if (opstr %in% names(.arithmetic)) return(match.fun(opstr)(.lazy(x, opstr), y))
    .apply(opstr, list(x, y))
}
#' @rdname operations
#' @export ternaryop.LazyTensor
ternaryop.LazyTensor <- function(x, y, z, opstr, ...) .apply(.string(opstr, "opstr"), list(x, y, z))
#' @rdname operations
#' @export reduction.LazyTensor
reduction.LazyTensor <- function(x, opstr, index, opt_arg = NULL, ...) {
    name <- .string(opstr, "opstr")
    if (.is_lazy(opt_arg)) return(.reduce(x, name, index, weights = opt_arg))
    .reduce(x, name, index, if (!is.null(opt_arg) && !identical(opt_arg, NA)) .whole(opt_arg, "opt_arg"))
}
