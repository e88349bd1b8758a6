"""Symbolic matrices in SciPy: its solvers, and sparse matrices of it."""

import sys
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, aslinearoperator, cg, eigsh, lobpcg, svds

import rkeops.torch
from rkeops.errors import ArgumentError
from rkeops.numpy import LazyTensor, Vi, Vj

rng = np.random.default_rng(3)
M, N = 60, 40
x, y = rng.normal(size=(M, 3)), rng.normal(size=(N, 3))
TOLERANCE = {"float32": 2e-4, "float64": 1e-9, "complex64": 2e-4, "complex128": 1e-9}


def gaussian(a, b, of=rkeops.numpy):
    return (-of.Vi(a).sqdist(of.Vj(b))).exp()


def dense_gaussian(a, b):
    return np.exp(-((a.astype("float64")[:, None] - b.astype("float64")[None]) ** 2).sum(2))


def wave(a, b):
    """A complex matrix that is not symmetric."""
    return (1j * (Vi(a) | Vj(b))).exp() * Vi(a)[..., 0]


def dense_wave(a, b):
    a, b = a.astype("float64"), b.astype("float64")
    return np.exp(1j * (a @ b.T)) * a[:, :1]


def tensors(dtype):
    """Symmetric matrices of both libraries, of one dtype."""
    points = x.astype(dtype)
    return [gaussian(points, points), gaussian(torch.tensor(points), torch.tensor(points), rkeops.torch)]


@pytest.mark.parametrize("operator", [aslinearoperator, lambda K: K.aslinearoperator()], ids=["SciPy's", "ours"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_products(dtype, operator):
    real = "float32" if dtype in ("float32", "complex64") else "float64"
    make, dense = (wave, dense_wave) if dtype.startswith("complex") else (gaussian, dense_gaussian)
    a, b = x.astype(real), y.astype(real)
    A, expected = operator(make(a, b)), dense(a, b)
    assert isinstance(A, LinearOperator) and A.shape == (M, N) and A.dtype == dtype
    right, left = (rng.normal(size=(rows, 3)).astype(real) for rows in (N, M))
    if A.dtype.kind == "c":
        right, left = right * np.complex64(1 + 0.5j), left * np.complex64(2 - 1j)
    close = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    for columns in (np.s_[:, 0], np.s_[:, :1], np.s_[:, :]):
        np.testing.assert_allclose(A @ right[columns], expected @ right[columns], **close)
        np.testing.assert_allclose(A.H @ left[columns], expected.conj().T @ left[columns], **close)
        np.testing.assert_allclose(A.T @ left[columns], expected.T @ left[columns], **close)
    np.testing.assert_allclose(A.rmatvec(left[:, 0]), expected.conj().T @ left[:, 0], **close)
    np.testing.assert_allclose(A.rmatmat(left), expected.conj().T @ left, **close)


def test_the_wider_dtype_is_computed_with():
    points = x.astype("float32")
    v = rng.normal(size=M)
    product = gaussian(points, points).matvec(v)
    assert product.dtype == "float64"
    np.testing.assert_allclose(product, dense_gaussian(points, points) @ v, rtol=1e-12)
    assert gaussian(points, points).matvec(np.ones(M, "int8")).dtype == "float32"


def test_adjoint():
    K = wave(x, y)
    np.testing.assert_allclose(K.H.dense(), dense_wave(x, y).conj().T)
    np.testing.assert_allclose(gaussian(x, y).H.dense(), dense_gaussian(x, y).T)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_solvers(dtype):
    close = TOLERANCE[dtype]
    dense = dense_gaussian(x.astype(dtype), x.astype(dtype))
    b = rng.normal(size=M).astype(dtype)
    for K in tensors(dtype):
        values, vectors = eigsh(K, k=4)
        np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(dense)[-4:], rtol=close)
        np.testing.assert_allclose(dense @ vectors, vectors * values, atol=10 * close)
        start = rng.normal(size=(M, 4)).astype(dtype)
        values, _ = lobpcg(K.aslinearoperator(), start, tol=close, maxiter=200)
        np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(dense)[-4:], rtol=10 * close)
        solution, info = cg(aslinearoperator(K) + aslinearoperator(0.5 * np.eye(M, dtype=dtype)), b, rtol=close / 10)
        assert info == 0
        np.testing.assert_allclose(dense @ solution + 0.5 * solution, b, atol=10 * close)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_singular_values(dtype):
    make, dense = (wave, dense_wave) if dtype == "complex128" else (gaussian, dense_gaussian)
    a, b = (one.astype("float32" if dtype == "float32" else "float64") for one in (x, y))
    expected = np.linalg.svd(dense(a, b), compute_uv=False)[:5]
    for solver in ("arpack", "lobpcg"):
        u, s, vh = svds(aslinearoperator(make(a, b)), k=5, solver=solver, rng=np.random.default_rng(0), maxiter=200)
        order = np.argsort(-s)
        np.testing.assert_allclose(s[order], expected, rtol=1e-3 if dtype == "float32" or solver == "lobpcg" else 1e-9)
        np.testing.assert_allclose(np.abs(np.linalg.norm(u, axis=0)), 1, rtol=1e-3)
        np.testing.assert_allclose(dense(a, b) @ vh.conj().T, u * s, atol=2e-2)


