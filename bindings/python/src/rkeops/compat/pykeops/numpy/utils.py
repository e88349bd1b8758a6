"""Dense computations with NumPy that programs compare with."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeops.compat.radial import derivatives, logarithms, squared_distances, values
from rkeops.errors import ArgumentError

from ..common import utils

__all__ = [
    "WarmUpGpu", "chain_rules", "differences", "grad_np_kernel", "log_np_kernel", "log_sum_exp", "np_kernel",
    "np_kernel_sphere", "squared_distances",
]  # fmt: skip


def WarmUpGpu() -> None:
    """Accepts the wish to have a GPU made ready."""
    utils.WarmUpGpu("numpy")


def differences(x: Any, y: Any) -> Any:
    """The differences (D, M, N) of points (M, D) and (N, D).

    >>> differences(np.array([[1.0], [2.0]]), np.array([[5.0]]))
    array([[[-4.],
            [-3.]]])
    """
    return x.T[:, :, None] - y.T[:, None, :]


def np_kernel(x: Any, y: Any, s: Any, kernel: str) -> Any:
    """The matrix (M, N) of a kernel of the scale `s`: "gaussian", "laplacian", "cauchy" or "inverse_multiquadric".

    >>> np_kernel(np.array([[0.0]]), np.array([[0.0], [3.0]]), 3.0, "cauchy")
    array([[1. , 0.5]])
    """
    return values(np, x, y, s, kernel)


def log_np_kernel(x: Any, y: Any, s: Any, kernel: str) -> Any:
    """The logarithms of `np_kernel`."""
    return logarithms(np, x, y, s, kernel)


def grad_np_kernel(x: Any, y: Any, s: Any, kernel: str) -> Any:
    """The derivatives of `np_kernel` with respect to the squared distances; at 0 the laplacian's is -inf."""
    with np.errstate(divide="ignore"):
        return derivatives(np, x, y, s, kernel)


def np_kernel_sphere(nalpha: Any, nbeta: Any, s: Any, kernel: str) -> Any:
    """The matrix (M, N) of a kernel of unit vectors (M, D) and (N, D).

    `kernel` is "linear", "binet", which is its square, "gaussian_oriented" or, where opposite vectors are the same,
    "gaussian_unoriented".
    """
    cosines = nalpha @ nbeta.T
    if kernel == "linear":
        return cosines
    if kernel == "binet":
        return cosines**2
    if kernel == "gaussian_oriented":
        return np.exp(2 * (cosines - 1) / (s * s))
    if kernel == "gaussian_unoriented":
        return np.exp(2 * (cosines**2 - 1) / (s * s))
    expected = "linear, binet, gaussian_oriented, gaussian_unoriented"
    raise ArgumentError(f"kernel is {kernel!r}; expected one of {expected}")


def chain_rules(q: Any, ax: Any, by: Any, Aa: Any, p: Any) -> Any:
    """The gradient (M, D) with respect to points `ax` of the sum of q_i p_j k(|ax_i - by_j|^2).

    `Aa` (M, N) are the derivatives of the kernel as `grad_np_kernel` has them; `q` is (M, E), `by` (N, D), `p` (N, E).
    """
    weights = 2 * Aa * (q @ p.T)
    return weights.sum(1, keepdims=True) * ax - weights @ by


def log_sum_exp(mat: Any, axis: int = 0) -> Any:
    """The logarithm of the sum of exponentials along an axis, which does not overflow.

    >>> log_sum_exp(np.array([[1000.0, 1000.0]]), axis=1) - 1000
    array([0.69314718])
    """
    top = mat.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(mat - top).sum(axis))
