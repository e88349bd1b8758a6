# What holds for all calls: how numbers are computed, and where.

.settings <- new.env(parent = emptyenv())

.defaults <- list(
    backend = "CPU", device_id = 0L, precision = "float64", index_base = 1L, progress = FALSE, verbosity = FALSE, debug = FALSE,
    cache_dir = NULL, formula_only = FALSE
)

.targets <- c(CPU = 0L, GPU = 4L)
.bits <- c(float32 = 32L, float64 = 64L)

# The options of a compilation for what is set now, and those of a run.
.prepared <- function() {
    .settings$compilation <- list(bits = .bits[[.settings$precision]], target = .targets[[.settings$backend]])
    .settings$run <- list(
        bits = .bits[[.settings$precision]], base = .settings$index_base, device = .settings$device_id
    )
    # A new object each time, which no other process has either.
    .settings$made <- new.env()
    .settings$key <- paste(.settings$precision, .settings$backend)
}

.set <- function(values) {
    for (name in names(values)) assign(name, values[[name]], envir = .settings)
    .prepared()
}

.set(.defaults)

# Members of groups whose calls R fills with values.
.variadic <- c("sum", "prod", "min", "max", "range", "all", "any", "round", "signif")

# The call of the user's that the package is working for: of the innermost calls, which are the package's own and R's, the outermost of
# the package.
.user_call <- function() {
    found <- NULL
    for (k in rev(seq_len(sys.nframe() - 1L))) {
        from <- environment(sys.function(k))
        home <- if (is.null(from)) "base" else environmentName(topenv(from))
        if (home == "rkeops") {
            found <- sys.call(k)
            # Methods of groups are told as the function that was called, without the values that R puts there.
            generic <- sys.frame(k)$.Generic
            if (!is.null(generic)) found <- if (generic %in% .variadic) call(generic, quote(...)) else `[[<-`(found, 1, as.name(generic))
        } else if (!home %in% c("base", "methods")) {
            break
        }
    }
    found
}

# An error of this package that is not the library's: `what` tells the argument, what was expected and what came.
.stop <- function(what, kind = "argument") {
    classes <- c(paste0("rkeops_", kind, "_error"), "rkeops_error", "error", "condition")
    stop(structure(class = classes, list(message = what, call = .user_call())))
}

# A value in words, for errors.
.words <- function(value) {
    if (is.character(value) && length(value) == 1) {
        encodeString(value, quote = "\"")
    } else if (is.null(value)) {
        "NULL"
    } else if (is.factor(value)) {
        "a factor"
    } else if (is.object(value)) {
        paste0("an object of class ", class(value)[1])
    } else if (is.atomic(value) && length(value) == 1) {
        format(value)
    } else {
        paste0("an object of class ", class(value)[1], " and length ", length(value))
    }
}

.check_option <- function(name, value) {
    expected <- switch(name,
        backend = if (!identical(value, "CPU") && !identical(value, "GPU")) "\"CPU\" or \"GPU\"",
        precision = if (!identical(value, "float32") && !identical(value, "float64")) "\"float32\" or \"float64\"",
        index_base = if (!is.numeric(value) || length(value) != 1 || !value %in% 0:1) "0 or 1",
        device_id = if (!is.int(value) || value < -1 || value > .Machine$integer.max) {
            "the number of a device, from 0 on, or -1 for all"
        },
        cache_dir = if (!is.null(value) && (!is.character(value) || length(value) != 1 || is.na(value))) "the path of a folder",
        if (length(value) != 1 || !(isTRUE(value) || isFALSE(value) || (name %in% c("verbosity", "debug") && value %in% 0:1))) "TRUE or FALSE"
    )
    if (!is.null(expected)) {
        .stop(paste0("option ", name, ": expected ", expected, ", got ", .words(value)))
    }
}

#' Options
#'
#' `get_rkeops_options()` tells what is set, `set_rkeops_options()` changes it for all calls that follow.
#'
#' | option | values | meaning |
#' |---|---|---|
#' | `precision` | `"float64"` (default), `"float32"` | the numbers that are computed with |
#' | `backend` | `"CPU"` (default), `"GPU"` | where; a GPU of NVIDIA needs its driver and NVRTC |
#' | `device_id` | from 0 on, or -1 | which GPU; -1 shares a run out to all |
#' | `index_base` | 1 (default), 0 | what indices in results count from: RKeOps counts from 0 |
#' | `progress` | `FALSE` (default), `TRUE` | whether runs show a progress bar |
#' | `verbosity`, `debug`, `cache_dir`, `formula_only` | | accepted, as RKeOps has them, and of no effect: nothing is compiled on disk |
#'
#' @param option Names of options, or `NULL` for all.
#' @param input A named list, or a named vector, of options.
#' @param ncore Number of threads, or `NULL` for as many as the process may use.
#' @param device The number of a GPU, from 0 on; -1 stands for all.
#' @return `get_rkeops_options()` gives one value for one name, else a list. The others give nothing, invisibly.
#' @examples
#' get_rkeops_options("precision")
#' set_rkeops_options(list(precision = "float32"))
#' rkeops_use_float64()
#' @name rkeops_options
NULL

