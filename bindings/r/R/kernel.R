# Operators made from text, as RKeOps has them.

# Kernels of reductions for what is set, made when first wanted, and again where they were saved or sent by another process.
.kernels <- function(make, summation = 0L) {
    made <- list()
    function() {
        key <- .settings$key
        kernel <- made[[key]]
        if (is.null(kernel) || !.Call(r_is_alive, kernel)) {
            kernel <- .Call(r_compile, make(), c(.settings$compilation, summation = summation))
            made[[key]] <<- kernel
        }
        kernel
    }
}

.summations <- c(auto = 0L, direct_sum = 1L, block_sum = 2L, kahan_scheme = 3L)

# How many columns of a list of row numbers belong to one place of it: 0 where the result has none.
.per_value <- function(name, columns, option) {
    if (!grepl("Arg", name)) return(0L)
    columns %/% if (is.null(option)) 1L else as.integer(option)
}

#' An operator from a formula
#'
#' Makes a function that reduces a formula over all pairs of points.
#'
#' The number at the end of a formula is the index that is **reduced**: 0 for i, so that the result has a row for each j, and 1 for j,
#' so that it has a row for each i. This is what RKeOps does, though its documentation says the opposite. `Grad(reduction, x, eta)`
#' is the reduction, over the same index, of the gradient of the formula; [keops_adjoint()] is the gradient of the reduction.
#'
#' @param formula The formula of a reduction: `"Sum_Reduction(Exp(-s*SqDist(x,y))*b,1)"`, with an optional argument before the axis,
#'   `"ArgKMin_Reduction(SqDist(x,y),3,1)"`. The operations are those of the formula language of KeOps.
#' @param args What the formula is of: a character vector such as `c("x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "s=Pm(1)")`, in the order of the
#'   operator's input. `Vi(3)` has three components for each i, `Vj` for each j, `Pm` is a parameter. `Vi(0,3)` tells the position in the
#'   input too.
#' @param sum_scheme How sums are added: `"auto"`, `"direct_sum"`, `"block_sum"` or `"kahan_scheme"`.
#' @return A function `op(input = NULL, inner_dim = "col")`. `input` is a list of matrices with a row for each point (vectors where there
#'   is one component, and for parameters; data frames are matrices), in the order of `args`, or named as there. With `inner_dim = "row"` all matrices, the
#'   result too, have a column for each point. The result is a matrix, with indices that count from 1 where it has indices, or
#'   a list of two, `value` and `index`, for reductions such as `Min_ArgMin`. Without input it tells its formula and arguments.
#' @seealso [keops_grad()], [keops_adjoint()], [LazyTensor()]
#' @examples
#' op <- keops_kernel(
#'     "Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 1)",
#'     c("x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "s=Pm(1)")
#' )
#' x <- matrix(runif(30), ncol = 3)
#' y <- matrix(runif(60), ncol = 3)
#' b <- rnorm(20)
#' op(list(x, y, b, 0.5))
#' op(list(s = 0.5, x = x, y = y, b = b))
#' op(list(t(x), t(y), t(b), 0.5), inner_dim = "row")
#' @export
keops_kernel <- function(formula, args, sum_scheme = "auto") {
    .operator(.parse_reduction(.string(formula, "formula")), .parse_args(args), sum_scheme)
}

# What aliases declare, and the arguments that the formula has without an alias, as "Var(1,3,0)", by names made up.
.declared <- function(info, facts) {
    for (position in setdiff(seq_len(ncol(facts)) - 1L, info$var_pos)) {
        own <- facts[, position + 1L]
        name <- .new_name(paste0("arg", position), info$var_name)
        info <- .parse_args(c(info$args, paste0(name, "=", .types[own[2] + 1L], "(", position, ",", own[1], ")")))
    }
    info
}

# Data frames as matrices: `src/run.c` asks for it where it finds one.
.matrices <- function(input) {
    if (!is.list(input)) return(input)
    for (k in seq_along(input)) {
        if (is.object(input[[k]]) && is.data.frame(input[[k]])) input[[k]] <- as.matrix(input[[k]])
    }
    input
}

