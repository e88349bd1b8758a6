"""Estimators of scikit-learn that compute with symbolic matrices: exact, and in the memory of their data and results.

Names, parameters and attributes are those of scikit-learn, which has to be installed (`pip install rkeops[sklearn]`).
"""

from __future__ import annotations

from .kernel_ridge import KernelRidge
from .neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from .pairwise import pairwise_distances, pairwise_kernels

__all__ = [
    "KNeighborsClassifier", "KNeighborsRegressor", "KernelRidge", "NearestNeighbors", "pairwise_distances",
    "pairwise_kernels",
]  # fmt: skip
