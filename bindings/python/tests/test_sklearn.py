"""Estimators of rkeops.sklearn: scikit-learn's own checks, and the results of its estimators."""

import pickle

import numpy as np
import pandas
import pytest
import sklearn.kernel_ridge
import sklearn.metrics.pairwise
import sklearn.neighbors
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import rkeops.errors
from rkeops.numpy import LazyTensor
from rkeops.sklearn import (
    KernelRidge,
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
    pairwise_distances,
    pairwise_kernels,
)

rng = np.random.default_rng(5)
x, y = rng.normal(size=(60, 4)), rng.normal(size=(25, 4))

ESTIMATORS = [
    NearestNeighbors(),
    NearestNeighbors(metric="cosine"),
    KNeighborsClassifier(),
    KNeighborsClassifier(3, weights="distance", metric="manhattan"),
    KNeighborsRegressor(),
    KNeighborsRegressor(2, weights="distance", p=3),
    KernelRidge(),
    KernelRidge(kernel="rbf", alpha=0.1),
    KernelRidge(kernel="laplacian"),
]


@parametrize_with_checks(ESTIMATORS)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


#: Our metrics, and what scikit-learn calls them.
METRICS = [
    ({"metric": "euclidean"}, {}), ({"metric": "l2"}, {}), ({"metric": "sqeuclidean"}, {}),
    ({"metric": "manhattan"}, {}), ({"metric": "cityblock"}, {}), ({"metric": "l1"}, {}),
    ({"metric": "chebyshev"}, {}), ({"metric": "cosine"}, {}),
    ({"metric": "minkowski", "p": 3}, {"p": 3}), ({"metric": "minkowski", "p": 1.5}, {"p": 1.5}),
    ({"metric": "minkowski", "p": np.inf}, {"p": np.inf}), ({"metric": "minkowski", "p": 1}, {"p": 1}),
]  # fmt: skip
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}


def close(ours, theirs, dtype):
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options, extra", METRICS)
def test_distances(options, extra, dtype):
    ours = pairwise_distances(x.astype(dtype), y.astype(dtype), **options)
    assert isinstance(ours, LazyTensor) and ours.shape == (60, 25)
    points = x.astype(dtype).astype("float64"), y.astype(dtype).astype("float64")
    theirs = sklearn.metrics.pairwise_distances(*points, options["metric"], **extra)
    close(ours.dense(), theirs, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("metric", ["linear", "polynomial", "poly", "rbf", "laplacian", "cosine"])
def test_kernels(metric, dtype):
    for options in ({}, {"gamma": 0.3, "degree": 2, "coef0": 0.5}):
        ours = pairwise_kernels(x.astype(dtype), y.astype(dtype), metric, **options)
        theirs = sklearn.metrics.pairwise_kernels(
            x.astype(dtype).astype("f8"), y.astype(dtype), metric, filter_params=True, **options
        )
        close(ours.dense(), theirs, dtype)


def test_functions_as_metrics_and_kernels():
    def inverse(a, b):
        return 1 / (1 + a.sqdist(b))

    dense = 1 / (1 + ((x[:, None] - y[None]) ** 2).sum(2))
    np.testing.assert_allclose(pairwise_distances(x, y, inverse).dense(), dense)
    np.testing.assert_allclose(pairwise_kernels(x, y, inverse).dense(), dense)
    indices = NearestNeighbors(n_neighbors=3, metric=inverse).fit(y).kneighbors(x, return_distance=False)
    np.testing.assert_array_equal(indices, np.argsort(dense, axis=1)[:, :3])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options, extra", METRICS)
def test_nearest_neighbors(options, extra, dtype):
    a, b = x.astype(dtype), y.astype(dtype)
    ours = NearestNeighbors(n_neighbors=4, radius=1.2, **options).fit(a)
    theirs = sklearn.neighbors.NearestNeighbors(n_neighbors=4, radius=1.2, algorithm="brute", **options)
    theirs.fit(a.astype("float64"))
    for queries in (b, None):
        distances, indices = ours.kneighbors(queries)
        expected, places = theirs.kneighbors(None if queries is None else queries.astype("float64"))
        close(distances, expected, dtype)
        np.testing.assert_array_equal(indices, places)
        for mode in ("connectivity", "distance"):
            for name in ("kneighbors_graph", "radius_neighbors_graph"):
                graph = getattr(ours, name)(queries, mode=mode)
                reference = getattr(theirs, name)(None if queries is None else queries.astype("float64"), mode=mode)
                assert graph.nnz == reference.nnz
                close(graph.toarray(), reference.toarray(), dtype)
        found = ours.radius_neighbors(queries, sort_results=True)
        reference = theirs.radius_neighbors(None if queries is None else queries.astype("float64"), sort_results=True)
        for our_rows, their_rows in zip(found, reference):
            assert our_rows.dtype == object and len(our_rows) == len(their_rows)
            for ours_here, theirs_here in zip(our_rows, their_rows):
                np.testing.assert_allclose(ours_here, theirs_here, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_equal_points_are_neighbours_of_each_other():
    points = np.zeros((6, 2))
    indices = NearestNeighbors(n_neighbors=2).fit(points).kneighbors(return_distance=False)
    assert indices.shape == (6, 2) and not (indices == np.arange(6)[:, None]).any()


@pytest.mark.parametrize("weights", ["uniform", "distance", lambda distances: np.exp(-distances)])
def test_predictions_of_neighbours(weights):
    labels, targets = np.array(["a", "b", "c"])[rng.integers(3, size=60)], rng.normal(size=(60, 2))
    queries = np.concatenate([y, x[:5]])
    ours = KNeighborsClassifier(7, weights=weights).fit(x, labels)
    theirs = sklearn.neighbors.KNeighborsClassifier(7, weights=weights).fit(x, labels)
    np.testing.assert_allclose(ours.predict_proba(queries), theirs.predict_proba(queries))
    np.testing.assert_array_equal(ours.predict(queries), theirs.predict(queries))
    assert ours.score(queries, ours.predict(queries)) == 1
    for target in (targets, targets[:, 0], targets[:, :1]):
        ours = KNeighborsRegressor(7, weights=weights).fit(x, target)
        theirs = sklearn.neighbors.KNeighborsRegressor(7, weights=weights).fit(x, target)
        np.testing.assert_allclose(ours.predict(queries), theirs.predict(queries))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "laplacian", "cosine"])