.operator <- function(parts, info, sum_scheme) {
    if (!is.character(sum_scheme) || length(sum_scheme) != 1 || !sum_scheme %in% names(.summations)) {
        .stop(paste0("sum_scheme: expected one of ", paste0("\"", names(.summations), "\"", collapse = ", "), ", got ", .words(sum_scheme)))
    }
    # What is wrong with the formula is told of the user's text: the reduction's has another number at the end.
    .Call(r_formula_parse, parts$formula, info$args)
    text <- .reduction_text(replace(parts, "name", .with_values(parts$name)))
    parse <- function() .Call(r_reduction_parse, text, info$args)
    facts <- .Call(r_reduction_facts, parse())
    kernel <- .kernels(function() list(parse()), .summations[[sum_scheme]])
    info <- .declared(info, .Call(r_kernel_facts, kernel()))
    names <- info$var_name[order(info$var_pos)]
    per_value <- .per_value(parts$name, facts[1], parts$option)
    is_count <- parts$name %in% .counts
    context <- list(formula = .formula_text(parts), args = info$args, args_info = info, sum_scheme = sum_scheme)
    # What a call needs of the settings is found once for all calls under them, since small calls feel it.
    settings <- options <- current <- NULL
    refresh <- function() {
        current <<- kernel()
        options <<- .run_options(per_value, is_count)
        settings <<- .settings$made
    }
    structure(class = c("rkeops_operator", "function"), function(input = NULL, inner_dim = "col") {
        if (is.null(input)) return(context)
        if (!identical(settings, .settings$made) || .settings$progress) refresh()
        result <- .Call(r_run, current, input, names, inner_dim, options)
        if (is.list(result)) .placed(result, parts$name) else result
    })
}

#' @export
print.rkeops_operator <- function(x, ...) {
    context <- x()
    cat("rkeops operator\n  formula: ", context$formula, "\n  args:    ", paste(context$args, collapse = ", "), "\n", sep = "")
    invisible(x)
}

#' @export
print.rkeops_adjoint <- print.rkeops_operator

.check_operator <- function(operator) {
    if (!inherits(operator, "rkeops_operator")) {
        .stop(paste0("operator: expected an operator made by keops_kernel() or keops_grad(), got ", .words(operator)))
    }
    operator()
}

# The place of a variable, told by its name or its position from 0 on.
.variable_of <- function(info, var) {
    place <- if (is.character(var) && length(var) == 1) {
        which(info$var_name == var)
    } else if (is.numeric(var) && length(var) == 1 && !is.na(var)) {
        which(info$var_pos == var)
    }
    if (length(place) != 1) {
        .stop(paste0(
            "var: expected the name (", paste0("\"", info$var_name, "\"", collapse = ", "), ") or the position, from 0 on, of a variable, got ",
            .words(var)
        ))
    }
    place
}

# A list of arguments in the order of their names, without names.
.ordered <- function(input, names) {
    if (!is.list(input)) .stop(paste0("input: expected a list of matrices, got ", .words(input)))
    if (length(input) != length(names)) .stop(paste0("input: expected ", length(names), " arguments, got ", length(input)), "count")
    missing <- setdiff(names, names(input))
    if (!is.null(names(input)) && length(missing) > 0) .stop(paste0("input: expected an argument named '", missing[1], "', as the formula has it"))
    unname(if (is.null(names(input))) input else input[names])
}

# A name that none of these is.
.new_name <- function(name, names) utils::tail(make.unique(c(names, name), sep = "_"), 1)

.category_of <- c(Vi = 0L, Vj = 1L, Pm = 2L)

