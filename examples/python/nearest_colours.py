"""A photograph in 27 colours, with NumPy: for each pixel the two nearest ones of a palette, mixed by ordered dithering.

`Kmin_argKmin` finds the two nearest colours of each pixel and how far they are. Of these the pixel gets the second
one where its share of the mixture, from the place of the pixel's colour between the two, exceeds a threshold;
thresholds are Bayer's matrix, repeated over the picture ("An optimum method for two-level rendition of
continuous-tone pictures", IEEE International Conference on Communications, 1973). Seen from afar, the mixture is
closer to the photograph than the nearest colours are.
"""

import numpy as np
from data import options, photograph, timed, write_png

from rkeops.numpy import LazyTensor

#: Each of red, green and blue is 0, 1/2 or 1.
PALETTE = np.stack(np.meshgrid(*[np.linspace(0, 1, 3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def bayer(order):
    """Thresholds between 0 and 1, (2^order, 2^order), of which neighbours are far apart."""
    matrix = np.zeros((1, 1))
    for _ in range(order):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return (matrix + 0.5) / matrix.size


def seen_from_afar(picture, size=8):
    """The means of squares of so many pixels."""
    height, width, _ = picture.shape
    return picture.reshape(height // size, size, width // size, size, 3).mean(axis=(1, 3))


def main():
    side = int(np.sqrt(options(__doc__, points=65536).points)) // 8 * 8
    picture = photograph(side)
    x = picture.reshape(-1, 3)

    with timed(f"two nearest ones of {len(PALETTE)} colours for {len(x)} pixels"):
        x_i, y_j = LazyTensor(x[:, None, :]), LazyTensor(PALETTE[None, :, :])
        distances, indices = ((x_i - y_j) ** 2).sum(-1).Kmin_argKmin(2, axis=1)

    first, second = PALETTE[indices[:, 0]], PALETTE[indices[:, 1]]
    # The place of x on the line from the first colour to the second, 0 to 1/2.
    share = ((x - first) * (second - first)).sum(1) / ((second - first) ** 2).sum(1)
    thresholds = np.tile(bayer(3), (side // 8, side // 8)).reshape(-1)
    mixed = np.where((share > thresholds)[:, None], second, first)

    dense = ((x[:1000, None, :] - PALETTE[None, :, :]) ** 2).sum(2)
    np.testing.assert_allclose(distances[:1000], np.sort(dense, axis=1)[:, :2], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(np.take_along_axis(dense, indices[:1000], axis=1), distances[:1000], atol=1e-15)
    errors = {}
    for name, colours in (("nearest", first), ("dithered", mixed)):
        written = colours.reshape(picture.shape)
        errors[name] = np.abs(seen_from_afar(written) - seen_from_afar(picture)).mean()
        print(f"{name}: from afar, colours differ by {errors[name]:.4f}")
        write_png(f"colours_{name}.png", written)
    assert errors["dithered"] < errors["nearest"]


if __name__ == "__main__":
    main()