#' @rdname rkeops_options
#' @export
get_rkeops_options <- function(option = NULL) {
    if (is.null(option)) return(stats::setNames(lapply(names(.defaults), get0, envir = .settings), names(.defaults)))
    if (!is.character(option)) .stop(paste0("option: expected names of options, got ", .words(option)))
    unknown <- setdiff(option, names(.defaults))
    if (length(unknown) > 0) {
        .stop(paste0("option: there is no option ", .words(unknown[1]), "; expected one of ", paste(names(.defaults), collapse = ", ")))
    }
    values <- lapply(option, get0, envir = .settings)
    if (length(option) == 1) values[[1]] else stats::setNames(values, option)
}

#' @rdname rkeops_options
#' @export
set_rkeops_options <- function(input = NULL) {
    if (is.null(input)) input <- .defaults
    if (!is.list(input) && !is.atomic(input) || (length(input) > 0 && is.null(names(input)))) {
        .stop(paste0("input: expected a list with names of options, got ", if (is.list(input)) "one without names" else .words(input)))
    }
    input <- as.list(input)
    unknown <- setdiff(names(input), names(.defaults))
    if (length(unknown) > 0) {
        .stop(paste0("input: there is no option ", .words(unknown[1]), "; expected one of ", paste(names(.defaults), collapse = ", ")))
    }
    for (name in names(input)) .check_option(name, input[[name]])
    for (name in intersect(names(input), c("index_base", "device_id"))) input[[name]] <- as.integer(input[[name]])
    for (name in intersect(names(input), c("verbosity", "debug"))) input[[name]] <- as.logical(input[[name]])
    .set(input)
    invisible(NULL)
}

#' @rdname rkeops_options
#' @export
rkeops_use_cpu <- function(ncore = NULL) {
    # As in RKeOps 0 stands for all, too.
    if (is.null(ncore)) ncore <- 0
    if (!is.int(ncore) || ncore < 0 || ncore > .Machine$integer.max) {
        .stop(paste0("ncore: expected a number of threads, or 0 for all, got ", .words(ncore)))
    }
    set_rkeops_options(list(backend = "CPU"))
    .Call(r_threads, as.integer(ncore))
    .limit_threads()
    invisible(NULL)
}

#' @rdname rkeops_options
#' @export
rkeops_use_gpu <- function(device = 0) {
    set_rkeops_options(list(backend = "GPU", device_id = device))
}

#' @rdname rkeops_options
#' @export
rkeops_use_float32 <- function() set_rkeops_options(list(precision = "float32"))

#' @rdname rkeops_options
#' @export
rkeops_use_float64 <- function() set_rkeops_options(list(precision = "float64"))

#' @rdname rkeops_options
#' @export
rkeops_enable_verbosity <- function() set_rkeops_options(list(verbosity = TRUE))

#' @rdname rkeops_options
#' @export
rkeops_disable_verbosity <- function() set_rkeops_options(list(verbosity = FALSE))

# The function that shows a run's progress, or NULL.
.progress <- function() {
    if (!isTRUE(.settings$progress)) return(NULL)
    bar <- NULL
    is_closed <- FALSE
    function(done, total) {
        if (is.null(bar)) bar <<- utils::txtProgressBar(max = max(total, 1), style = 3)
        utils::setTxtProgressBar(bar, if (total > 0) done else 1)
        if (done >= total && !is_closed) {
            is_closed <<- TRUE
            close(bar)
        }
    }
}

# Solvers do not know how much is left.
.solve_progress <- function(iteration, residual) {
    cat(sprintf("\riteration %.0f, residual %-12.3g", iteration, residual))
    utils::flush.console()
}

# The options of a solver's run.
.solve_options <- function() {
    options <- .settings$run
    if (.settings$progress) options$progress <- .solve_progress
    options
}

# The options of a run; `per_value` columns belong to one place of a list of the nearest.
.run_options <- function(per_value = 0L, is_count = FALSE) {
    options <- .settings$run
    if (per_value > 0L) options$per_value <- per_value
    if (is_count) options$base <- 0L
    if (.settings$progress) options$progress <- .progress()
    options
}
