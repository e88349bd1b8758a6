"""Symbolic tensors of NumPy against dense arrays."""

import pickle

import numpy as np
import pytest

import rkeops
from rkeops.numpy import Genred, LazyTensor, Pm, Vi, Vj, generic_argkmin, generic_sum

rng = np.random.default_rng(0)
M, N, D = 7, 5, 3
x, y, b = rng.normal(size=(M, D)), rng.normal(size=(N, D)), rng.normal(size=(N, 2))
X, Y = x[:, None, :], y[None, :, :]



@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_founding_program(dtype):
    q, p = rng.normal(size=(9, 3)).astype(dtype), rng.normal(size=(9, 3)).astype(dtype)
    s = 0.7
    q_i, q_j = LazyTensor(q[:, None, :]), LazyTensor(q[None, :, :])
    K = (-((q_i - q_j) ** 2).sum(axis=2) / (2 * s**2)).exp()
    dense = np.exp(-((q[:, None] - q[None]) ** 2).sum(2).astype("float64") / (2 * s**2))
    assert K.shape == (9, 9) and K.dtype == dtype
    np.testing.assert_allclose(K @ p, dense @ p, rtol=2e-6)
    np.testing.assert_allclose(K @ p[:, 0], dense @ p[:, 0], rtol=2e-6)
    assert (K @ p).dtype == dtype and (K @ p[:, 0]).shape == (9,)


OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract a number": lambda a, b: a - 2,
    "number before": lambda a, b: 2.5 - a,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (2 + b**2),
    "inverse": lambda a, b: 1 / (2 + b**2),
    "power": lambda a, b: (a**2 + 1) ** 1.5,
    "negative power": lambda a, b: (a**2 + 1) ** -1,
    "roots": lambda a, b: (a**2 + 1) ** 0.5 + (b**2 + 1) ** -0.5,
    "abs": lambda a, b: abs(a - b),
    "compare": lambda a, b: (a < b) * 1.5 + (a >= b) * 0.5,
    "a list": lambda a, b: (a + b) * [1.0, 2.0, 3.0],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operators(name):
    operation = OPERATIONS[name]
    lazy = operation(Vi(x), Vj(y)) - Vj(y)
    expected = (operation(X, Y) - Y).sum(1)
    np.testing.assert_allclose(lazy.sum(axis=1), expected, rtol=1e-12)


def test_reductions():
    K, dense = (Vi(x) | Vj(y)), x @ y.T
    for name in ("sum", "min", "max", "argmin", "argmax"):
        np.testing.assert_allclose(getattr(K, name)(axis=1)[:, 0], getattr(dense, name)(axis=1))
        np.testing.assert_allclose(getattr(K, name)(axis=0)[:, 0], getattr(dense, name)(axis=0))
    np.testing.assert_allclose(K.logsumexp(axis=1)[:, 0], np.log(np.exp(dense).sum(1)))
    weights = np.exp(dense) / np.exp(dense).sum(1, keepdims=True)
    np.testing.assert_allclose(K.sumsoftmaxweight(Vj(b), axis=1), weights @ b)
    np.testing.assert_array_equal(K.argKmin(2, dim=1), np.argsort(dense, axis=1)[:, :2])
    least, where = K.min_argmin(axis=1)
    np.testing.assert_allclose(least[:, 0], dense.min(1))
    np.testing.assert_array_equal(where[:, 0], dense.argmin(1))


def test_transposed_and_parts():
    K = (Vi(x) | Vj(y)) + Vi(x)[..., 0]
    dense = x @ y.T + x[:, :1]
    np.testing.assert_allclose(K.T @ x, dense.T @ x)
    np.testing.assert_allclose(K.dense(), dense)
    np.testing.assert_allclose(K.entries([6, 0], [1, 4]), dense[[6, 0], [1, 4]])
    assert K.T.shape == (N, M)


def test_batches():
    p, q = rng.normal(size=(4, M, 1, D)), rng.normal(size=(1, 1, N, D))
    K = LazyTensor(p) * LazyTensor(q)
    assert K.shape == (4, M, N, D)
    np.testing.assert_allclose(K.sum(axis=2), (p * q).sum(2))
    np.testing.assert_allclose(K.sum(-1).dense(), (p * q).sum(3))


def test_symbolic_and_deferred():
    f = ((Vi(0, 3) - Vj(1, 3)) ** 2).sum(-1).exp().sum(axis=1)
    np.testing.assert_allclose(f(x, y)[:, 0], np.exp(((X - Y) ** 2).sum(2)).sum(1))
    g = (Vi(x) | Vj(y)).sum(axis=1, call=False)
    np.testing.assert_allclose(g()[:, 0], (x @ y.T).sum(1))


def test_complex_numbers():
    z = x + 1j * x[:, ::-1]
    K = Vi(z) * Vj(y)
    assert K.dtype == "complex128" and K.is_complex
    np.testing.assert_allclose(K.sum(axis=1), (z[:, None] * Y).sum(1))
    np.testing.assert_allclose((1j * (Vi(x) | Vj(y))).exp().sum(axis=1)[:, 0], np.exp(1j * (x @ y.T)).sum(1))


