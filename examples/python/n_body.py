"""A star cluster under its own gravitation, with NumPy: the leapfrog, of which the energy stays where it was.

    acceleration_i = sum_j m (x_j - x_i) / (|x_i - x_j|^2 + e^2)^(3/2)

Stars start as a sphere of Plummer in equilibrium (Aarseth, Hénon and Wielen, "A comparison of numerical methods for
the study of star cluster dynamics", Astronomy and Astrophysics 37, 1974), in units where the gravitational constant,
the mass of the cluster and its scale are 1; e softens encounters. Kick, drift, kick is symplectic: the error of the
energy does not grow with time (Hairer, Lubich and Wanner, "Geometric numerical integration", 2006, chapter 1).
"""

import numpy as np
from data import options, timed

from rkeops.numpy import LazyTensor

SOFTENING, STEP = 0.05, 0.01


def plummer(stars, rng):
    """Places and velocities, both (N, 3), of a cluster whose centre is at rest at 0."""

    def directions():
        vectors = rng.normal(size=(stars, 3))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    # The mass within the radius r is (1 + 1/r^2)^(-3/2); the few stars that are far out are left out.
    radius = (rng.uniform(0, 0.99, size=(stars, 1)) ** (-2 / 3) - 1) ** -0.5
    # The speed over that of escape has the density q^2 (1 - q^2)^(7/2): its square has a beta distribution.
    speed = np.sqrt(rng.beta(1.5, 4.5, size=(stars, 1))) * np.sqrt(2) * (1 + radius**2) ** -0.25
    x, v = radius * directions(), speed * directions()
    return x - x.mean(axis=0), v - v.mean(axis=0)


def between(x):
    """Differences x_j - x_i and softened squared distances, never stored."""
    x_i, x_j = LazyTensor(x[:, None, :]), LazyTensor(x[None, :, :])
    return x_j - x_i, ((x_j - x_i) ** 2).sum(-1) + SOFTENING**2


def acceleration(x):
    """What pulls each star, (N, 3)."""
    difference, distance = between(x)
    return (difference * distance.rsqrt() ** 3).sum(axis=1) / len(x)


def energy(x, v):
    """Kinetic energy and that of the pairs, each once."""
    _, distance = between(x)
    potential = distance.rsqrt().sum(axis=1) - 1 / SOFTENING
    return 0.5 * (v**2).sum() / len(x) - 0.5 * potential.sum() / len(x) ** 2


def main():
    chosen = options(__doc__, points=2000, steps=200)
    x, v = plummer(chosen.points, np.random.default_rng(0))
    some = slice(0, 100)
    difference = x[None, :, :] - x[some, None, :]
    dense = (difference / ((difference**2).sum(2, keepdims=True) + SOFTENING**2) ** 1.5).mean(axis=1)
    a = acceleration(x)
    np.testing.assert_allclose(a[some], dense, rtol=1e-9, atol=1e-12)

    before = energy(x, v)
    with timed(f"{chosen.steps} steps of {len(x)} stars"):
        for _ in range(chosen.steps):
            v = v + 0.5 * STEP * a
            x = x + STEP * v
            a = acceleration(x)
            v = v + 0.5 * STEP * a
    after = energy(x, v)
    change = abs(after - before) / abs(before)
    print(f"energy: {before:.8f}; after {chosen.steps * STEP:.3g} units of time it has changed by {100 * change:.2g} %")
    print(f"momentum: {np.abs(v.mean(axis=0)).max():.2g}")
    assert change < 1e-4
    assert np.abs(v.mean(axis=0)).max() < 1e-12


if __name__ == "__main__":
    main()
