"""Block-sparse matrices: 1 % of the blocks, kept by ranges, against the same number of pairs of a full matrix."""

from peers.ours import dense
from problems import gauss
from row import Row

N = 200_000
ROWS = [Row("Gaussian, D=3, 1 % of 100 x 100 blocks", gauss(3), N, N, [dense(0.8, share=100)], blocks=100)]
