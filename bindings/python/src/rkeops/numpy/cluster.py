"""Clusters of points, and the ranges that keep pairs of them, by the names of pykeops.numpy.cluster."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError

__all__ = [
    "cluster_centroids", "cluster_ranges", "cluster_ranges_centroids", "from_matrix", "grid_cluster", "sort_clusters",
    "swap_axes",
]  # fmt: skip


def grid_cluster(x: Any, size: Any) -> Any:
    """The label of the cubic cell of each point: `x` has shape (M, D), `size` is the edge, one or one for each axis.

    Labels are 0, 1, 2 ... in the order of the cells; (M,) integers.

    >>> grid_cluster(np.array([[0.0, 0.1], [2.5, 0.0], [0.4, 0.3]]), 1.0)
    array([0, 1, 0])
    """
    if x.ndim != 2:
        raise ShapeError(f"x has shape {x.shape}; expected (M, D)")
    cells = np.floor(x / np.asarray(size)).astype(np.int64)
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)


def cluster_ranges(lab: Any, Nlab: Any = None) -> Any:
    """Where each cluster starts and ends among points that are sorted by their labels: (C, 2) integers.

    >>> cluster_ranges(np.array([0, 0, 1, 2, 2, 2]))
    array([[0, 2],
           [2, 3],
           [3, 6]])
    """
    counts = np.bincount(lab) if Nlab is None else np.asarray(Nlab)
    ends = np.cumsum(counts)
    return np.stack([ends - counts, ends], axis=1)


def cluster_centroids(x: Any, lab: Any, Nlab: Any = None, weights: Any = None, weights_c: Any = None) -> Any:
    """The mean of the points of each cluster, (C, D), with `weights` (M,) where they are given.

    >>> cluster_centroids(np.array([[0.0], [2.0], [5.0]]), np.array([0, 0, 1]))
    array([[1.],
           [5.]])
    """
    if weights is None:
        totals = np.bincount(lab).astype(x.dtype) if Nlab is None else np.asarray(Nlab)
        parts = x
    else:
        weights = np.asarray(weights)
        totals = np.bincount(lab, weights=weights) if weights_c is None else np.asarray(weights_c)
        parts = x * weights.reshape(-1, 1)
    sums = np.stack([np.bincount(lab, weights=column, minlength=len(totals)) for column in parts.T], axis=1)
    return (sums / totals.reshape(-1, 1)).astype(x.dtype)


def cluster_ranges_centroids(x: Any, lab: Any, weights: Any = None) -> tuple[Any, Any, Any]:
    """The ranges, the centroids and the weights of clusters; the weight of a point is 1 where none is given."""
    counts = np.bincount(lab)
    if weights is None:
        return cluster_ranges(lab, counts), cluster_centroids(x, lab, counts), counts.astype(x.dtype)
    totals = np.bincount(lab, weights=np.asarray(weights))
    centroids = cluster_centroids(x, lab, weights=weights, weights_c=totals)
    return cluster_ranges(lab, counts), centroids, totals.astype(x.dtype)


def sort_clusters(x: Any, lab: Any) -> tuple[Any, Any]:
    """An array, or a tuple of arrays, in the order of the labels, and the labels in order; equal ones stay as they are.

    >>> sort_clusters(np.array([[1.0], [2.0], [3.0]]), np.array([1, 0, 1]))
    (array([[2.],
           [1.],
           [3.]]), array([0, 1, 1]))
    """
    order = np.argsort(lab, kind="stable")
    taken = tuple(one[order] for one in x) if isinstance(x, tuple) else x[order]
    return taken, lab[order]


def from_matrix(ranges_i: Any, ranges_j: Any, keep: Any) -> tuple[Any, ...]:
    """The six lists of ranges that keep the pairs of clusters where `keep`, of shape (Mc, Nc), is true.

    `ranges_i` (Mc, 2) and `ranges_j` (Nc, 2) are those of `cluster_ranges`.
    """
    keep = np.asarray(keep, dtype=bool)
    if keep.shape != (len(ranges_i), len(ranges_j)):
        raise ArgumentError(f"keep has shape {keep.shape}; expected ({len(ranges_i)}, {len(ranges_j)})")
    return (*_half(ranges_i, ranges_j, keep), *_half(ranges_j, ranges_i, keep.T))


def _half(kept: Any, reduced: Any, keep: Any) -> tuple[Any, Any, Any]:
    """The rows of each cluster, where their part of the list ends, and the list of those that they meet."""
    _, partners = np.nonzero(keep)
    slices = np.cumsum(keep.sum(axis=1)).astype(np.int32)
    return np.asarray(kept, np.int32), slices, np.asarray(reduced, np.int32)[partners]


def swap_axes(ranges: Any) -> Any:
    """The ranges of the transposed matrix; None stays None."""
    return None if ranges is None else (*ranges[3:], *ranges[:3])
