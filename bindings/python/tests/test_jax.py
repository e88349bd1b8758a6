"""Symbolic tensors of JAX: values, derivatives of any order, and transformations, compiled and not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import rkeops
from rkeops.jax import Genred, KernelSolve, LazyTensor, Pm, Vi, Vj, generic_sum
from rkeops.jax import _primitives
from rkeops.jax._primitives import _dense

jax.config.update("jax_enable_x64", True)
# The tests wait for XLA's compiler more than for anything else.
jax.config.update("jax_disable_most_optimizations", True)
rng = np.random.default_rng(0)
M, N, D = 6, 5, 2
EITHER = pytest.mark.parametrize("transform", [lambda f: f, jax.jit], ids=["eager", "jit"])


def points(*shape):
    return jnp.asarray(rng.normal(size=shape))


def assert_close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


@EITHER
def test_the_founding_program(transform):
    q, p, s = points(9, 3), points(9, 3), 0.7

    def energy(q, p, s):
        q_i, q_j = LazyTensor(q[:, None, :]), LazyTensor(q[None, :, :])
        K_ij = (-((q_i - q_j) ** 2).sum(axis=2) / (2 * s**2)).exp()
        return 0.5 * jnp.dot(p.ravel(), (K_ij @ p).ravel())

    def dense(q, p, s):
        return 0.5 * (p * (jnp.exp(-((q[:, None] - q[None]) ** 2).sum(2) / (2 * s**2)) @ p)).sum()

    # Under jit the width is a parameter that nobody knows yet.
    got = transform(jax.value_and_grad(energy, argnums=(0, 1, 2)))(q, p, s)
    expected = jax.value_and_grad(dense, argnums=(0, 1, 2))(q, p, s)
    jax.tree.map(assert_close, got, expected)


REDUCTIONS = {
    "sum": lambda K, b: (K.exp() * Vj(b)).sum(axis=1),
    "sum over i": lambda K, b: (K.exp() * Vj(b)).sum(axis=0),
    "product": lambda K, b: K.exp() @ b,
    "weighted logsumexp": lambda K, b: K.logsumexp(axis=1, weight=Vj(b).exp()),
    "softmax": lambda K, b: K.sumsoftmaxweight(Vj(b), axis=1),
    "max": lambda K, b: (K * Vj(b)).max(axis=0),
    "Kmin": lambda K, b: K.Kmin(2, axis=1),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_derivatives_of_reductions(name):
    def f(x, y, b):
        return REDUCTIONS[name](-((Vi(x) - Vj(y)) ** 2).sum(-1), b)

    check_grads(f, (points(M, D), points(N, D), points(N, 2)), order=2)


def test_derivatives_of_an_index_are_zero():
    x, y = points(M, D), points(N, D)
    (smallest, _), (along, _) = jax.jvp(lambda x: (Vi(x) | Vj(y)).min_argmin(axis=1), (x,), (jnp.ones((M, D)),))
    assert_close(smallest[:, 0], (x @ y.T).min(1))
    assert_close(along[:, 0], y.sum(1)[(x @ y.T).argmin(1)])


def test_parameters_and_batches():
    f = Genred("Exp(-WeightedSqDist(g,x,y))", ["x = Vi(2)", "y = Vj(2)", "g = Pm(2)"], axis=1)
    check_grads(jax.jit(f), (points(3, M, 2), points(1, N, 2), points(2) ** 2), order=2, modes="rev")
    check_grads(jax.jit(f), (points(3, M, 2), points(1, N, 2), points(3, 2) ** 2), order=2, modes="fwd")


def test_a_vector_that_follows_an_index():
    check_grads(Genred("x*y", ["x = Vi(1)", "y = Vj(2)"], axis=1), (points(M), points(N, 2)), order=1)


def test_complex_gradients():
    def f(z, w):
        return jnp.abs((Vi(z) * Vj(w)).sum(-1).exp().sum(axis=1)).sum()

    def dense(z, w):
        return jnp.abs(jnp.exp(z @ w.T).sum(1)).sum()

    z, w = points(M, D) + 1j * points(M, D), points(N, D) + 1j * points(N, D)
    jax.tree.map(assert_close, jax.grad(f, argnums=(0, 1))(z, w), jax.grad(dense, argnums=(0, 1))(z, w))
    check_grads(lambda z, y: (Vi(z) * Vj(y)).sum(-1).exp().sum(axis=1), (z, points(N, D)), order=2, modes="rev")


def test_transformations():
    def f(x, y):
        return (Vi(x) - Vj(y)).sqnorm2().exp().sum(axis=1).sum()

    def dense(x, y):
        return jnp.exp(((x[:, None] - y[None]) ** 2).sum(2)).sum()

    x, y = points(4, M, D) / 4, points(N, D) / 4
    for derived in (
        lambda f: jax.vmap(f, in_axes=(0, None))(x, y),
        lambda f: jax.vmap(f, in_axes=(1, None))(x.swapaxes(0, 1), y),
        lambda f: jax.vmap(jax.grad(f, argnums=1), in_axes=(0, None))(x, y),
        lambda f: jax.vmap(jax.vmap(f, in_axes=(0, None)), in_axes=(None, 0))(x, jnp.stack([y, 2 * y])),
        lambda f: jax.jvp(f, (x[0], y), (x[1], y))[1],
        lambda f: jax.hessian(f)(x[0], y),
        lambda f: jax.grad(jax.checkpoint(f))(x[0], y),
        lambda f: jax.lax.scan(lambda x, _: (x - 0.01 * jax.grad(f)(x, y), None), x[0], length=3)[0],
    ):
        assert_close(jax.jit(lambda derived=derived: derived(f))(), jax.jit(lambda derived=derived: derived(dense))())


@EITHER
def test_systems(transform):
    solve = KernelSolve("Exp(-SqDist(x,y))*b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)"], "b", axis=1)
    x, b = 3 * points(M, 2), points(M, 2)

    def f(x, b):
        return solve(x, x, b, alpha=0.5, eps=1e-13)

    K = jnp.exp(-((x[:, None] - x[None]) ** 2).sum(2)) + 0.5 * jnp.eye(M)
    assert_close(transform(f)(x, b), jnp.linalg.solve(K, b))
    check_grads(transform(f), (x, b), order=2, modes="rev")
    mapped = transform(jax.vmap(f, in_axes=(None, 0)))(x, jnp.stack([b, 2 * b]))
    assert_close(mapped, jnp.linalg.solve(K, jnp.stack([b, 2 * b])))


@EITHER
def test_dtypes_of_results(transform):
    x, y = points(M, D), points(N, D)
    for dtype in (jnp.float32, jnp.float16, jnp.bfloat16):
        narrow = x.astype(dtype), y.astype(dtype)
        result = transform(lambda x, y: (Vi(x) | Vj(y)).sum(axis=1))(*narrow)
        assert result.dtype == dtype
        np.testing.assert_allclose(result[:, 0].astype(float), (x @ y.T).sum(1), atol=0.1)
    with jax.enable_x64(False):
        # NumPy's arrays become what JAX's are.
        x, y = np.asarray(x), np.asarray(y)
        smallest, where = transform(lambda x, y: (Vi(x) | Vj(y)).min_argmin(axis=1))(x, y)
        assert (smallest.dtype, where.dtype) == (jnp.float32, jnp.int32)
        np.testing.assert_array_equal(where[:, 0], (x @ y.T).argmin(1))
        assert Genred("x", ["x = Vi(1)"], axis=1)(jnp.arange(3)[:, None]).dtype == jnp.float32


def test_what_stands_before_a_symbolic_tensor():
    x, y = points(M, 1, D), points(N, D)
    assert_close((x * Vj(y)).sum(axis=1), x[:, 0] * y.sum(0))
    assert_close((jnp.float64(3) - Pm(jnp.float64(1)) * Vj(y)).sum(axis=1)[0], (3 - y).sum(0))


def test_entries_and_vectors():
    x, y, b = points(M, D), points(N, D), points(N)
    K, dense = (Vi(x) - Vj(y)).sqnorm2(), ((x[:, None] - y[None]) ** 2).sum(2)
    assert_close(K.dense(), dense)
    assert_close(K @ b, dense @ b)
    assert_close(K.Kmin(2, axis=1), jnp.sort(dense)[:, :2])
    f = generic_sum("SqDist(x,y)", "a = Vi(1)", f"x = Vi({D})", f"y = Vj({D})")
    assert_close(f(x, y)[:, 0], dense.sum(1))


def test_arrays_are_not_copied():
    x = points(M, D)
    assert _dense(x).__array_interface__["data"][0] == x.unsafe_buffer_pointer()


def test_results_go_to_the_device_of_the_arrays(monkeypatch):
    x = points(M, D)
    elsewhere = jax.local_devices()[0]
    monkeypatch.setattr(_primitives, "_devices", lambda arrays: [elsewhere])
    values, places = (Vi(x) - Vj(x)).sqnorm2().Kmin_argKmin(2, axis=1)
    assert values.devices() == places.devices() == {elsewhere} and not values[:, 0].any()


def test_errors():
    x, y = points(M, D), points(N, D)
    with pytest.raises(rkeops.errors.ArgumentError, match="arrays of JAX cannot be written to"):
        (Vi(x) | Vj(y)).sum(axis=1, out=x)
    with pytest.raises(rkeops.errors.DtypeError, match="float8_e4m3fn; expected integers, bool"):
        Vi(x.astype(jnp.float8_e4m3fn))
    with pytest.raises(rkeops.errors.ArgumentError, match="a str; expected an array of jax"):
        Vi("x")
    with pytest.raises(rkeops.errors.ShapeError):
        jax.jit(lambda x, y: Vi(x) + Vj(y) + Vi(y))(x, y)
