"""A photograph from a quarter of its pixels, by kernel interpolation with NumPy.

Colours are known at some pixels x_j and wanted at all pixels x. The interpolant is

    f(x) = mean + sum_j k(x, x_j) a_j,    (K + alpha Id) a = colours - mean,    k(x, y) = exp(-|x - y| / s)

a is found by conjugate gradients, of which each step is a product with K; f is one more product. This is simple
kriging with an exponential covariance (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006,
chapter 2). The pixels that are known and what becomes of them are written as pictures.
"""

import numpy as np
from data import options, photograph, timed, write_png

from rkeops.numpy import KernelSolve, LazyTensor

SCALE, ALPHA, TOLERANCE = 10.0, 1e-2, 1e-3


def kernel(x, y):
    """exp(-|x_i - y_j| / s), never stored."""
    x_i, y_j = LazyTensor(x[:, None, :]), LazyTensor(y[None, :, :])
    return (-((x_i - y_j) ** 2).sum(-1).sqrt() / SCALE).exp()


def main():
    points = options(__doc__, points=4096).points
    picture = photograph(side=int(np.sqrt(4 * points)))
    pixels = np.indices(picture.shape[:2]).reshape(2, -1).T.astype(float)
    colours = picture.reshape(-1, 3)
    known = np.random.default_rng(0).permutation(len(pixels))[: len(pixels) // 4]
    x, mean = pixels[known], colours[known].mean(axis=0)
    b = colours[known] - mean

    with timed(f"a linear system of {len(x)} pixels, for 3 colours"):
        system = "Exp(-Norm2(x - y) / s) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(3)", "s = Pm(1)"]
        a = KernelSolve(*system, "a", axis=1)(x, x, b, SCALE, alpha=ALPHA, eps=TOLERANCE)
    with timed(f"{len(pixels)} pixels from {len(x)}"):
        found = mean + kernel(pixels, x) @ a

    rows = slice(0, 200)
    dense = np.exp(-np.sqrt(((x[rows, None, :] - x[None, :, :]) ** 2).sum(2)) / SCALE)
    residual = dense @ a + ALPHA * a[rows] - b[rows]
    assert np.abs(residual).max() < 20 * TOLERANCE, np.abs(residual).max()
    unknown = np.setdiff1d(np.arange(len(pixels)), known)
    error, spread = np.sqrt(((found - colours)[unknown] ** 2).mean()), colours[unknown].std(axis=0).mean()
    print(f"root mean square error where nothing was known: {error:.4f}, of colours that spread by {spread:.4f}")
    assert error < spread / 3

    sparse = np.zeros_like(colours)
    sparse[known] = colours[known]
    write_png("pixels_known.png", sparse.reshape(picture.shape))
    write_png("pixels_interpolated.png", found.reshape(picture.shape))


if __name__ == "__main__":
    main()
