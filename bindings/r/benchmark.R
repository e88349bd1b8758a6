# How long calls of the R package take, and what they keep of memory. Compares with other packages in the same run:
#
#     Rscript benchmark.R [rows [rounds [prefix of an installed librkeops]]]
#
# With a prefix, and a C compiler, the same calls are made from C too (benchmark.c). Needs the packages fields and kernlab.
# All that is compared takes turns, round after round, so that what else happens on the machine happens to all; medians are
# told. With 20,000 rows the dense matrices take about 7 GB.

suppressPackageStartupMessages(library(rkeops))
stopifnot(requireNamespace("fields", quietly = TRUE), requireNamespace("kernlab", quietly = TRUE))

arguments <- commandArgs(trailingOnly = TRUE)
rows <- if (length(arguments) > 0) as.integer(arguments[1]) else 20000L
rounds <- if (length(arguments) > 1) as.integer(arguments[2]) else 5L
prefix <- if (length(arguments) > 2) normalizePath(arguments[3]) else NULL
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))

# The calls from C, as an R function of the problem and how many calls.
from_c <- if (!is.null(prefix)) {
    folder <- tempfile()
    dir.create(folder)
    stopifnot(file.copy(file.path(here, "benchmark.c"), folder))
    library <- file.path(prefix, "lib")
    Sys.setenv(
        PKG_CPPFLAGS = paste0("-I", file.path(prefix, "include"), " -I", normalizePath(file.path(here, "../../benches"))),
        PKG_LIBS = paste0("-L", library, " -Wl,-rpath,", library, " -lrkeops")
    )
    made <- file.path(folder, paste0("benchmark", .Platform$dynlib.ext))
    status <- system2(file.path(R.home("bin"), "R"), c("CMD", "SHLIB", "-o", made, file.path(folder, "benchmark.c")), stdout = FALSE)
    stopifnot(status == 0)
    dyn.load(made)
    function(problem, calls) .Call("call_from_c", problem$x, problem$y, problem$b, problem$g, as.integer(calls))
}

gaussian <- function(precision) {
    set_rkeops_options(list(precision = precision))
    on.exit(rkeops_use_float64())
    keops_kernel("Sum_Reduction(Exp(-g * SqDist(x, y)) * b, 1)", c("x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "g=Pm(1)"))
}
operator <- gaussian("float64")

problem <- function(rows) {
    set.seed(1)
    list(x = matrix(rnorm(3 * rows), ncol = 3), y = matrix(rnorm(3 * rows), ncol = 3), b = rnorm(rows), g = 0.5)
}

# Medians of what `tasks` tell of themselves: functions of nothing that give seconds.
take_turns <- function(tasks, rounds) {
    times <- replicate(rounds, vapply(sample(names(tasks)), function(name) tasks[[name]](), 0)[names(tasks)])
    apply(times, 1, stats::median)
}

# The seconds that one of `calls` calls takes: many together, because the clock is coarse.
per_call <- function(call, calls) {
    force(call)
    function() system.time(for (k in seq_len(calls)) call())[["elapsed"]] / calls
}

tell <- function(title, times, unit, factor) {
    cat(title, "\n", sep = "")
    cat(sprintf("  %-44s %12.3f %s\n", names(times), times * factor, unit), sep = "")
    cat("\n")
}

cat("threads: ", .Call(rkeops:::r_threads, NULL), ", BLAS: ", extSoftVersion()[["BLAS"]], "\n\n", sep = "")

small <- unname(problem(100L))
x_small <- small[[1]]
y_small <- small[[2]]
b_small <- small[[3]]
in_float32 <- function(call) {
    function() {
        rkeops_use_float32()
        on.exit(rkeops_use_float64())
        per_call(call, 2000)()
    }
}
invisible(operator(small))
tasks <- list(
    "an R function that does nothing" = per_call(function() NULL, 20000),
    "the operator, float64" = per_call(function() operator(small), 2000),
    "the operator, float32" = in_float32(function() operator(small)),
    "exp(-sqdist(Vi(x), Vj(y)) / 2) %*% b, float64" = per_call(function() exp(-sqdist(Vi(x_small), Vj(y_small)) / 2) %*% b_small, 500),
    "dense, with dist() of fields" = per_call(function() exp(-fields::rdist(x_small, y_small)^2 / 2) %*% b_small, 500)
)
if (!is.null(from_c)) tasks[["the call from C, float64"]] <- function() attr(from_c(problem(100L), 2000), "seconds")
tell("100 points and 100, Gaussian, a warm call", take_turns(tasks, 4 * rounds), "us", 1e6)

# What R's collector counts, in MB, and what the system counts as resident, in kB.
resident <- function() {
    if (!file.exists("/proc/self/status")) return(NA_real_)
    as.numeric(gsub("[^0-9]", "", grep("^VmRSS", readLines("/proc/self/status"), value = TRUE)))
}
in_use <- function() sum(gc(full = TRUE)[, 2])
# The first calls fill what there is to fill: R's heap, which grows up to its first collections with any function, and the
# kernels that the library keeps.
memory_of <- function(title, call, calls, first = 100000L) {
    for (k in seq_len(first)) call()
    before <- c(in_use(), resident())
    for (k in seq_len(calls)) call()
    grown <- c(in_use(), resident()) - before
    cat(sprintf("  %d calls of %s: R's memory grew by %.2f MB, the process by %.0f kB\n", calls, title, grown[1], grown[2]))
}
cat("memory, 100 points and 100\n")
memory_of("the operator", function() operator(small), 100000L)
memory_of("a symbolic matrix", function() exp(-sqdist(Vi(x_small), Vj(y_small)) / 2) %*% b_small, 20000L, first = 20000L)
memory_of("a new formula", local({
    count <- 0
    function() {
        count <<- count + 1
        keops_kernel(sprintf("Sum_Reduction(Exp(-%d * SqDist(x, y)) * b, 1)", count), c("x=Vi(3)", "y=Vj(3)", "b=Vj(1)"))(small[1:3])
    }
}), 3000L, first = 6000L)
cat("\n")

large <- problem(rows)
inputs <- unname(large)
result <- NULL
# What a task computes is kept for a comparison, and its memory given back before the next one.
timed <- function(compute) {
    force(compute)
    function() {
        gc(full = TRUE)
        seconds <- system.time(value <- compute())[["elapsed"]]
        result <<- as.vector(value)
        seconds
    }
}
tasks <- list(
    "rkeops, the operator" = timed(function() operator(inputs)),
    "rkeops, a symbolic matrix" = timed(function() exp(-sqdist(Vi(large$x), Vj(large$y)) / 2) %*% large$b),
    "exp(-fields::rdist(x, y)^2 / 2) %*% b" = timed(function() exp(-fields::rdist(large$x, large$y)^2 / 2) %*% large$b),
    "kernlab::kernelMult(rbfdot(0.5), x, y, b)" = timed(function() {
        kernlab::kernelMult(kernlab::rbfdot(sigma = 0.5), large$x, large$y, matrix(large$b))
    })
)
if (!is.null(from_c)) {
    tasks[["the call from C"]] <- function() {
        result <<- from_c(large, 1)
        seconds <- attr(result, "seconds")
        result <<- as.vector(result)
        seconds
    }
}
expected <- as.vector(operator(inputs))
for (name in names(tasks)) {
    tasks[[name]]()
    stopifnot(isTRUE(all.equal(result, expected, tolerance = 1e-10)))
}
tell(sprintf("%d points and %d, Gaussian, float64", rows, rows), take_turns(tasks, rounds), "ms", 1e3)
