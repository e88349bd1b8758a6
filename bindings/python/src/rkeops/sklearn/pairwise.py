"""Distances and kernels of points as symbolic matrices, by the names of `sklearn.metrics.pairwise`."""

from __future__ import annotations

import math
from typing import Any, Callable, NamedTuple, Union

import numpy as np
from sklearn.preprocessing import normalize
from sklearn.utils import check_array

from .._lazy import LazyTensor
from ..errors import ArgumentError, ShapeError
from ..numpy import Vi, Vj

#: The dtypes that are computed with; points of any other become float64.
FLOATING = (np.float64, np.float32)

#: A name, or a function of two symbolic variables, the points x_i and y_j, that returns a symbolic matrix.
Choice = Union[str, Callable[[LazyTensor, LazyTensor], LazyTensor]]


class Metric(NamedTuple):
    """A distance as the root, of some order, of a symbolic matrix. Neighbours are ranked without the root."""

    matrix: Callable[[Any, Any], LazyTensor]
    order: float = 1

    def distance(self, power: Any) -> Any:
        """The distance of which this is the power."""
        return power if self.order == 1 else power ** (1 / self.order)


def _sqeuclidean(x: Any, y: Any) -> Any:
    return ((Vi(x) - Vj(y)) ** 2).sum(-1)


def _manhattan(x: Any, y: Any) -> Any:
    return (Vi(x) - Vj(y)).abs().sum(-1)


def _chebyshev(x: Any, y: Any) -> Any:
    return (Vi(x) - Vj(y)).abs().max(-1)


def _similarity(x: Any, y: Any) -> LazyTensor:
    return Vi(normalize(x)) | Vj(normalize(y))


def _cosine(x: Any, y: Any) -> LazyTensor:
    return (1 - _similarity(x, y)).clamp(0, 2)


_EUCLIDEAN = Metric(_sqeuclidean, 2)
_METRICS = {
    "euclidean": _EUCLIDEAN, "l2": _EUCLIDEAN, "sqeuclidean": Metric(_sqeuclidean),
    "manhattan": Metric(_manhattan), "l1": Metric(_manhattan), "cityblock": Metric(_manhattan),
    "chebyshev": Metric(_chebyshev), "cosine": Metric(_cosine),
}  # fmt: skip
#: What Minkowski distances of these orders are.
_MINKOWSKI = {1: Metric(_manhattan), 2: _EUCLIDEAN, math.inf: Metric(_chebyshev)}


def metric_of(metric: Choice, p: float) -> Metric:
    """The metric of this choice, of the order `p` where it is "minkowski"."""
    if callable(metric):
        return Metric(lambda x, y: metric(Vi(x), Vj(y)))
    if metric == "minkowski":
        if not p >= 1:
            raise ArgumentError(f"p is {p!r}; expected a number from 1 on")
        return _MINKOWSKI.get(p) or Metric(lambda x, y: ((Vi(x) - Vj(y)).abs() ** float(p)).sum(-1), p)
    if metric not in _METRICS:
        raise ArgumentError(
            f"metric is {metric!r}; expected {', '.join(_METRICS)}, minkowski, or a function of two symbolic variables"
        )
    return _METRICS[metric]


def kernel_of(kernel: Choice, gamma: float | None, degree: float, coef0: float) -> Callable[[Any, Any], Any]:
    """What makes the kernel matrix of two arrays of points."""
    if callable(kernel):
        return lambda x, y: kernel(Vi(x), Vj(y))

    def scale(x: Any) -> float:
        return float(1 / x.shape[1] if gamma is None else gamma)

    kernels: dict[str, Callable[[Any, Any], Any]] = {
        "linear": lambda x, y: Vi(x) | Vj(y),
        "polynomial": lambda x, y: (scale(x) * (Vi(x) | Vj(y)) + float(coef0)) ** degree,
        "rbf": lambda x, y: (-scale(x) * _sqeuclidean(x, y)).exp(),
        "laplacian": lambda x, y: (-scale(x) * _manhattan(x, y)).exp(),
        "cosine": _similarity,
    }
    kernels["poly"] = kernels["polynomial"]
    if kernel not in kernels:
        raise ArgumentError(
            f"kernel is {kernel!r}; expected {', '.join(kernels)}, or a function of two symbolic variables"
        )
    return kernels[kernel]


def pairwise_distances(X: Any, Y: Any = None, metric: Choice = "euclidean", *, p: float = 2) -> LazyTensor:
    """The distances from points X, of shape (M, D), to points Y, of shape (N, D), or to X: a symbolic (M, N) matrix.

    `metric` is "euclidean" or "l2", "sqeuclidean", "manhattan", "l1" or "cityblock", "chebyshev", "cosine", "minkowski"
    of order `p`, or a function of two symbolic variables that returns a symbolic matrix. Raises ArgumentError for any
    other, and ShapeError where X and Y have not as many columns.

    >>> import numpy as np
    >>> from rkeops.sklearn import pairwise_distances
    >>> pairwise_distances(np.array([[0.0, 0.0], [3.0, 4.0]])).dense()
    array([[0., 5.],
           [5., 0.]])
    """
    chosen = metric_of(metric, p)
    distances: LazyTensor = chosen.distance(chosen.matrix(*_checked(X, Y)))
    return distances


def pairwise_kernels(
    X: Any, Y: Any = None, metric: Choice = "linear", *, gamma: float | None = None, degree: float = 3, coef0: float = 1
) -> LazyTensor:
    """The kernel matrix of the points X, of shape (M, D), and Y, of shape (N, D), or X: a symbolic (M, N) matrix.

    `metric` is "linear", "polynomial" or "poly", "rbf", "laplacian", "cosine", or a function of two symbolic variables
    that returns a symbolic matrix; `gamma` is 1 / D where it is not given. Raises what `pairwise_distances` raises.

    >>> import numpy as np
    >>> from rkeops.sklearn import pairwise_kernels
    >>> x = np.random.default_rng(0).normal(size=(1000, 3))
    >>> K = pairwise_kernels(x, metric="rbf", gamma=0.1)
    >>> (K @ np.ones(1000)).shape
    (1000,)
    """
    kernel: LazyTensor = kernel_of(metric, gamma, degree, coef0)(*_checked(X, Y))
    return kernel


def _checked(X: Any, Y: Any) -> tuple[Any, Any]:
    """Points as arrays of one dtype."""
    x = check_array(X, dtype=FLOATING, input_name="X")
    y = x if Y is None else check_array(Y, dtype=FLOATING, input_name="Y")
    if x.shape[1] != y.shape[1]:
        raise ShapeError(f"X has {x.shape[1]} columns and Y has {y.shape[1]}; expected the same")
    return together(x, y)


def together(x: Any, y: Any) -> tuple[Any, Any]:
    """Two arrays with the wider of their dtypes."""
    dtype = np.result_type(x, y)
    return x.astype(dtype, copy=False), y.astype(dtype, copy=False)
