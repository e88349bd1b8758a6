# The cases that the tests of every language read: the package carries a copy, a checkout has them beside its other tests.
read_cases <- function() {
    places <- c("cases.txt", file.path("..", "..", "..", "..", "tests", "cases", "cases.txt"))
    lines <- readLines(places[file.exists(places)][1])
    at <- 1
    # The next lines as a matrix.
    table <- function(words) {
        size <- as.integer(words)
        numbers <- as.numeric(unlist(strsplit(lines[at + seq_len(size[1])], " ")))
        at <<- at + size[1]
        matrix(numbers, size[1], size[2], byrow = TRUE)
    }
    cases <- list()
    while (at <= length(lines)) {
        words <- strsplit(lines[at], " ")[[1]]
        rest <- paste(words[-1], collapse = " ")
        switch(words[1],
            case = case <- list(case = rest, args = character(), input = list(), results = list()),
            argument = {
                case$args <- c(case$args, sprintf("%s=%s(%s)", words[2], words[3], words[5]))
                case$input <- c(case$input, list(table(words[4:5])))
            },
            result = case$results <- c(case$results, list(table(words[2:3]))),
            # Places count from 1 in R.
            indices = case$results <- c(case$results, list(table(words[2:3]) + 1)),
            end = cases <- c(cases, list(case)),
            "#" = NULL,
            case[[words[1]]] <- rest
        )
        at <- at + 1
    }
    cases
}

for (case in read_cases()) {
    test_that(case$case, {
        option <- c(case$option, case$weights)
        arguments <- c(case$formula, option, if (case$over == "i") 0 else 1)
        op <- keops_kernel(paste0(case$reduction, "_Reduction(", paste(arguments, collapse = ","), ")"), case$args)
        found <- op(case$input)
        if (!is.list(found)) found <- list(found)
        expect_length(found, length(case$results))
        for (k in seq_along(found)) expect_equal(found[[k]] * 1, case$results[[k]], tolerance = 1e-12, ignore_attr = TRUE)
        columns <- op(lapply(case$input, t), inner_dim = "row")
        if (!is.list(columns)) columns <- list(columns)
        expect_identical(lapply(columns, t), found)
    })
}
