"""Nearest neighbours by exhaustive search, with distances that are never stored."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Callable, Union

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import ArgumentError
from .pairwise import FLOATING, Choice, metric_of, together

#: How much neighbours weigh: by a name, or by a function of their distances, from shape (M, K) to (M, K).
Weights = Union[str, Callable[[Any], Any]]


class _Neighbors(BaseEstimator):  # type: ignore[misc]
    """The search for neighbours, which needs the parameters n_neighbors, metric and p."""

    n_neighbors: int
    metric: Choice
    p: float

    def _keep(self, X: Any) -> None:
        """Keeps the points among which neighbours are searched for."""
        _checked_count(self.n_neighbors)
        metric_of(self.metric, self.p)
        self._fit_X, self.n_samples_fit_ = X, len(X)

    def _queries(self, X: Any) -> tuple[Any, Any]:
        """The points whose neighbours are searched for, and those among which."""
        check_is_fitted(self)
        if X is None:
            return self._fit_X, self._fit_X
        return together(validate_data(self, X, dtype=FLOATING, reset=False), self._fit_X)

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """The nearest training points, in order: distances and indices of shape (M, n_neighbors), or only indices.

        X has shape (M, D); without it neighbours of the training points are searched for, which are not their own.
        Raises ArgumentError where there are fewer training points than neighbours asked for.
        """
        count = _checked_count(self.n_neighbors if n_neighbors is None else n_neighbors)
        queries, fitted = self._queries(X)
        is_own = X is None
        if count + is_own > len(fitted):
            raise ArgumentError(
                f"n_neighbors is {count}; expected n_neighbors <= n_samples_fit{' - 1' if is_own else ''}, where "
                f"n_samples_fit = {len(fitted)}, n_samples = {len(queries)}"
            )
        metric = metric_of(self.metric, self.p)
        powers, indices = metric.matrix(queries, fitted).Kmin_argKmin(count + is_own, axis=1)
        if is_own:
            others = indices != np.arange(len(fitted))[:, None]
            # Where so many points are equal that a point is not among its own neighbours, the last one goes.
            others[others.all(axis=1), -1] = False
            powers, indices = (one[others].reshape(-1, count) for one in (powers, indices))
        return (metric.distance(powers), indices) if return_distance else indices

    def kneighbors_graph(self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity") -> Any:
        """The nearest neighbours as a sparse matrix (M, training points) of ones, or distances with mode="distance"."""
        distances, indices = self.kneighbors(X, n_neighbors)
        rows, count = indices.shape
        values = _entries(mode, distances.ravel())
        return csr_matrix((values, indices.ravel(), np.arange(rows + 1) * count), shape=(rows, self.n_samples_fit_))


class NearestNeighbors(_Neighbors):
    """Nearest neighbours, as `sklearn.neighbors.NearestNeighbors` with algorithm="brute".

    `n_neighbors` and `radius` are what queries are about that do not say; `metric` and `p` are those of
    `pairwise_distances`.

    >>> import numpy as np
    >>> from rkeops.sklearn import NearestNeighbors
    >>> neighbors = NearestNeighbors(n_neighbors=1).fit(np.array([[0.0], [1.0], [3.0]]))
    >>> neighbors.kneighbors(np.array([[2.5]]))
    (array([[0.5]]), array([[2]]))
    """

    def __init__(
        self, *, n_neighbors: int = 5, radius: float = 1.0, metric: Choice = "minkowski", p: float = 2
    ) -> None:
        self.n_neighbors, self.radius, self.metric, self.p = n_neighbors, radius, metric, p

    def fit(self, X: Any, y: Any = None) -> NearestNeighbors:
        """Keeps the points X, of shape (M, D), among which neighbours are searched for."""
        self._keep(validate_data(self, X, dtype=FLOATING))
        return self

    def radius_neighbors_graph(self, X: Any = None, radius: float | None = None, mode: str = "connectivity") -> Any:
        """The training points within a radius as a sparse matrix (M, training points) of ones, or of distances.

        X has shape (M, D); without it neighbours of the training points are searched for, which are not their own.
        """
        radius = self.radius if radius is None else radius
        queries, fitted = self._queries(X)
        metric = metric_of(self.metric, self.p)
        graph = metric.matrix(queries, fitted).radius_neighbors_graph(radius**metric.order if radius > 0 else radius)
        if X is None:
            graph = graph.tocoo()
            others = graph.row != graph.col
            graph = csr_matrix((graph.data[others], (graph.row[others], graph.col[others])), shape=graph.shape)
        graph.data = _entries(mode, metric.distance(graph.data))
        return graph

    def radius_neighbors(
        self, X: Any = None, radius: float | None = None, return_distance: bool = True, sort_results: bool = False
    ) -> Any:
        """The training points within a radius: for each query an array of distances and one of indices, or of indices.

        With `sort_results` the nearest come first. X is that of `radius_neighbors_graph`.
        """
        graph = self.radius_neighbors_graph(X, radius, mode="distance")
        found = [np.split(values, graph.indptr[1:-1]) for values in (graph.data, graph.indices)]
        if sort_results:
            orders = [np.argsort(distances, kind="stable") for distances in found[0]]
            found = [[values[order] for values, order in zip(one, orders)] for one in found]
        distances, indices = map(_ragged, found)
        return (distances, indices) if return_distance else indices


class _Weighted(_Neighbors):
    """Predictions from the nearest neighbours."""

    def __init__(
        self, n_neighbors: int = 5, *, weights: Weights = "uniform", metric: Choice = "minkowski", p: float = 2
    ) -> None:
        self.n_neighbors, self.weights, self.metric, self.p = n_neighbors, weights, metric, p

    def _neighbors(self, X: Any) -> tuple[Any, Any]:
        """The neighbours of points and what they weigh, both of shape (M, n_neighbors)."""
        distances, indices = self.kneighbors(X)
        if callable(self.weights):
            return indices, self.weights(distances)
        if self.weights == "uniform":
            return indices, np.ones_like(distances)
        if self.weights != "distance":
            raise ArgumentError(f"weights is {self.weights!r}; expected 'uniform', 'distance' or a function")
        # Where neighbours are at the point itself no others count.
        is_here = distances == 0
        with np.errstate(divide="ignore"):
            return indices, np.where(is_here.any(axis=1, keepdims=True), is_here, 1 / distances)


class KNeighborsClassifier(ClassifierMixin, _Weighted):  # type: ignore[misc]
    """Classification by the votes of neighbours, as `sklearn.neighbors.KNeighborsClassifier` with algorithm="brute".

    `weights` is "uniform", "distance", or a function of distances; `metric` and `p` are those of `pairwise_distances`.
    """

    def fit(self, X: Any, y: Any) -> KNeighborsClassifier:
        """Keeps the points X, of shape (M, D), with their classes y, of shape (M,)."""
        X, y = validate_data(self, X, y, dtype=FLOATING)
        check_classification_targets(y)
        self.classes_, self._y = np.unique(y, return_inverse=True)
        self._keep(X)
        return self

    def predict_proba(self, X: Any) -> Any:
        """The share of each class, by the order of `classes_`, among the neighbours of points X: shape (M, classes)."""
        indices, weights = self._neighbors(X)
        rows, classes = len(indices), len(self.classes_)
        places = self._y[indices] + classes * np.arange(rows)[:, None]
        shares = np.bincount(places.ravel(), weights.ravel(), rows * classes).reshape(rows, classes)
        total = shares.sum(axis=1, keepdims=True)
        return shares / np.where(total == 0, 1, total)

    def predict(self, X: Any) -> Any:
        """The class of most weight among the neighbours of points X, the first of equal ones: shape (M,)."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]