def test_vectors_of_torch_stay_there():
    points = torch.tensor(x, requires_grad=True)
    K = gaussian(points, points, rkeops.torch)
    v = torch.tensor(rng.normal(size=M))
    product = K.matvec(v)
    assert isinstance(product, torch.Tensor) and product.requires_grad
    assert isinstance(K.matvec(v.numpy()), np.ndarray) and isinstance(K.rmatvec(v.numpy()), np.ndarray)
    np.testing.assert_allclose(K.matvec(v.numpy()), product.detach().numpy())


def test_ranges_hold_in_products():
    K = gaussian(x, y)
    K.ranges = tuple(np.array(one) for one in ([[0, 20]], [1], [[0, 30]], [[0, 30]], [1], [[0, 20]]))
    dense = np.zeros((M, N))
    dense[:20, :30] = dense_gaussian(x, y)[:20, :30]
    A = aslinearoperator(K)
    v, w = rng.normal(size=N), rng.normal(size=M)
    np.testing.assert_allclose(A @ v, dense @ v)
    np.testing.assert_allclose(A.H @ w, dense.T @ w)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 300), st.integers(1, 300), st.floats(-0.5, 6), st.sampled_from(["float32", "float64"]), st.booleans()
)
def test_neighbours_in_a_radius(rows, columns, radius, dtype, in_torch):
    points = np.random.default_rng(rows + 1000 * columns)
    a, b = (points.normal(size=(count, 3)).astype(dtype) for count in (rows, columns))
    of, convert = (rkeops.torch, torch.tensor) if in_torch else (rkeops.numpy, np.asarray)
    K = of.Vi(convert(a)).sqdist(of.Vj(convert(b)))
    graph = K.radius_neighbors_graph(radius)
    assert isinstance(graph, csr_matrix) and graph.shape == (rows, columns) and graph.dtype == dtype
    assert graph.has_canonical_format
    dense = ((a.astype("float64")[:, None] - b.astype("float64")[None]) ** 2).sum(2)
    found = np.zeros((rows, columns), bool)
    found[graph.nonzero()] = True
    is_far, is_near = dense > radius + 1e-4, dense <= radius - 1e-4
    assert not found[is_far].any() and graph.nnz >= is_near.sum()
    places = graph.tocoo()
    np.testing.assert_allclose(places.data, dense[places.row, places.col], rtol=1e-5, atol=1e-5)


def test_memory_is_that_of_what_is_found():
    points = np.random.default_rng(0).uniform(size=(4000, 3))
    K = Vi(points).sqdist(Vj(points))
    for radius in (0.003, 0.05):
        tracemalloc.start()
        found = K.radius_neighbors_graph(radius).nnz
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # A block is looked at on the way; the whole matrix would be 128 MB.
        assert peak < 60 * found + 40e6 and found > 4000


def test_zeros_and_numbers_that_are_none():
    values = np.array([[0.0], [np.nan], [-2.0], [3.0]])
    graph = (Vi(values) * Vj(np.ones((200, 1)))).radius_neighbors_graph(0)
    np.testing.assert_array_equal(np.diff(graph.indptr), [200, 0, 200, 0])
    np.testing.assert_array_equal(graph.data, np.repeat([0.0, -2.0], 200))
    for rows, columns in ((0, 4), (4, 0)):
        graph = Vi(values[:rows]).sqdist(Vj(values[:columns])).radius_neighbors_graph(1)
        assert graph.shape == (rows, columns) and graph.nnz == 0


ERRORS = {
    "vectors": (lambda: (Vi(x) - Vj(y)).radius_neighbors_graph(1), "expected a real matrix"),
    "complex": (lambda: wave(x, y).radius_neighbors_graph(1), "expected a real matrix"),
    "batch": (lambda: LazyTensor(rng.normal(size=(2, M, 1, 1))).radius_neighbors_graph(1), "expected a real matrix"),
    "symbolic": (lambda: Vi(0, 3).sqdist(Vj(y)).radius_neighbors_graph(1), "expected a real matrix"),
    "radius": (lambda: gaussian(x, y).radius_neighbors_graph(np.inf), "radius is inf; expected a finite number"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    wrong, message = ERRORS[name]
    with pytest.raises(ArgumentError, match=message):
        wrong()


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    monkeypatch.setitem(sys.modules, "scipy.sparse.linalg", None)
    with pytest.raises(ModuleNotFoundError, match=r"scipy\.sparse"):
        gaussian(x, y).radius_neighbors_graph(1)
    with pytest.raises(ModuleNotFoundError, match=r"scipy\.sparse"):
        gaussian(x, y).aslinearoperator()
