"""Gaussian sums, one column, from 10 dimensions to the 784 pixels of a digit."""

from peers.blas import chunked_numpy, matrix_product
from peers.keops import pykeops
from problems import gauss
from row import Row


def row(dimension, n, against):
    """Sums of n Gaussians at n points."""
    return Row(f"Gaussian, D={dimension}, 1 column", gauss(dimension), n, n, against)


ROWS = [
    row(10, 40_000, [pykeops(25, share=20)]),
    row(32, 30_000, [pykeops(25, share=40)]),
    row(64, 20_000, [pykeops(25, share=40)]),
    row(100, 20_000, [pykeops(40, share=80)]),
    row(784, 10_000, [pykeops(45, share=80), chunked_numpy(1.3, share=2), matrix_product(0.75)]),
]
