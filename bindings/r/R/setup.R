# What RKeOps has for setting things up, of which here nothing is needed.

#' Whether all works
#'
#' `check_rkeops()` computes a small sum and compares it with R. `rkeops_doctor()` tells what was found on this machine: processor, threads, GPU.
#' `rkeops_explain()` tells how an operator works.
#'
#' The others are RKeOps' functions: there is nothing to install and no cache on disk to clean, because nothing is compiled by a compiler.
#'
#' @param verbose,all,remove_cache_dir,... Ignored.
#' @param operator An operator made by [keops_kernel()] or [keops_grad()].
#' @return `check_rkeops()` gives `TRUE`; `rkeops_doctor()` and `rkeops_explain()` give a text, invisibly, which they print; the folder functions give
#'   the option `cache_dir`; the others nothing.
#' @examples
#' check_rkeops()
#' @name setup
NULL

#' @rdname setup
#' @export
check_rkeops <- function() {
    op <- keops_kernel("Sum_Reduction(SqNorm2(x-y),1)", c("x=Vi(3)", "y=Vj(3)"))
    x <- matrix(c(1, 2, 3, 4, 5, 6), ncol = 3)
    is_right <- isTRUE(all.equal(op(list(x, x)), matrix(3, 2, 1)))
    message(if (is_right) "rkeops works." else "rkeops gives wrong results on this machine; please report rkeops_doctor().")
    is_right
}

#' @rdname setup
#' @export
rkeops_doctor <- function() {
    text <- .Call(r_doctor)
    cat(text)
    invisible(text)
}

#' @rdname setup
#' @export
rkeops_explain <- function(operator) {
    .check_operator(operator)
    text <- .Call(r_explain, environment(operator)$kernel())
    cat(text)
    invisible(text)
}

#' @rdname setup
#' @export
install_rkeops <- function(...) {
    message("rkeops needs nothing but this package.")
    invisible(NULL)
}

#' @rdname setup
#' @export
clean_rkeops <- function(verbose = TRUE, all = FALSE, remove_cache_dir = FALSE) invisible(NULL)

#' @rdname setup
#' @export
get_rkeops_cache_dir <- function() .settings$cache_dir

#' @rdname setup
#' @export
stat_rkeops_cache_dir <- function() invisible(NULL)

#' @rdname setup
#' @param cache_dir The path of a folder: kept as an option, and not used.
#' @export
set_rkeops_cache_dir <- function(cache_dir) set_rkeops_options(list(cache_dir = cache_dir))

#' @rdname setup
#' @export
helloWorld <- function() cat("Hello, world!\n")
