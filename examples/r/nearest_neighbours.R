# The nearest neighbours of each vertex of a rabbit, and what they tell of its surface.
#
# The vertices are points in three dimensions. For each the six nearest others are found by one pass over all pairs:
# the matrix of distances is never stored. A plane through a point and its neighbours gives the normal of the surface
# there: it is the direction in which these points vary least (Hoppe et al., "Surface reconstruction from unorganized
# points", SIGGRAPH 1992).
#
#     Rscript nearest_neighbours.R [folder of the data files]

suppressPackageStartupMessages(library(rkeops))

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[1] else "examples/data"
bunny <- as.matrix(read.csv(file.path(folder, "bunny.csv")))
count <- nrow(bunny)
neighbours <- 6L

# The nearest of all is the point itself, so one more is asked for.
nearest <- Kmin_argKmin(sqdist(Vi(bunny), Vj(bunny)), neighbours + 1L, "j")
distances <- sqrt(nearest$value[, -1])
cat(sprintf("%d vertices, %d neighbours of each: from %.4f to %.4f away, %.4f in the mean\n",
    count, neighbours, min(distances), max(distances), mean(distances)))

normals <- t(apply(nearest$index, 1, function(own) svd(scale(bunny[own, ], scale = FALSE), nu = 0)$v[, 3]))
along <- abs(rowSums(normals * normals[nearest$index[, 2], ]))
cat(sprintf("normals of nearest neighbours differ by %.1f degrees in the median\n", median(acos(pmin(along, 1))) * 180 / pi))

# All pairs at once, as R has them.
everything <- as.matrix(dist(bunny))
expected <- t(apply(everything, 1, order))[, seq_len(neighbours + 1L)]
at <- function(index) matrix(everything[cbind(rep(seq_len(count), ncol(index)), as.vector(index))], count)
# Places may be exchanged where distances are equal, so distances are compared.
stopifnot(
    identical(nearest$index[, 1], seq_len(count)),
    isTRUE(all.equal(at(nearest$index), at(expected), tolerance = 1e-12)),
    isTRUE(all.equal(sqrt(nearest$value), at(expected), tolerance = 1e-12))
)
cat("the whole matrix of distances gives the same\n")
