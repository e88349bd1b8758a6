"""Gaussian kernel matrices times matrices of many columns."""

from peers.blas import chunked_numpy
from peers.keops import pykeops
from problems import gauss
from row import Row

ROWS = [
    Row("Gaussian, D=3, 64 columns", gauss(3, 64), 20_000, 20_000, [pykeops(30, share=20), chunked_numpy(2, share=4)]),
    Row(
        "Gaussian, D=3, 512 columns", gauss(3, 512), 10_000, 10_000, [pykeops(30, share=40), chunked_numpy(2, share=4)]
    ),
]
