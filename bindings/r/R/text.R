# Reductions as RKeOps writes them: "Op_Reduction(formula, optional argument, axis)", where the axis is the index that is reduced, 0 for
# i and 1 for j. The library's own number at the end is the category of the index that remains.

# The arguments of a call in text, at its commas outside of brackets.
.arguments_of <- function(text) {
    characters <- strsplit(text, "", fixed = TRUE)[[1]]
    depth <- cumsum((characters %in% c("(", "[")) - (characters %in% c(")", "]")))
    cuts <- which(characters == "," & depth == 0)
    trimws(substring(text, c(1, cuts + 1), c(cuts - 1, length(characters))))
}

# Name and arguments of a call in text, or NULL where it is none.
.call_of <- function(text) {
    text <- trimws(text)
    found <- regmatches(text, regexec("^([A-Za-z][A-Za-z0-9_]*)[[:space:]]*\\((.*)\\)$", text))[[1]]
    if (length(found) == 0) return(NULL)
    list(name = found[2], arguments = .arguments_of(found[3]))
}

# A reduction in parts: name, formula, optional argument and axis. Of a gradient of a reduction it is the reduction of the gradient of its
# formula, as RKeOps has it.
.parse_reduction <- function(text) {
    refuse <- function() {
        .stop(paste0(
            "formula: expected a reduction such as \"Sum_Reduction(Exp(-SqDist(x,y))*b,1)\", with the axis at the end ",
            "(0: over i, 1: over j), got ", .words(text)
        ), "syntax")
    }
    outer <- .call_of(text)
    if (is.null(outer)) refuse()
    if (outer$name == "Grad" && length(outer$arguments) == 3) {
        inner <- .parse_reduction(outer$arguments[1])
        inner$formula <- paste0("Grad(", inner$formula, ",", outer$arguments[2], ",", outer$arguments[3], ")")
        return(inner)
    }
    count <- length(outer$arguments)
    if (!grepl("_Reduction$", outer$name) || count < 2 || count > 3) refuse()
    # RKeOps has the optional argument before the axis, KeOps after it.
    is_axis <- outer$arguments[-1] %in% c("0", "1")
    place <- if (is_axis[count - 1]) count else if (is_axis[1]) 2 else refuse()
    list(
        name = sub("_Reduction$", "", outer$name), formula = outer$arguments[1],
        option = if (count == 3) outer$arguments[-c(1, place)] else NULL, axis = as.integer(outer$arguments[place])
    )
}

# The library's text of a reduction in parts.
.reduction_text <- function(parts) {
    option <- if (is.null(parts$option)) "" else paste0(",", parts$option)
    # The library has weights after the index and whole numbers before it.
    is_number <- grepl("^[0-9]+$", if (is.null(parts$option)) "" else parts$option)
    body <- if (is_number) paste0(option, ",", 1L - parts$axis) else paste0(",", 1L - parts$axis, option)
    paste0(parts$name, "_Reduction(", parts$formula, body, ")")
}

# The same as RKeOps writes it.
.formula_text <- function(parts) {
    option <- if (is.null(parts$option)) "" else paste0(",", parts$option)
    paste0(parts$name, "_Reduction(", parts$formula, option, ",", parts$axis, ")")
}

# What aliases such as "x = Vi(3)" or "x = Vi(0,3)" declare: names, types, positions and dimensions.
.parse_args <- function(args) {
    if (!is.character(args) || anyNA(args)) .stop(paste0("args: expected a character vector, got ", .words(args)))
    pattern <- "^[[:space:]]*([A-Za-z_][A-Za-z0-9_.]*)[[:space:]]*=[[:space:]]*(Vi|Vj|Pm)[[:space:]]*\\([[:space:]]*([0-9]{1,9})[[:space:]]*(,[[:space:]]*([0-9]{1,9})[[:space:]]*)?\\)[[:space:]]*$"
    found <- regmatches(args, regexec(pattern, args))
    wrong <- which(lengths(found) == 0)
    if (length(wrong) > 0) {
        .stop(paste0("args: expected texts such as \"x=Vi(3)\" or \"x=Vi(0,3)\", got ", .words(args[wrong[1]])), "syntax")
    }
    part <- function(k) vapply(found, function(one) one[k], "")
    has_position <- nzchar(part(6))
    first <- as.integer(part(4))
    list(
        args = args, var_name = part(2), var_type = part(3),
        var_pos = ifelse(has_position, first, seq_along(args) - 1L), var_dim = ifelse(has_position, as.integer(part(6)), first),
        decl = ifelse(has_position, "pos_dim", "dim")
    )
}
