"""Kernels of statistics and their gradients in x, in three dimensions."""

import numpy as np

from peers.keops import pykeops
from problem import Problem
from problems import cloud, points, squares
from row import Row

N = 40_000
ROOT = "Sqrt(IntCst({})*SqDist(x,y))"
R3, R5 = ROOT.format(3), ROOT.format(5)

# Name, formula, value and derivative as functions of the squared distance s, whether it has a transcendental function.
RADIAL = [
    ("Gaussian", "Exp(-SqDist(x,y))", lambda s: np.exp(-s), lambda s: -np.exp(-s), True),
    (
        "Laplacian",
        "Exp(-Sqrt(SqDist(x,y)))",
        lambda s: np.exp(-(s**0.5)),
        lambda s: -np.exp(-(s**0.5)) / (2 * s**0.5),
        True,
    ),
    (
        "Matern 3/2",
        f"(IntCst(1)+{R3})*Exp(-{R3})",
        lambda s: (1 + (3 * s) ** 0.5) * np.exp(-((3 * s) ** 0.5)),
        lambda s: -1.5 * np.exp(-((3 * s) ** 0.5)),
        True,
    ),
    (
        "Matern 5/2, times 3",  # pykeops rounds a third to float32
        f"(IntCst(3)+IntCst(3)*{R5}+IntCst(5)*SqDist(x,y))*Exp(-{R5})",
        lambda s: (3 + 3 * (5 * s) ** 0.5 + 5 * s) * np.exp(-((5 * s) ** 0.5)),
        lambda s: -5 / 2 * (1 + (5 * s) ** 0.5) * np.exp(-((5 * s) ** 0.5)),
        True,
    ),
    (
        "inverse multiquadric",
        "Rsqrt(IntCst(1)+SqDist(x,y))",
        lambda s: (1 + s) ** -0.5,
        lambda s: -0.5 * (1 + s) ** -1.5,
        False,
    ),
    (
        "rational quadratic",
        "Inv(IntCst(1)+SqDist(x,y)/IntCst(2))",
        lambda s: 1 / (1 + s / 2),
        lambda s: -0.5 / (1 + s / 2) ** 2,
        False,
    ),
]


def problem(formula, exact, gradient):
    """Sums of a kernel with weights b, or their gradient for a cotangent e."""
    aliases = (*points(3), "b=Vj(1)", *(["e=Vi(1)"] if gradient else []))
    return Problem(f"{formula}*b", aliases, exact, gradient=gradient, draw=cloud(3))


def radial(formula, value, slope):
    """Value and gradient of a function of the squared distance."""
    yield "", problem(formula, lambda x, y, b: value(squares(x, y)) @ b, False)
    exact = lambda x, y, b, e: e * ((2 * slope(squares(x, y)) * b[:, 0]) @ (x - y))
    yield ", gradient in x", problem(formula, exact, True)


def directions(x, y):
    """The directions of x and of all y, the cosines of the angles between them, and the length of x."""
    length, lengths = np.sqrt(x @ x), np.sqrt((y * y).sum(axis=1, keepdims=True))
    return x / length, y / lengths, (y / lengths) @ (x / length), length


def cosine_gradient(x, y, b, e):
    """What is left of the directions of y beside that of x, over the length of x."""
    direction, others, cosines, length = directions(x, y)
    return e * (b[:, 0] @ (others - cosines[:, None] * direction)) / length


def cosine():
    """Value and gradient of the cosine of the angle between two points."""
    formula = "(Normalize(x)|Normalize(y))"
    yield "", problem(formula, lambda x, y, b: directions(x, y)[2] @ b, False)
    yield ", gradient in x", problem(formula, cosine_gradient, True)


KERNELS = [(name, list(radial(formula, value, slope)), hard) for name, formula, value, slope, hard in RADIAL]
KERNELS.append(("cosine", list(cosine()), False))
ROWS = [
    Row(f"{name}{part}", kernel, N, N, [pykeops(least)], dtype)
    for dtype in ("float32", "float64")
    for name, parts, transcendental in KERNELS
    for part, kernel in parts
    for least in [15 if dtype == "float32" else 7 if transcendental else 5]
]
