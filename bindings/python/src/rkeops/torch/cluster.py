"""Clusters of points, and the ranges that keep pairs of them, by the names of pykeops.torch.cluster."""

from __future__ import annotations

from typing import Any

import torch

from ..errors import ArgumentError, ShapeError
from ..numpy.cluster import swap_axes

__all__ = [
    "cluster_centroids", "cluster_ranges", "cluster_ranges_centroids", "from_matrix", "grid_cluster", "sort_clusters",
    "swap_axes",
]  # fmt: skip


def grid_cluster(x: Any, size: Any) -> Any:
    """The label of the cubic cell of each point: `x` has shape (M, D), `size` is the edge, one or one for each axis.

    Labels are 0, 1, 2 ... in the order of the cells; (M,) int32.

    >>> grid_cluster(torch.tensor([[0.0, 0.1], [2.5, 0.0], [0.4, 0.3]]), 1.0)
    tensor([0, 1, 0], dtype=torch.int32)
    """
    with torch.no_grad():
        if x.dim() != 2:
            raise ShapeError(f"x has shape {tuple(x.shape)}; expected (M, D)")
        size = torch.as_tensor(size, dtype=x.dtype, device=x.device)
        cells = ((x - x.min(0).values) / size).floor().long() if len(x) else x.long()
        return torch.unique(cells, dim=0, return_inverse=True)[1].int()


def cluster_ranges(lab: Any, Nlab: Any = None) -> Any:
    """Where each cluster starts and ends among points that are sorted by their labels: (C, 2) int32.

    >>> cluster_ranges(torch.tensor([0, 0, 1, 2, 2, 2])).tolist()
    [[0, 2], [2, 3], [3, 6]]
    """
    counts = torch.bincount(lab.long()) if Nlab is None else Nlab
    ends = torch.cumsum(counts.long(), 0)
    return torch.stack([ends - counts.long(), ends], dim=1).int()


def cluster_centroids(x: Any, lab: Any, Nlab: Any = None, weights: Any = None, weights_c: Any = None) -> Any:
    """The mean of the points of each cluster, (C, D), with `weights` (M,) where they are given.

    >>> cluster_centroids(torch.tensor([[0.0], [2.0], [5.0]]), torch.tensor([0, 0, 1])).tolist()
    [[1.0], [5.0]]
    """
    lab = lab.long()
    if weights is None:
        totals = (torch.bincount(lab) if Nlab is None else Nlab).to(x.dtype)
        parts = x
    else:
        totals = torch.bincount(lab, weights=weights.view(-1)).to(x.dtype) if weights_c is None else weights_c
        parts = x * weights.reshape(-1, 1)
    sums = torch.zeros(len(totals), x.shape[1], dtype=x.dtype, device=x.device).index_add(0, lab, parts)
    return sums / totals.reshape(-1, 1)


def cluster_ranges_centroids(x: Any, lab: Any, weights: Any = None, min_weight: float = 1e-9) -> tuple[Any, Any, Any]:
    """The ranges, the centroids and the weights of clusters; the weight of a point is 1 where none is given.

    Clusters that weigh less than `min_weight` are taken to weigh that much, so that no centroid is a quotient of zeros.
    """
    counts = torch.bincount(lab.long()).to(x.dtype)
    if weights is None:
        return cluster_ranges(lab, counts), cluster_centroids(x, lab, counts), counts
    totals = torch.bincount(lab.long(), weights=weights.view(-1)).to(x.dtype).clamp(min=min_weight)
    centroids = cluster_centroids(x, lab, weights=weights, weights_c=totals)
    return cluster_ranges(lab, counts), centroids, totals


def sort_clusters(x: Any, lab: Any) -> tuple[Any, Any]:
    """A tensor, or a tuple of tensors, in the order of the labels, and the labels in order; equal ones stay as they are."""
    sorted_labels, order = torch.sort(lab.view(-1), stable=True)
    return (tuple(one[order] for one in x) if isinstance(x, tuple) else x[order]), sorted_labels


def from_matrix(ranges_i: Any, ranges_j: Any, keep: Any) -> tuple[Any, ...]:
    """The six lists of ranges that keep the pairs of clusters where `keep`, of shape (Mc, Nc), is true.

    `ranges_i` (Mc, 2) and `ranges_j` (Nc, 2) are those of `cluster_ranges`.
    """
    if tuple(keep.shape) != (len(ranges_i), len(ranges_j)):
        raise ArgumentError(f"keep has shape {tuple(keep.shape)}; expected ({len(ranges_i)}, {len(ranges_j)})")
    keep = keep.bool()
    return (*_half(ranges_i, ranges_j, keep), *_half(ranges_j, ranges_i, keep.t()))


def _half(kept: Any, reduced: Any, keep: Any) -> tuple[Any, Any, Any]:
    """The rows of each cluster, where their part of the list ends, and the list of those that they meet."""
    partners = keep.nonzero()[:, 1]
    return kept.int(), keep.sum(1).cumsum(0).int(), reduced.int()[partners]
