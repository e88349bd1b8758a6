"""A step of Sinkhorn's algorithm: log-sum-exp of dual weights minus squared distances over a temperature."""

import numpy as np

from peers.keops import geomloss, pykeops
from problem import Problem
from problems import cloud, points, squares
from row import Row

BLUR = 0.05  # GeomLoss' default; the temperature is its square


def step(x, y, h, p):
    """One row, with the largest exponent taken out."""
    exponents = h[:, 0] - p * squares(x, y) / 2
    largest = exponents.max()
    return largest + np.log(np.exp(exponents - largest).sum())


def sinkhorn(dimension):
    """h = log-weights and potential over temperature; p = 1 / temperature."""
    draw = {
        **cloud(dimension),
        "h": lambda rng, shape: rng.random(shape) - np.log(shape[0]),
        "p": lambda rng, shape: np.full(shape, BLUR**-2),
    }
    aliases = (*points(dimension), "h=Vj(1)", "p=Pm(1)")
    return Problem("h-p*(SqDist(x,y)/IntCst(2))", aliases, step, "LogSumExp", draw=draw)


ROWS = [
    Row("Sinkhorn step, D=3", sinkhorn(3), 40_000, 40_000, [pykeops(15), geomloss(15)]),
    Row("Sinkhorn step, D=64", sinkhorn(64), 20_000, 20_000, [pykeops(15, share=40), geomloss(15, share=40)]),
]
