# Options, setting up, other processes, and what is saved.

test_that("options are set and told", {
    before <- get_rkeops_options()
    on.exit(set_rkeops_options(before))
    set_rkeops_options()
    expect_identical(get_rkeops_options("precision"), "float64")
    expect_identical(get_rkeops_options(c("backend", "index_base")), list(backend = "CPU", index_base = 1L))
    expect_named(get_rkeops_options(), c("backend", "device_id", "precision", "index_base", "progress", "verbosity", "debug", "cache_dir", "formula_only"))
    expect_null(set_rkeops_options(list(precision = "float32", index_base = 0)))
    expect_identical(get_rkeops_options(c("precision", "index_base")), list(precision = "float32", index_base = 0L))
    set_rkeops_options(c(precision = "float64"))
    expect_identical(get_rkeops_options("precision"), "float64")
    rkeops_use_float32()
    expect_identical(get_rkeops_options("precision"), "float32")
    rkeops_use_float64()
    expect_identical(get_rkeops_options("precision"), "float64")
    rkeops_enable_verbosity()
    expect_true(get_rkeops_options("verbosity"))
    rkeops_disable_verbosity()
    expect_false(get_rkeops_options("verbosity"))
    rkeops_use_gpu()
    expect_identical(get_rkeops_options(c("backend", "device_id")), list(backend = "GPU", device_id = 0L))
    rkeops_use_gpu(-1)
    expect_identical(get_rkeops_options("device_id"), -1L)
    rkeops_use_cpu()
    expect_identical(get_rkeops_options("backend"), "CPU")
    set_rkeops_cache_dir("somewhere")
    expect_identical(get_rkeops_cache_dir(), "somewhere")
    set_rkeops_options(list(cache_dir = NULL))
    expect_null(get_rkeops_cache_dir())
    # What is wrong changes nothing.
    expect_refused(set_rkeops_options(list(precision = "float32", backend = "TPU")), "option backend: expected \"CPU\" or \"GPU\", got \"TPU\"")
    expect_identical(get_rkeops_options("precision"), "float64")
    set_rkeops_options(list(index_base = 0, precision = "float32"))
    set_rkeops_options()
    expect_identical(get_rkeops_options("index_base"), 1L)
})

test_that("the precision is that of a run, whenever the operator was made", {
    op <- keops_kernel("Sum_Reduction(x,1)", "x=Vi(1)")
    third <- 1 / 3
    expect_identical(op(list(third)), matrix(third))
    with_rkeops_options(list(precision = "float32"), {
        single <- op(list(third))
        expect_false(identical(single, matrix(third)))
        expect_lt(abs(single - third), 1e-7)
        expect_identical(sum(Vi(third), "j"), single)
        expect_identical(as.matrix(Vi(third)), single)
    })
    expect_identical(op(list(third)), matrix(third))
})

test_that("the number of threads changes no result", {
    on.exit(.Call(r_threads, 0L))
    x <- numbers(300, 3)
    rkeops_use_cpu(1)
    one <- sum(exp(-sqdist(Vi(x), Vj(x))), "j")
    expect_identical(.Call(r_threads, NULL), 1L)
    rkeops_use_cpu(2)
    two <- sum(exp(-sqdist(Vi(x), Vj(x))), "j")
    expect_identical(.Call(r_threads, NULL), 2L)
    expect_identical(one, two)
})

test_that("setting up tells what is there", {
    expect_message(works <- check_rkeops(), "works")
    expect_true(works)
    with_rkeops_options(list(precision = "float32"), expect_message(expect_true(check_rkeops()), "works"))
    expect_output(text <- rkeops_doctor(), "threads|thread")
    expect_type(text, "character")
    op <- keops_kernel("Sum_Reduction(x,1)", "x=Vi(1)")
    expect_output(text <- rkeops_explain(op), "Sum")
    expect_type(text, "character")
    expect_message(expect_null(install_rkeops()), "nothing")
    expect_null(clean_rkeops())
    expect_null(stat_rkeops_cache_dir())
    expect_output(helloWorld(), "Hello, world!")
})

test_that("operators work in processes that R makes", {
    x <- numbers(50, 3)
    op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x,y)),1)", c("x=Vi(3)", "y=Vj(3)"))
    K <- exp(-sqdist(Vi(x), Vj(x)))
    expected <- op(list(x, x))
    many <- numbers(3000, 3)
    expected_many <- op(list(many, x))
    results <- parallel::mclapply(1:4, function(k) {
        list(op(list(x, x)), sum(K, "j"), keops_kernel(paste0("Sum_Reduction(", k, "*Exp(-SqDist(x,y)),1)"), c("x=Vi(3)", "y=Vj(3)"))(list(x, x)), op(list(many, x)))
    }, mc.cores = 2)
    for (k in 1:4) {
        expect_identical(results[[k]][[1]], expected)
        expect_close(results[[k]][[2]], expected)
        expect_close(results[[k]][[3]], k * expected)
        expect_identical(results[[k]][[4]], expected_many)
    }
    expect_identical(op(list(x, x)), expected)
})

test_that("operators that were saved work again, and tensors say that they do not", {
    x <- numbers(5, 2)
    e <- numbers(5, 1, seed = 2)
    args <- c("x=Vi(2)", "y=Vj(2)", "b=Vj(1)")
    op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x,y))*b,1)", args)
    log_op <- keops_kernel("LogSumExp_Reduction(b*SqDist(x,y),1)", args)
    again <- function(value) {
        path <- tempfile(fileext = ".rds")
        on.exit(unlink(path))
        saveRDS(value, path)
        readRDS(path)
    }
    operators <- list(op, keops_grad(op, "x"), keops_adjoint(op, "y"), keops_adjoint(log_op, "x"), keops_solve(op, "b"))
    inputs <- list(list(x, x, e), list(x, x, e, e), list(x, x, e, e), list(x, x, e, e), list(x, x, e))
    for (k in seq_along(operators)) {
        expected <- operators[[k]](inputs[[k]])
        expect_identical(again(operators[[k]])(inputs[[k]]), expected)
        expect_identical(unserialize(serialize(operators[[k]], NULL))(inputs[[k]]), expected)
    }
    # Those that were never run since they were saved twice, too, and what is made of them.
    expect_identical(keops_grad(again(again(op)), "x")(inputs[[2]]), operators[[2]](inputs[[2]]))
    expect_output(rkeops_explain(again(op)), "Sum")
    saved <- again(exp(Vi(x) | Vj(x)))
    expect_identical(dim(saved), c(5L, 5L))
    for (use in list(
        function() sum(saved, "j"), function() as.matrix(saved), function() saved %*% e, function() saved + 1, function() saved$formula,
        function() print(saved), function() t(saved), function() solve(saved, e), function() grad(saved, 1), function() adjoint(saved, e)
    )) {
        expect_refused(use(), "saved or sent by another R process.*make it again", "rkeops_handle_error")
    }
})
