"""One row of the matrix: a single pass over the memory of its columns."""

from dataclasses import replace

from peers.native import one_pass
from peers.ours import itself
from problems import gauss
from row import Row


def square(work):
    """As many pairs of two short arrays, which take arithmetic and no memory."""
    side = min(3_000, work.pairs)
    return replace(work, arrays=work.problem.arrays(side, side, work.dtype))


# Whichever of memory and arithmetic takes longer is as fast as it can be.
FLOOR = one_pass(0.7, or_slower=(itself("the rate of a square matrix", square),))
ROWS = [Row("Gaussian, D=3, 1 column, M=1", gauss(3), 1, 10_000_000, [FLOOR])]
