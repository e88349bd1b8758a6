# Runs that show progress or are stopped, and R's garbage collector.

x <- numbers(300, 2)
op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x,y)),1)", c("x=Vi(2)", "y=Vj(2)"))
kernel_of <- function(op) environment(op)$kernel()
run_with <- function(progress, input = list(x, x)) {
    .Call(r_run, kernel_of(op), input, c("x", "y"), "col", c(.run_options(), list(progress = progress)))
}

test_that("a progress function is told how far a run is", {
    told <- list()
    result <- run_with(function(done, total) told[[length(told) + 1]] <<- c(done, total))
    expect_identical(result, op(list(x, x)))
    expect_gt(length(told), 0)
    done <- vapply(told, `[`, 0, 1)
    total <- vapply(told, `[`, 0, 2)
    expect_true(all(diff(done) >= 0) && all(done <= total) && all(total == total[1]))
})

test_that("a progress function that fails stops the run", {
    calls <- 0
    failing <- function(done, total) {
        calls <<- calls + 1
        stop("no longer")
    }
    expect_refused(run_with(failing), "the progress function stopped the run: .*no longer", "rkeops_cancelled_error")
    expect_identical(calls, 1)
    # Nothing is left behind: the next run is right.
    expect_identical(run_with(NULL), op(list(x, x)))
    solver <- environment(keops_solve(keops_kernel("Sum_Reduction(Exp(-SqDist(x,y)/0.1)*b,1)", c("x=Vi(2)", "y=Vj(2)", "b=Vj(1)")), "b"))$solver()
    solve_with <- function(progress) {
        .Call(r_solve, solver, 2L, list(x, x, x[, 1]), NULL, c(2L, 0L, 2L, 1L, 1L, 1L), c(0.1, 1e-6, 0), c(.run_options(), list(progress = progress)))
    }
    expect_refused(solve_with(failing), "the progress function stopped the run", "rkeops_cancelled_error")
})

test_that("an interrupt ends a run as it ends R's own functions", {
    # The signal that a key sends, in the midst of a run.
    interrupting <- function(done, total) {
        tools::pskill(Sys.getpid(), tools::SIGINT)
        Sys.sleep(5)
    }
    interrupted <- function(code) tryCatch({
        force(code)
        "finished"
    }, interrupt = function(condition) "interrupted")
    expect_identical(interrupted(run_with(interrupting)), "interrupted")
    # What R would end at its prompt ends the run, too.
    expect_identical(interrupted(run_with(function(done, total) invokeRestart("abort"))), "interrupted")
    expect_identical(run_with(NULL), op(list(x, x)))
    # From about a million pairs on runs look for interrupts without a progress function.
    many <- numbers(1500, 2)
    expect_close(op(list(many, many))[1:3, , drop = FALSE], op(list(many[1:3, ], many)))
})

test_that("the option progress shows a bar", {
    with_rkeops_options(list(progress = TRUE), {
        expect_output(result <- op(list(x, x)), "100%")
        expect_output(sums <- sum(exp(-sqdist(Vi(x), Vj(x))), "j"), "100%")
        expect_output(solved <- solve(exp(-sqdist(Vi(x), Vj(x)) / 0.1), x[, 1], alpha = 0.1), "iteration 1, residual ")
        expect_output(gradient <- keops_adjoint(op, "x")(list(x, x, x[, 1])), "100%")
        expect_output(none <- op(list(x[0, ], x)), "100%")
    })
    expect_identical(result, op(list(x, x)))
    expect_identical(sums, sum(exp(-sqdist(Vi(x), Vj(x))), "j"))
    expect_identical(solved, solve(exp(-sqdist(Vi(x), Vj(x)) / 0.1), x[, 1], alpha = 0.1))
    expect_silent(op(list(x, x)))
})

test_that("values survive R's garbage collector at many allocations", {
    small <- numbers(4, 2)
    log_op <- keops_kernel("LogSumExp_Reduction(SqDist(x,y),1)", c("x=Vi(2)", "y=Vj(2)"))
    nearest <- keops_kernel("KMin_ArgKMin_Reduction(SqDist(x,y),5,1)", c("x=Vi(2)", "y=Vj(2)"))
    adjoint_of <- keops_adjoint(log_op, "x")
    whole <- matrix(c(1L, NA, 3L, 4L), 2)
    run <- function() {
        list(
            op(list(x = small, y = small)), nearest(list(small, small)), adjoint_of(list(small, small, 1:4)),
            op(list(whole, small)), run_with(function(done, total) c(done, total), list(small, small)),
            sum(Vi(small) * Vj(small), "j"), as.matrix(Vi(small) * Vj(small)), as.matrix(Vi(1i) * Vj(2)),
            solve(exp(-sqdist(Vi(small), Vj(small))), 1:4, alpha = 1), sqdist(Vi(small), Vj(small))$formula,
            tryCatch(op(list(small, "a")), error = conditionMessage), tryCatch(exp("a"), error = conditionMessage),
            tryCatch(keops_kernel("Sum_Reduction(Foo(x),1)", "x=Vi(1)"), error = conditionMessage)
        )
    }
    expected <- run()
    single <- with_rkeops_options(list(precision = "float32"), run())
    gctorture2(31, inhibit_release = FALSE)
    on.exit(gctorture(FALSE))
    tortured <- run()
    tortured_single <- with_rkeops_options(list(precision = "float32"), run())
    gctorture(FALSE)
    expect_identical(tortured, expected)
    expect_identical(tortured_single, single)
})

test_that("handles that nobody has are given back, and others stay", {
    # Tensors that come and go while others are in use.
    kept <- lapply(1:20, function(k) exp(-sqdist(Vi(x[1:3, ]), Vj(x[4:6, ])) * k))
    for (k in 1:200) exp(-sqdist(Vi(x[1:3, ]), Vj(x[4:6, ])))
    gc()
    for (k in 1:20) expect_close(as.matrix(kept[[k]]), of_pairs(x[1:3, ], x[4:6, ], 1, function(u, v) exp(-k * sum((u - v)^2)))[, , 1])
})

test_that("internal entries refuse what is no handle of theirs", {
    formula <- Vi(1)@formula
    run <- function(kernel, names = NULL) .Call(r_run, kernel, list(x, x), names, "col", list(bits = 64L))
    for (wrong in list(NULL, 1, "a", formula, list())) {
        expect_refused(run(wrong), "expected a handle of type rkeops_kernel", "rkeops_handle_error")
    }
    text <- function(formula) .Call(r_formula_text, formula)
    expect_refused(text(kernel_of(op)), "expected a handle of type rkeops_formula", "rkeops_handle_error")
    expect_refused(run(kernel_of(op), "x"), "without a name", "rkeops_internal_error")
})
