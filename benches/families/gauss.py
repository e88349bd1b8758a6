"""Gaussian sums in three dimensions, one column: the founding kernel against everybody."""

from peers.blas import chunked_numpy
from peers.keops import pykeops
from peers.loops import numba
from peers.native import yardstick
from peers.ours import on_a_copy
from problems import gauss
from row import Row

N = 100_000
WORK = "Gaussian, D=3, 1 column"
EVERYBODY = [yardstick(1.15), pykeops(26, share=50), numba(share=5), chunked_numpy(share=20), yardstick(flag="avx512f")]
ROWS = [
    Row(WORK, gauss(3), N, N, EVERYBODY),
    Row(WORK, gauss(3), N, N, [yardstick(1.15), pykeops(26, share=50)], target="avx2"),
    Row(WORK, gauss(3), N, N, [pykeops(6, share=50)], target="portable"),
    Row(f"{WORK}, x and y one array", gauss(3), N, N, [on_a_copy(1.5)], one_array=True),
    Row(WORK, gauss(3), N, N, [pykeops(7, share=50), numba(share=10), chunked_numpy(share=20)], "float64"),
]