#' Gradients of operators
#'
#' `keops_grad()` makes an operator whose formula is the gradient of an operator's formula, reduced over the same index: RKeOps' function
#' of this name. Its last input has the index of the variable. That is the gradient of the sum of the results with respect to the
#' variable only where the variable has the index that remains, or all weights are 1.
#'
#' `keops_adjoint()` makes the gradient of the operator itself: the derivative of `sum(e * op(input))` with respect to a variable, a matrix
#' of the size of that variable. Its last input, `e`, has the size of the operator's result.
#'
#' @param operator An operator made by [keops_kernel()] or `keops_grad()`.
#' @param var The name of a variable, or its position, from 0 on.
#' @return An operator with one more input.
#' @examples
#' op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x, y)) * b, 1)", c("x=Vi(2)", "y=Vj(2)", "b=Vj(1)"))
#' x <- matrix(rnorm(10), ncol = 2)
#' y <- matrix(rnorm(12), ncol = 2)
#' b <- rnorm(6)
#' e <- rnorm(5)
#'
#' keops_adjoint(op, "y")(list(x, y, b, e)) # d/dy of sum(e * op(list(x, y, b)))
#' keops_grad(op, "x")(list(x, y, b, e)) # for x, whose index remains, both are the same
#' @export
keops_grad <- function(operator, var) {
    context <- .check_operator(operator)
    info <- context$args_info
    place <- .variable_of(info, var)
    parts <- .parse_reduction(context$formula)
    dim <- .Call(r_formula_facts, .Call(r_formula_parse, parts$formula, info$args))[1]
    name <- .new_name("gradin", info$var_name)
    parts$formula <- paste0("Grad(", parts$formula, ",", info$var_name[place], ",", name, ")")
    position <- max(info$var_pos) + 1L
    args <- c(info$args, paste0(name, "=", info$var_type[place], "(", position, ",", dim, ")"))
    .operator(parts, .parse_args(args), context$sum_scheme)
}

#' @rdname keops_grad
#' @export
keops_adjoint <- function(operator, var) {
    context <- .check_operator(operator)
    info <- context$args_info
    place <- .variable_of(info, var)
    parts <- .parse_reduction(context$formula)
    reduction <- function() .Call(r_reduction_parse, .reduction_text(parts), info$args)
    facts <- .Call(r_reduction_facts, reduction())
    kept <- 1L - parts$axis
    category <- .category_of[[info$var_type[place]]]
    count <- max(info$var_pos) + 1L
    saved_kernel <- .kernels(function() .Call(r_reduction_saved, reduction()))
    saved_count <- length(.Call(r_reduction_saved, reduction()))
    gradient <- function() {
        variable <- .Call(r_formula_variable, info$var_pos[place], info$var_dim[place], category)
        list(.gradient_reduction(reduction(), variable, count, parts$axis))
    }
    kernel <- .kernels(gradient, .summations[[context$sum_scheme]])
    kernel()
    names <- info$var_name[order(info$var_pos)]
    cotangent <- .new_name("gradin", names)
    own_names <- c(names, cotangent)
    all_names <- c(own_names, rep("", saved_count))
    type <- c("Vi", "Vj")[kept + 1L]
    args <- c(info$args, paste0(cotangent, "=", type, "(", count, ",", facts[1], ")"))
    formula <- paste0("Grad(", context$formula, ",", info$var_name[place], ",", cotangent, ")")
    told <- list(formula = formula, args = args, args_info = .parse_args(args), sum_scheme = context$sum_scheme)
    structure(class = c("rkeops_adjoint", "function"), function(input = NULL, inner_dim = "col") {
        if (is.null(input)) return(told)
        input <- .ordered(input, own_names)
        if (saved_count > 0) {
            saved <- .Call(r_run, saved_kernel(), input[seq_along(names)], names, inner_dim, .run_options(is_count = TRUE))
            input <- c(input, if (is.list(saved)) saved else list(saved))
        }
        result <- .Call(r_run, kernel(), input, all_names, inner_dim, .run_options())
        if (category != 2L) return(result)
        # A row for each row of the result; their sum is the gradient of a parameter.
        if (inner_dim == "row") matrix(rowSums(result), ncol = 1) else matrix(colSums(result), nrow = 1)
    })
}
