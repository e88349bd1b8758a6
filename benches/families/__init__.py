"""The rows of the comparison: a file for each family, whose `ROWS` are all that it has."""

# In the order in which they run.
NAMES = ["gauss", "founding", "kernels", "dimensions", "columns", "neighbours", "kmeans", "attention", "sinkhorn"]
NAMES += ["forces", "fourier", "onerow", "batch", "blocks", "limits", "python"]
