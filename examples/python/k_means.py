"""The colours of a photograph in a few clusters, by Lloyd's algorithm, with NumPy.

Each step gives each point the nearest centre, an `argmin` over all of them, and moves each centre to the mean of its
points (Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28, 1982). The sum of
squared distances never grows; where no point changes its centre any more it has a local minimum. The photograph in
the colours of the centres is written as a picture.
"""

import numpy as np
from data import options, photograph, timed, write_png

from rkeops.numpy import LazyTensor


def nearest(x, centres):
    """The squared distance of each point to the nearest centre, and which one that is: both (N,)."""
    x_i, c_j = LazyTensor(x[:, None, :]), LazyTensor(centres[None, :, :])
    least, labels = ((x_i - c_j) ** 2).sum(-1).min_argmin(axis=1)
    return least[:, 0], labels[:, 0]


def k_means(x, clusters, steps):
    """Centres (clusters, D), the labels (N,) of the points, and the sums of squared distances of all steps."""
    centres = x[np.random.default_rng(0).permutation(len(x))[:clusters]]
    sums = []
    for _ in range(steps):
        distances, labels = nearest(x, centres)
        sums.append(distances.sum())
        if len(sums) > 1 and sums[-1] == sums[-2]:
            break
        counts = np.bincount(labels, minlength=clusters)
        totals = np.stack([np.bincount(labels, column, clusters) for column in x.T], axis=1)
        # A centre without points stays where it is.
        centres = np.where(counts[:, None] > 0, totals / np.maximum(counts, 1)[:, None], centres)
    return centres, nearest(x, centres)[1], sums


def main():
    chosen = options(__doc__, points=65536, clusters=16, steps=30)
    picture = photograph(side=int(np.sqrt(chosen.points)))
    x = picture.reshape(-1, 3)

    with timed(f"{len(x)} colours, {chosen.clusters} clusters"):
        centres, labels, sums = k_means(x, chosen.clusters, chosen.steps)
    print(f"{len(sums)} steps: mean squared distance from {sums[0] / len(x):.5f} to {sums[-1] / len(x):.5f}")

    assert all(after <= before * (1 + 1e-12) for before, after in zip(sums, sums[1:]))
    some = slice(None, None, max(1, len(x) // 1000))
    dense = ((x[some, None, :] - centres[None, :, :]) ** 2).sum(2)
    np.testing.assert_allclose(dense[np.arange(len(dense)), labels[some]], dense.min(axis=1), rtol=1e-12, atol=1e-15)
    write_png("k_means.png", centres[labels].reshape(picture.shape))


if __name__ == "__main__":
    main()
