"""Fourier sums between points that lie on no grid: complex weights times complex exponentials."""

import numpy as np

from peers.keops import pykeops
from peers.loops import numba_fourier
from problem import Problem
from problems import points
from row import Row

N = 40_000


def sums(x, y, c):
    """Real and imaginary part of the sum of c_j exp(i x.y_j)."""
    total = np.exp(1j * (y @ x)) @ (c[:, 0] + 1j * c[:, 1])
    return np.array([total.real, total.imag])


FOURIER = Problem(
    "ComplexMult(ComplexExp1j(x|y),c)",
    (*points(3), "c=Vj(2)"),
    sums,
    draw={
        "x": lambda rng, shape: rng.uniform(-np.pi, np.pi, shape),
        "y": lambda rng, shape: rng.uniform(-16, 16, shape),  # frequencies
        "c": lambda rng, shape: rng.standard_normal(shape),
    },
    rounding=4,  # a phase of 100 has no more than five digits after the point in float32
)
ROWS = [
    Row("Fourier sums, D=3", FOURIER, N, N, [pykeops(15), numba_fourier(3)]),
    Row("Fourier sums, D=3", FOURIER, N, N, [pykeops(), numba_fourier()], "float64"),
]
