# The colours of a photograph in a few clusters, by Lloyd's algorithm.
#
# Each step gives each point the nearest centre, by one pass over all pairs of points and centres, and moves each centre
# to the mean of its points (Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28,
# 1982). The sum of squared distances never grows.
#
#     Rscript k_means.R [folder of the data files [number of clusters]]

suppressPackageStartupMessages(library(rkeops))

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[1] else "examples/data"
clusters <- if (length(arguments) > 1) as.integer(arguments[2]) else 16L

bytes <- readBin(file.path(folder, "astronaut_rgb_262144x3.u8"), "integer", 3 * 262144, size = 1, signed = FALSE)
colours <- matrix(bytes / 255, ncol = 3, byrow = TRUE)

# The operator is made once and called with other centres in each step.
nearest <- keops_kernel("Min_ArgMin_Reduction(SqDist(x, c), 1)", c("x=Vi(3)", "c=Vj(3)"))

lloyd <- function(points, centres, steps) {
    sums <- numeric()
    for (k in seq_len(steps)) {
        found <- nearest(list(points, centres))
        label <- found[[2]][, 1]
        sums[k] <- sum(found[[1]])
        if (k > 1 && sums[k] == sums[k - 1]) break
        size <- tabulate(label, nrow(centres))
        total <- rowsum(points, label)
        # A centre without points stays where it is.
        full <- as.integer(rownames(total))
        centres[full, ] <- total / size[full]
    }
    list(centres = centres, sums = sums)
}

set.seed(1)
start <- unique(colours)
start <- start[sample(nrow(start), clusters), ]
seconds <- system.time(found <- lloyd(colours, start, 25))[["elapsed"]]
sums <- found$sums
cat(sprintf("%d colours, %d clusters, %d steps: %.2f s\n", nrow(colours), clusters, length(sums), seconds))
cat(sprintf("mean squared distance from %.5f to %.5f\n", sums[1] / nrow(colours), sums[length(sums)] / nrow(colours)))

# R's own algorithm, from the same centres on some of the colours; and the nearest centres by a whole matrix.
some <- seq(1, nrow(colours), by = 64)
own <- lloyd(colours[some, ], start, 100)
other <- suppressWarnings(kmeans(colours[some, ], start, iter.max = 100, algorithm = "Lloyd"))
label <- nearest(list(colours[some, ], found$centres))[[2]][, 1]
squares <- 0
for (k in 1:3) squares <- squares + outer(colours[some, k], found$centres[, k], "-")^2
stopifnot(
    diff(sums) <= 1e-12 * sums[1],
    isTRUE(all.equal(squares[cbind(seq_along(some), label)], apply(squares, 1, min), tolerance = 1e-12)),
    isTRUE(all.equal(own$centres, unname(other$centers), tolerance = 1e-8))
)
cat("kmeans() of R finds the same centres\n")
