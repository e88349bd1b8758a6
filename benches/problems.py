"""Problems that several families share."""

import math

import numpy as np

from problem import Problem


def cloud(dimension):
    """Points of a cube that shrinks as its dimension grows, so that distances stay those of three dimensions."""
    side = math.sqrt(3 / dimension)
    return {name: lambda rng, shape: side * rng.random(shape) for name in ("x", "y")}


def points(dimension):
    """The aliases of rows of i and of j."""
    return f"x=Vi({dimension})", f"y=Vj({dimension})"


def squares(x, y):
    """Squared distances of one point to all others."""
    return ((x - y) ** 2).sum(axis=1)


def gauss(dimension, columns=1):
    """Positive weights: all sums are of positive terms."""
    return Problem(
        "Exp(-SqDist(x,y))*b",
        (*points(dimension), f"b=Vj({columns})"),
        lambda x, y, b: np.exp(-squares(x, y)) @ b,
        draw=cloud(dimension),
    )


def gauss_gradient(dimension):
    """The derivative of the Gaussian sum in x."""
    return Problem(
        "Exp(-SqDist(x,y))*b",
        (*points(dimension), "b=Vj(1)", "e=Vi(1)"),
        lambda x, y, b, e: e * ((-2 * np.exp(-squares(x, y)) * b[:, 0]) @ (x - y)),
        gradient=True,
        draw=cloud(dimension),
    )
