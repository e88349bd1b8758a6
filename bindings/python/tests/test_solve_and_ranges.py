"""Linear systems, and reductions over blocks of pairs."""

import numpy as np
import pytest
import torch

import rkeops
import rkeops.torch
from rkeops.numpy import Genred, KernelSolve, LazyTensor, Vi, Vj, cluster

rng = np.random.default_rng(1)
FORMULA, ALIASES = "Exp(-SqDist(x,y))*b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)"]


def test_solutions_of_numpy():
    x, b = rng.uniform(size=(30, 2)) * 3, rng.normal(size=(30, 2))
    K = np.exp(-((x[:, None] - x[None]) ** 2).sum(2))
    solution = KernelSolve(FORMULA, ALIASES, "b", axis=1)(x, x, b, alpha=0.1, eps=1e-10)
    np.testing.assert_allclose((K + 0.1 * np.eye(30)) @ solution, b, atol=1e-8)


def test_solutions_of_torch_have_derivatives():
    solve = rkeops.torch.KernelSolve(FORMULA, ALIASES, "b", axis=1)
    x = (torch.rand(6, 2, dtype=torch.float64) * 3).requires_grad_()
    b = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)

    def f(x, b):
        return solve(x, x, b, alpha=0.5, eps=1e-13)

    assert torch.autograd.gradcheck(f, (x, b))
    assert torch.autograd.gradgradcheck(f, (x, b))


def test_an_unknown_that_is_not_there():
    with pytest.raises(rkeops.errors.UnknownNameError, match="no variable `c`; known: x, y, b"):
        KernelSolve(FORMULA, ALIASES, "c")


def test_blocks_of_clusters():
    x, y = rng.uniform(size=(200, 2)), rng.uniform(size=(150, 2))
    labels = [cluster.grid_cluster(points, 0.25) for points in (x, y)]
    (x, labels_x), (y, labels_y) = (cluster.sort_clusters(*pair) for pair in zip((x, y), labels))
    ranges_x, centroids_x, _ = cluster.cluster_ranges_centroids(x, labels_x)
    ranges_y, centroids_y, _ = cluster.cluster_ranges_centroids(y, labels_y)
    keep = ((centroids_x[:, None] - centroids_y[None]) ** 2).sum(2) < 0.2
    ranges = cluster.from_matrix(ranges_x, ranges_y, keep)
    dense = np.exp(-((x[:, None] - y[None]) ** 2).sum(2)) * keep[labels_x][:, labels_y]
    K = (-((Vi(x) - Vj(y)) ** 2).sum(-1)).exp()
    K.ranges = ranges
    np.testing.assert_allclose(K.sum(axis=1)[:, 0], dense.sum(1))
    np.testing.assert_allclose(K.sum(axis=0)[:, 0], dense.sum(0))
    np.testing.assert_allclose(K.T @ np.ones(200), dense.sum(0))
    b = rng.normal(size=(150, 2))
    np.testing.assert_allclose(Genred(FORMULA, ALIASES, axis=1)(x, y, b, ranges=ranges), dense @ b)


def test_torch_and_numpy_have_the_same_clusters():
    x = rng.uniform(size=(100, 3)).astype("float32")
    x -= x.min(0)
    labels = cluster.grid_cluster(x, 0.3)
    np.testing.assert_array_equal(rkeops.torch.cluster.grid_cluster(torch.from_numpy(x), 0.3), labels)
    weights = rng.uniform(size=100).astype("float32")
    pairs = zip(
        cluster.cluster_ranges_centroids(x, labels, weights),
        rkeops.torch.cluster.cluster_ranges_centroids(*map(torch.from_numpy, (x, labels, weights))),
    )
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_six_lists():
    with pytest.raises(rkeops.errors.ArgumentError, match="ranges has 2 parts; expected 6"):
        LazyTensor(np.ones((3, 1, 2))).sum(axis=1, ranges=(1, 2))
