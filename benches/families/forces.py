"""Forces between particles, float64; the particles that act and those acted upon are one array."""

import numpy as np

from peers.native import forces
from problem import Problem
from problems import points, squares
from row import Row

N = 100_000
charges = lambda rng, shape: rng.choice([-1.0, 1.0], shape)


def coulomb(x, q, y, w):
    """Repulsion of like charges; a particle does not act on itself."""
    distances = squares(x, y)
    strengths = np.where(distances > 0, w[:, 0] / np.where(distances > 0, distances, 1) ** 1.5, 0)
    return q * (strengths @ (x - y))


def gravity(x, y, w, s):
    """Attraction by masses, softened within some distance."""
    return (w[:, 0] / (squares(x, y) + s) ** 1.5) @ (y - x)


COULOMB = Problem(
    "q*w*(x-y)*Pow(Rsqrt(SqDist(x,y)),3)",
    ("x=Vi(3)", "q=Vi(1)", "y=Vj(3)", "w=Vj(1)"),
    coulomb,
    draw={"q": charges, "w": charges},
)
GRAVITY = Problem(
    "w*(y-x)*Pow(Rsqrt(SqDist(x,y)+s),3)",
    (*points(3), "w=Vj(1)", "s=Pm(1)"),
    gravity,
    draw={"s": lambda rng, shape: np.full(shape, 1e-4)},
)
ROWS = [
    Row("Coulomb forces", COULOMB, N, N, [forces("coulomb", 1.3)], "float64", one_array=True),
    Row("gravity, softened", GRAVITY, N, N, [forces("gravity", 1.3)], "float64", one_array=True),
]