def test_genred():
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)"]
    f = Genred("Exp(-SqDist(x,y)*g)*b", aliases, axis=1)
    expected = np.exp(-((X - Y) ** 2).sum(2) * 0.5) @ b
    np.testing.assert_allclose(f(x, y, b, np.array([0.5])), expected)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(f))(x, y, b, 0.5), expected)
    out = np.empty((M, 2))
    assert f(x, y, b, 0.5, out=out) is out
    np.testing.assert_allclose(out, expected)
    h = generic_sum("(x|y)*b", "a = Vi(2)", "x = Vi(3)", "y = Vj(3)", "b = Vj(2)")
    np.testing.assert_allclose(h(x, y, b), (x @ y.T) @ b)
    k = generic_argkmin("SqDist(x,y)", "a = Vi(2)", "x = Vi(3)", "y = Vj(3)")
    np.testing.assert_array_equal(k(x, y), np.argsort(((X - Y) ** 2).sum(2), axis=1)[:, :2])


def test_pickle_and_repr():
    K = (-((Vi(x) - Vj(y)) ** 2).sum(-1) * 0.25).exp()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(K)) @ b, K @ b)
    assert "shape=(7, 5)" in repr(K) and "280 B" in repr(K)


ERRORS = {
    "indices": (lambda: Vi(x) + Vi(x[:4]), rkeops.errors.ShapeError, r"Add: shapes \(7, 1, :\) and \(4, 1, :\)"),
    "dimensions": (lambda: Vi(x) + Vj(y[:, :2]), rkeops.errors.DimensionError, r"shapes \(7, 1, 3\) and \(1, 5, 2\)"),
    "dtypes": (lambda: Vi(x) + Vj(y.astype("f4")), rkeops.errors.DtypeError, "float64 and float32"),
    "axis": (lambda: LazyTensor(x), rkeops.errors.ShapeError, "needs axis=0"),
    "both indices": (lambda: LazyTensor(np.ones((2, 3, 4))), rkeops.errors.ShapeError, "has both indices"),
    "truth": (lambda: bool(Vi(x) < Vj(y)), rkeops.errors.ArgumentError, "no truth value"),
    "reduction": (lambda: Vi(x).sum(axis=5), rkeops.errors.ArgumentError, "the axis is 5; expected 0"),
    "text": (lambda: Genred("Exp(x", ["x = Vi(3)"]), rkeops.errors.FormulaSyntaxError, r"\^"),
    "option": (lambda: Vi(x).sum(axis=1, nope=1), TypeError, "unexpected option 'nope'"),
    "count": (lambda: Genred("x", ["x = Vi(3)"])(), rkeops.errors.CountError, "1"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    wrong, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        wrong()
    assert issubclass(kind, (ValueError, TypeError))


def test_strides_are_not_copied():
    wide = rng.normal(size=(2 * D, M))
    view = wide[::2].T
    np.testing.assert_allclose((Vi(view) | Vj(y)).sum(axis=1)[:, 0], (view @ y.T).sum(1))
    big = np.asfortranarray(x)
    np.testing.assert_allclose((Vi(big) | Vj(y[::-1])).sum(axis=1)[:, 0], (x @ y.T).sum(1))


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(rows):
    np.testing.assert_allclose((Vi(x) | Vj(y[:rows])).sum(axis=1)[:, 0], (x @ y[:rows].T).sum(1), rtol=1e-14)
    assert (Vi(x[:rows]) | Vj(y)).sum(axis=1).shape == (rows, 1)


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0), [2.0], (2.0,)])
def test_numbers_as_arguments(number):
    genred = Genred("p*SqDist(x,y)", ["p=Pm(1)", "x=Vi(3)", "y=Vj(3)"], axis=1)
    x = np.random.rand(5, 3)
    np.testing.assert_allclose(genred(number, x, x)[:, 0], 2 * ((x[:, None] - x) ** 2).sum((1, 2)))
    with pytest.raises(rkeops.errors.ArgumentError, match="argument 0 is a str"):
        genred("2", x, x)


def test_integers_take_the_dtype_of_what_they_are_computed_with():
    x, y = np.arange(5)[:, None], np.random.rand(4, 1).astype("float32")
    product = Vi(x) * Vj(y)
    assert product.dtype == "float32" and product.sum(1).dtype == np.float32
    np.testing.assert_allclose(product.sum(1), x * y.sum(), rtol=1e-6)
    difference = Vi(x) - Vj(x > 2)
    assert difference.dtype == "float64"
    np.testing.assert_array_equal(difference.sum(1), (x - (x > 2).T).sum(1)[:, None])


def test_entries_of_a_matrix_with_ranges_are_refused():
    x = np.random.rand(4, 1)
    K = Vi(x) - Vj(x)
    halves = np.array([[0, 2], [2, 4]]), np.array([1, 2]), np.array([[0, 2], [2, 4]])
    K.ranges = (*halves, *halves)
    for call in (K.dense, K.diagonal, lambda: K.entries([0], [1])):
        with pytest.raises(rkeops.errors.ArgumentError, match="ranges"):
            call()