def test_kernel_ridge(kernel, dtype):
    options = {"kernel": kernel, "alpha": 0.5, "gamma": 0.2, "degree": 2}
    targets = np.sin(x @ rng.normal(size=(4, 2))) * [1.0, 1000.0]
    a, b = x.astype(dtype), y.astype(dtype)
    weights = rng.uniform(0, 2, size=60)
    for target in (targets, targets[:, 0]):
        for sample_weight in (None, weights):
            ours = KernelRidge(**options).fit(a, target, sample_weight)
            theirs = sklearn.kernel_ridge.KernelRidge(**options).fit(a.astype("f8"), target, sample_weight)
            expected = theirs.predict(b.astype("f8"))
            predicted = ours.predict(b)
            assert predicted.dtype == dtype and ours.dual_coef_.dtype == dtype and predicted.shape == expected.shape
            tolerance = 2e-3 if dtype == "float32" else 1e-6
            np.testing.assert_allclose(predicted, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


def test_other_dtypes():
    single, double = x.astype("float32"), y
    neighbors = NearestNeighbors(n_neighbors=2).fit(single)
    for queries in (double, double.astype("float32")):
        assert neighbors.kneighbors(queries)[0].dtype == queries.dtype
    whole = np.arange(20).reshape(10, 2)
    assert NearestNeighbors(n_neighbors=2).fit(whole).kneighbors()[0].dtype == "float64"
    assert KernelRidge().fit(single, single[:, 0]).predict(double).dtype == "float64"


def test_names_of_features():
    table = pandas.DataFrame(x, columns=list("abcd"))
    for estimator in (NearestNeighbors(), KernelRidge(), KNeighborsRegressor()):
        fitted = clone(estimator).fit(table, x[:, 0])
        assert list(fitted.feature_names_in_) == list("abcd") and fitted.n_features_in_ == 4


def test_pickles():
    for estimator in (KNeighborsRegressor(), KernelRidge(kernel="rbf")):
        fitted = estimator.fit(x, x[:, 0])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(y), fitted.predict(y))


ERRORS = {
    "metric": (lambda: NearestNeighbors(metric="nope").fit(x), "metric is 'nope'; expected euclidean"),
    "kernel": (lambda: KernelRidge(kernel="nope").fit(x, x[:, 0]), "kernel is 'nope'; expected linear"),
    "p": (lambda: pairwise_distances(x, metric="minkowski", p=0.5), "p is 0.5; expected a number from 1 on"),
    "count": (lambda: NearestNeighbors(n_neighbors=0).fit(x), "n_neighbors is 0; expected a positive integer"),
    "too many": (lambda: NearestNeighbors().fit(x).kneighbors(y, 61), "<= n_samples_fit, where n_samples_fit"),
    "too many others": (lambda: NearestNeighbors().fit(x).kneighbors(None, 60), "n_neighbors <= n_samples_fit - 1"),
    "alpha": (lambda: KernelRidge(alpha=0).fit(x, x[:, 0]), "alpha is 0; expected a positive number"),
    "tol": (lambda: KernelRidge(tol="1").fit(x, x[:, 0]), "tol is '1'; expected a positive number"),
    "weights": (lambda: KNeighborsRegressor(weights=1).fit(x, x[:, 0]).predict(y), "weights is 1; expected 'uniform'"),
    "mode": (lambda: NearestNeighbors().fit(x).kneighbors_graph(mode="no"), "mode is 'no'; expected 'connectivity'"),
    "columns": (lambda: pairwise_kernels(x, y[:, :2]), "X has 4 columns and Y has 2; expected the same"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    wrong, message = ERRORS[name]
    with pytest.raises(rkeops.errors.Error, match=message):
        wrong()


def test_kernels_that_are_not_positive():
    with pytest.raises(rkeops.errors.ConvergenceError):
        KernelRidge(kernel=lambda a, b: -a.sqdist(b)).fit(x, x[:, 0])
