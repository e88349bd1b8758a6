# A photograph from a quarter of its pixels, by kernel regression.
#
# Colours are known at some pixels x_j and wanted at the others. The function is
#
#     f(x) = mean + sum_j k(x, x_j) a_j,    (K + alpha Id) a = colours - mean,    k(x, y) = exp(-|x - y| / s)
#
# a is found by conjugate gradients, of which each step is a product with K; f is one more product. This is simple
# kriging with an exponential covariance (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006,
# chapter 2).
#
#     Rscript kernel_regression.R [folder of the data files [side of the picture, at most 512]]

suppressPackageStartupMessages(library(rkeops))

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[1] else "examples/data"
side <- if (length(arguments) > 1) as.integer(arguments[2]) else 96L
scale <- 10
alpha <- 1e-2

# The middle of the picture: the face.
bytes <- readBin(file.path(folder, "astronaut_rgb_262144x3.u8"), "integer", 3 * 262144, size = 1, signed = FALSE)
picture <- matrix(bytes / 255, ncol = 3, byrow = TRUE)
pixels <- as.matrix(expand.grid(x = seq_len(side), y = seq_len(side)))
corner <- c(min(180, 512 - side), min(40, 512 - side))
colours <- picture[512 * (pixels[, "y"] + corner[2] - 1) + pixels[, "x"] + corner[1], ]

set.seed(1)
known <- sample(nrow(pixels), nrow(pixels) %/% 4)
x <- pixels[known, ]
mean_colour <- colMeans(colours[known, ])
right <- sweep(colours[known, ], 2, mean_colour)

kernel <- function(x, y) exp(-norm2(Vi(x) - Vj(y)) / scale)
seconds <- system.time({
    solved <- solve(kernel(x, x), right, alpha = alpha, tol = 1e-5, details = TRUE)
    found <- sweep(kernel(pixels, x) %*% solved$x, 2, mean_colour, "+")
})[["elapsed"]]
cat(sprintf("%d pixels from %d: %d iterations, %.2f s\n", nrow(pixels), length(known), as.integer(solved$iterations), seconds))

unknown <- -known
error <- sqrt(mean((found - colours)[unknown, ]^2))
spread <- sqrt(mean(sweep(colours[unknown, ], 2, mean_colour)^2))
cat(sprintf("root mean square error where nothing was known: %.4f, of colours that spread by %.4f\n", error, spread))

# The equations, with rows of the matrix as R has them.
rows <- seq_len(min(200, length(known)))
dense <- exp(-sqrt(outer(x[rows, 1], x[, 1], "-")^2 + outer(x[rows, 2], x[, 2], "-")^2) / scale)
residual <- max(abs(dense %*% solved$x + alpha * solved$x[rows, ] - right[rows, ]))
cat(sprintf("largest residual of %d equations: %.1g\n", length(rows), residual))
stopifnot(residual < 1e-3, error < spread / 3)
