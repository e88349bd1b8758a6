# The founding program: the squared norm of a vector field, and its gradients, on real points.
#
#     H(q, p) = 1/2 <p, K(q,q) p>,    K(q,q)[i,j] = exp(-|q_i - q_j|^2 / (2 s^2))
#
# q are points in three dimensions, p a momentum at each. H is the Hamiltonian of landmark matching: its gradients are
# the velocities (in p) and the forces (in q). The matrix K has a number for each pair of points and is never stored.
#
# First on the 1839 vertices of a rabbit in float64, where all rows are compared with a dense evaluation; then on the
# colours of a photograph in float32, where some are. With all 262144 colours this is what examples/c/kernel_norm.c
# computes, with the same momenta.
#
#     Rscript kernel_norm.R [folder of the data files [number of colours]]

suppressPackageStartupMessages(library(rkeops))

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[1] else "examples/data"
colours <- if (length(arguments) > 1) as.integer(arguments[2]) else 32768L

# K p, which is the gradient in p, and the gradient in q: sum over j of (d/dx k)(q_i, q_j) (p_i | p_j). H has each pair
# twice, which the factor 1/2 undoes.
velocity <- keops_kernel("Sum_Reduction(Exp(-g * SqDist(x, y)) * b, 1)", c("x=Vi(3)", "y=Vj(3)", "b=Vj(3)", "g=Pm(1)"))
gradient <- keops_grad(velocity, "x")

# Pseudo-random momenta, those of the program in C. Its generator has a state of 64 bits, which is in four parts of
# 16 bits here: R's numbers are exact up to 2^53 only.
momenta <- function(points) {
    numbers <- numeric(3 * points)
    s0 <- 1; s1 <- s2 <- s3 <- 0
    for (k in seq_along(numbers)) {
        t0 <- s0 * 32557 + 33103
        t1 <- s0 * 19605 + s1 * 32557 + 63335 + t0 %/% 65536
        t2 <- s0 * 62509 + s1 * 19605 + s2 * 32557 + 31614 + t1 %/% 65536
        t3 <- s0 * 22609 + s1 * 62509 + s2 * 19605 + s3 * 32557 + 5125 + t2 %/% 65536
        s0 <- t0 %% 65536; s1 <- t1 %% 65536; s2 <- t2 %% 65536; s3 <- t3 %% 65536
        numbers[k] <- s3 * 2^37 + s2 * 2^21 + s1 * 2^5 + s0 %/% 2^11
    }
    matrix(numbers / 2^52 - 1, ncol = 3, byrow = TRUE)
}

# The same with the rows of the matrix that are told.
dense <- function(q, p, s, rows) {
    squares <- 0
    for (k in 1:3) squares <- squares + outer(q[rows, k], q[, k], "-")^2
    K <- exp(-squares / (2 * s^2))
    weights <- K * tcrossprod(p[rows, , drop = FALSE], p)
    list(velocity = K %*% p, gradient = (weights %*% q - rowSums(weights) * q[rows, , drop = FALSE]) / s^2)
}

evaluate <- function(name, q, s, rows, tolerance) {
    p <- momenta(nrow(q))
    cat(sprintf("%s: %d points, %s, s = %g\n", name, nrow(q), get_rkeops_options("precision"), s))
    g <- 1 / (2 * s^2)
    seconds <- system.time({
        in_p <- velocity(list(q, q, p, g))
        in_q <- gradient(list(q, q, p, g, p))
    })[["elapsed"]]
    size <- function(x) sqrt(sum(x^2))
    cat(sprintf("  H                %.10g\n  |gradient in q|  %.6g\n  |gradient in p|  %.6g\n", sum(p * in_p) / 2, size(in_q), size(in_p)))
    cat(sprintf("  two passes over %.3g pairs took %.3g s\n", nrow(q)^2, seconds))
    expected <- dense(q, p, s, rows)
    relative <- function(found, wanted) max(abs(found - wanted)) / max(abs(wanted))
    error <- max(relative(in_p[rows, ], expected$velocity), relative(in_q[rows, ], expected$gradient))
    cat(sprintf("  relative error   %.2g against dense matrices (%d rows), at most %.0e is allowed\n", error, length(rows), tolerance))
    if (!(error <= tolerance)) stop("the error is too large")
}

bunny <- as.matrix(read.csv(file.path(folder, "bunny.csv")))
evaluate("bunny", bunny, 0.2, seq_len(nrow(bunny)), 1e-12)

bytes <- readBin(file.path(folder, "astronaut_rgb_262144x3.u8"), "integer", 3 * 262144, size = 1, signed = FALSE)
photograph <- matrix(bytes / 255, ncol = 3, byrow = TRUE)
# From one corner to the other, so that few colours are those of the whole picture.
chosen <- round(seq(1, nrow(photograph), length.out = colours))
rkeops_use_float32()
evaluate("astronaut", photograph[chosen, ], 0.1, round(seq(1, colours, length.out = 64)), 1e-5)
