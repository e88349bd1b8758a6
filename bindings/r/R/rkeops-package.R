#' rkeops: kernel and distance matrices without the matrix
#'
#' Sums, and other reductions, of a formula `F(p, x_i, y_j)` over all pairs of two sets of points. The matrix of all pairs is never
#' stored: memory is linear in the number of points.
#'
#' There are two ways to say what is computed. [keops_kernel()] takes a formula as text and gives a function of a list of matrices;
#' [LazyTensor()], [Vi()], [Vj()] and [Pm()] make symbolic matrices from data, which arithmetic, `exp`, `sum`, `%*%`, `argKmin` and so on
#' work with. Points are the rows of matrices, as everywhere in R, and are read where they are.
#'
#' Errors are conditions of class `rkeops_error`, and of a class that tells their kind, such as `rkeops_shape_error`.
#'
#' @keywords internal
#' @useDynLib rkeops, .registration = TRUE
#' @importFrom methods new setClass setGeneric setMethod setOldClass is
#' @importFrom utils txtProgressBar setTxtProgressBar
#' @importFrom stats setNames
"_PACKAGE"

# No more threads than the environment allows: two where CRAN checks.
.limit_threads <- function() {
    limited <- Sys.getenv("_R_CHECK_LIMIT_CORES_")
    limits <- suppressWarnings(c(
        if (nzchar(limited) && !tolower(limited) %in% c("false", "no")) 2,
        as.integer(Sys.getenv("OMP_THREAD_LIMIT", "0"))
    ))
    limits <- limits[!is.na(limits) & limits > 0]
    if (length(limits) > 0) {
        .Call(r_threads, as.integer(min(limits, .Call(r_threads, NULL))))
    }
}

.onLoad <- function(libname, pkgname) .limit_threads()
