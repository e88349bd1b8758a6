"""Arrays of libraries that have DLPack: they are read where they lie, and results are of the same library."""

import array_api_strict
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import rkeops
from rkeops.array_api import Genred, KernelSolve, LazyTensor, Vi, Vj
from rkeops.array_api._arrays import view

rng = np.random.default_rng(0)
M, N, D = 7, 5, 3
x, y, b = (rng.normal(size=shape).astype("float32") for shape in ((M, D), (N, D), (N, 2)))
squares = ((x[:, None].astype("float64") - y[None]) ** 2).sum(2)

LIBRARIES = {
    "array_api_strict": (array_api_strict.asarray, type(array_api_strict.asarray(x))),
    "torch": (torch.asarray, torch.Tensor),
    "jax": (jnp.asarray, type(jnp.asarray(x))),
    "numpy": (np.asarray, np.ndarray),
}
EACH = pytest.mark.parametrize("library", LIBRARIES)


def of(library, *arrays):
    return [LIBRARIES[library][0](one) for one in arrays]


def assert_same(library, got, expected):
    assert isinstance(got, LIBRARIES[library][1])
    np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-5, atol=1e-5)


@EACH
def test_the_founding_program(library):
    q, p = of(library, x, rng.normal(size=(M, D)).astype("float32"))
    K = (-((LazyTensor(q[:, None, :]) - LazyTensor(q[None, :, :])) ** 2).sum(axis=2) / (2 * 0.7**2)).exp()
    dense = np.exp(-((x[:, None] - x[None]).astype("float64") ** 2).sum(2) / (2 * 0.7**2))
    assert_same(library, K @ p, dense @ np.asarray(p))
    assert_same(library, K @ p[:, 0], dense @ np.asarray(p)[:, 0])


@EACH
def test_reductions(library):
    K = (Vi(of(library, x)[0]) - Vj(of(library, y)[0])).sqnorm2()
    smallest, where = K.Kmin_argKmin(2, axis=1)
    assert_same(library, smallest, np.sort(squares)[:, :2])
    assert_same(library, where, np.argsort(squares)[:, :2])
    vectors = (Vi(of(library, x)[0]) - Vj(of(library, y)[0])).Kmin(2, axis=1)
    assert_same(library, vectors, np.sort(x[:, None] - y[None], axis=1)[:, :2])
    weighted = K.logsumexp(axis=1, weight=Vj(of(library, b**2)[0]))
    assert_same(library, weighted, np.log(np.exp(squares) @ b**2))


@EACH
def test_entries(library):
    K = (Vi(of(library, x)[0]) - Vj(of(library, y)[0])).sqnorm2()
    assert_same(library, K.dense(), squares)
    assert_same(library, K[[4, 0], [1, 1]], squares[[4, 0], [1, 1]])
    assert_same(library, K[3], squares[3])
    np.testing.assert_allclose(float(K[3, 2]), squares[3, 2], rtol=1e-5)


@EACH
def test_systems(library):
    right = rng.normal(size=(M, 2)).astype("float32")
    solve = KernelSolve("Exp(-SqDist(x,y))*b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], "b", axis=1)
    q, r = of(library, x, right)
    matrix = np.exp(-((x[:, None] - x[None]).astype("float64") ** 2).sum(2)) + 0.5 * np.eye(M)
    assert_same(library, solve(q, q, r, alpha=0.5, eps=1e-7), np.linalg.solve(matrix, right))


@EACH
def test_arrays_are_read_where_they_lie(library):
    (array,) = of(library, x)
    assert np.shares_memory(view(array), view(array))
    (kept,) = of(library, rng.normal(size=(1000, 3)).astype("float32"))
    before = np.asarray(view(kept)).copy()
    (Vi(kept) | Vj(kept)).sum(axis=1)
    np.testing.assert_array_equal(view(kept), before)


def test_arrays_for_reading_only():
    fixed = x.copy()
    fixed.flags.writeable = False
    strict = array_api_strict.asarray(fixed, copy=False)
    assert np.shares_memory(view(strict), fixed)
    for array in (fixed, strict):
        result = (Vi(array) | Vj(array)).sum(axis=1)
        np.testing.assert_allclose(np.asarray(result)[:, 0], (x @ x.T).sum(1), rtol=1e-5, atol=1e-5)


def test_strided_tensors():
    strided = torch.asarray(x).t().contiguous().t()[::2]
    assert view(strided).ctypes.data == strided.data_ptr()
    result = (Vi(strided) | Vj(torch.asarray(y))).sum(axis=1)
    assert_same("torch", result[:, 0], (x[::2] @ y.T).sum(1))


def test_dtypes_of_results():
    assert Genred("x", ["x = Vi(1)"], axis=1)(torch.arange(3)[:, None]).dtype == torch.float32
    assert Genred("x", ["x = Vi(1)"], axis=1)(array_api_strict.asarray([[1], [2]])).dtype == array_api_strict.float64
    assert (Vi(torch.ones(2, 1, dtype=torch.complex64)) * 2).sum(axis=1).dtype == torch.complex64
    assert (Vi(jnp.ones((2, 1), jnp.bfloat16)) * 2).sum(axis=1).dtype == jnp.bfloat16


class OnMetal:
    """An array on a device, as DLPack numbers them."""

    def __dlpack_device__(self):
        return 8, 0


def test_errors():
    mixed = Vi(torch.asarray(x)) + Vj(array_api_strict.asarray(y))
    with pytest.raises(rkeops.errors.ArgumentError, match="of torch and of array_api_strict do not go together"):
        mixed.sum(axis=1)
    with pytest.raises(rkeops.errors.DtypeError, match="a torch.Tensor that NumPy cannot read: .* requires grad"):
        Vi(torch.ones(3, 2, requires_grad=True))
    with pytest.raises(rkeops.errors.DtypeError, match="BFloat16"):
        Vi(torch.ones(3, 2, dtype=torch.bfloat16))
    with pytest.raises(rkeops.errors.DeviceError, match="on device 8 of DLPack; this library computes on the CPU and on CUDA"):
        view(OnMetal())
    with pytest.raises(rkeops.errors.ArgumentError, match="results come in new arrays"):
        (Vi(x) | Vj(y)).sum(axis=1, out=np.empty((M, 1), "float32"))
    with pytest.raises(rkeops.errors.ArgumentError, match="a list; expected an array of a library with DLPack"):
        Vi([[1.0, 2.0]])
