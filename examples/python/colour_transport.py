"""A photograph at sunset: its colours are moved to those of a palette by optimal transport, with NumPy.

Sinkhorn's algorithm finds potentials f and g of the transport plan that is optimal up to an entropy of weight eps,

    P[i,j] = exp((f_i + g_j - |x_i - y_j|^2) / eps) / (M N),

one after the other, as a `logsumexp` over all pairs: in logarithms, so that no eps is too small (Peyré and Cuturi,
"Computational Optimal Transport", 2019, chapter 4.4). f then follows from g at any colour, not only at those that
took part, and the mean of the palette with the weights of the plan, a `sumsoftmaxweight`, is where a colour goes
(Pooladian and Niles-Weed, "Entropic estimation of optimal transport maps", 2021).
"""

import numpy as np
from data import options, photograph, timed, write_png

from rkeops.numpy import LazyTensor

#: From the ground to the sky.
SUNSET = np.array([[0.08, 0.03, 0.15], [0.35, 0.1, 0.3], [0.85, 0.3, 0.25], [0.98, 0.6, 0.3], [1.0, 0.92, 0.75]])


def exponent(x, y, g, eps):
    """(g_j - |x_i - y_j|^2) / eps, never stored."""
    x_i, y_j, g_j = LazyTensor(x[:, None, :]), LazyTensor(y[None, :, :]), LazyTensor(g[None, :, None])
    return (g_j - ((x_i - y_j) ** 2).sum(-1)) / eps


def potential(x, y, g, eps):
    """The f, (M,), with which the rows of the plan have the mass 1 / M."""
    return -eps * (exponent(x, y, g, eps).logsumexp(axis=1)[:, 0] - np.log(len(y)))


def sinkhorn(x, y, eps, steps):
    """The potentials of points x and y. The entropy decreases to eps: that takes fewer steps than eps alone."""
    f, g = np.zeros(len(x)), np.zeros(len(y))
    for weight in np.maximum(eps, np.geomspace(1, eps / 10, steps)):
        g = potential(y, x, f, weight)
        f = potential(x, y, g, weight)
    return f, g


def main():
    chosen = options(__doc__, points=2000, steps=100)
    eps = 0.02
    rng = np.random.default_rng(0)
    picture = photograph(side=256)
    pixels = picture.reshape(-1, 3)
    x = pixels[rng.integers(len(pixels), size=chosen.points)]
    place = rng.uniform(0, len(SUNSET) - 1, size=chosen.points)
    line = np.stack([np.interp(place, range(len(SUNSET)), channel) for channel in SUNSET.T], axis=1)
    y = np.clip(line + 0.03 * rng.normal(size=line.shape), 0, 1)

    with timed(f"{chosen.steps} steps of Sinkhorn's algorithm for {len(x)} times {len(y)} colours"):
        f, g = sinkhorn(x, y, eps, chosen.steps)
    print(f"cost of transport: {f.mean() + g.mean():.5f}")
    with timed(f"new colours of {len(pixels)} pixels"):
        y_j = LazyTensor(y[None, :, :])
        moved = exponent(pixels, y, g, eps).sumsoftmaxweight(y_j, axis=1)

    # The whole plan: rows and columns have equal masses, and its cost and entropy are what the potentials say.
    cost = ((x[:, None, :] - y[None, :, :]) ** 2).sum(2)
    plan = np.exp((f[:, None] + g[None, :] - cost) / eps) / cost.size
    np.testing.assert_allclose(plan.sum(axis=1), 1 / len(x), rtol=1e-9)
    wrong = np.abs(plan.sum(axis=0) - 1 / len(y)).sum()
    print(f"mass that misses its place: {100 * wrong:.3f} %")
    assert wrong < 0.01
    primal = (plan * cost).sum() + eps * (plan * np.log(plan * cost.size + 1e-300)).sum()
    np.testing.assert_allclose(f.mean() + g.mean(), primal, rtol=1e-2)
    write_png("sunset_before.png", picture)
    write_png("sunset.png", moved.reshape(picture.shape))


if __name__ == "__main__":
    main()