class KNeighborsRegressor(MultiOutputMixin, RegressorMixin, _Weighted):  # type: ignore[misc]
    """Regression by the mean of neighbours, as `sklearn.neighbors.KNeighborsRegressor` with algorithm="brute".

    `weights` is "uniform", "distance", or a function of distances; `metric` and `p` are those of `pairwise_distances`.
    """

    def fit(self, X: Any, y: Any) -> KNeighborsRegressor:
        """Keeps the points X, of shape (M, D), with their targets y, of shape (M,) or (M, targets)."""
        X, self._y = validate_data(self, X, y, dtype=FLOATING, multi_output=True, y_numeric=True)
        self._keep(X)
        return self

    def predict(self, X: Any) -> Any:
        """The weighted mean of the targets of the neighbours of points X: shape (M,) or (M, targets)."""
        indices, weights = self._neighbors(X)
        weights = weights / weights.sum(axis=1, keepdims=True)
        return np.einsum("mk,mk...->m...", weights, self._y[indices])


def _checked_count(count: Any) -> int:
    if not isinstance(count, Integral) or isinstance(count, bool) or count < 1:
        raise ArgumentError(f"n_neighbors is {count!r}; expected a positive integer")
    return int(count)


def _entries(mode: str, distances: Any) -> Any:
    """What a graph has as entries."""
    if mode not in ("connectivity", "distance"):
        raise ArgumentError(f"mode is {mode!r}; expected 'connectivity' or 'distance'")
    return distances if mode == "distance" else np.ones_like(distances)


def _ragged(arrays: Any) -> Any:
    """Arrays of several lengths as one array of objects."""
    made = np.empty(len(arrays), object)
    made[:] = arrays
    return made
