"""Clusters of points, by the names of pykeops.numpy.cluster."""

from __future__ import annotations

from rkeops.numpy.cluster import (
    cluster_centroids,
    cluster_ranges,
    cluster_ranges_centroids,
    from_matrix,
    grid_cluster,
    sort_clusters,
    swap_axes,
)

__all__ = [
    "cluster_centroids", "cluster_ranges", "cluster_ranges_centroids", "from_matrix", "grid_cluster", "sort_clusters",
    "swap_axes",
]  # fmt: skip
