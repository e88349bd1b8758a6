"""Symbolic tensors of TensorFlow: values and derivatives of any order, eagerly and in graphs."""

import numpy as np
import pytest
import tensorflow as tf

import rkeops
from rkeops.tensorflow import Genred, KernelSolve, LazyTensor, Pm, Vi, Vj, generic_sum

rng = np.random.default_rng(0)
M, N, D = 6, 5, 2
EITHER = pytest.mark.parametrize("transform", [lambda f: f, tf.function], ids=["eager", "graph"])


def points(*shape):
    return tf.constant(rng.normal(size=shape))


def distances(x, y):
    return tf.reduce_sum((x[:, None] - y[None]) ** 2, -1)


def derivatives(f, *arguments):
    """The values of a function, the gradients of their squares, and those of a function of these."""
    with tf.GradientTape() as outer:
        outer.watch(arguments)
        with tf.GradientTape() as inner:
            inner.watch(arguments)
            values = f(*arguments)
            squares = tf.reduce_sum(tf.abs(values) ** 2)
        first = inner.gradient(squares, arguments)
        mixed = sum(tf.reduce_sum(tf.sin(one)) for one in first)
    return values, first, outer.gradient(mixed, arguments)


def assert_close(got, expected):
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11), got, expected)


@EITHER
def test_the_founding_program(transform):
    q, p, s = points(9, 3), points(9, 3), 0.7

    def energy(q, p):
        q_i, q_j = LazyTensor(q[:, None, :]), LazyTensor(q[None, :, :])
        K_ij = (-((q_i - q_j) ** 2).sum(axis=2) / (2 * s**2)).exp()
        return 0.5 * tf.reduce_sum(p * (K_ij @ p))

    def dense(q, p):
        return 0.5 * tf.reduce_sum(p * (tf.exp(-distances(q, q) / (2 * s**2)) @ p))

    assert_close(derivatives(transform(energy), q, p), derivatives(dense, q, p))


REDUCTIONS = {
    "product": (
        lambda x, y, b: (-((Vi(x) - Vj(y)) ** 2).sum(-1)).exp() @ b,
        lambda x, y, b: tf.exp(-distances(x, y)) @ b,
    ),
    "sum over i": (
        lambda x, y, b: ((-(Vi(x) - Vj(y)).sqnorm2()).exp() * Vj(b)).sum(axis=0),
        lambda x, y, b: tf.reduce_sum(tf.exp(-distances(x, y)), 0)[:, None] * b,
    ),
    "weighted logsumexp": (
        lambda x, y, b: (-(Vi(x) - Vj(y)).sqnorm2()).logsumexp(axis=1, weight=Vj(b).exp()),
        lambda x, y, b: tf.reduce_logsumexp(b[None] - distances(x, y)[:, :, None], 1),
    ),
    "softmax": (
        lambda x, y, b: (Vi(x) | Vj(y)).sumsoftmaxweight(Vj(b), axis=1),
        lambda x, y, b: tf.nn.softmax(x @ tf.transpose(y)) @ b,
    ),
    "min": (
        lambda x, y, b: ((Vi(x) | Vj(y)) + Vj(b)).min_argmin(axis=1)[0],
        lambda x, y, b: tf.reduce_min((x @ tf.transpose(y))[:, :, None] + b[None], 1),
    ),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_derivatives_of_reductions(name):
    lazy, dense = REDUCTIONS[name]
    arguments = points(M, D), points(N, D), points(N, 2)
    expected = derivatives(dense, *arguments)
    assert_close(derivatives(lazy, *arguments), expected)
    # A graph of the function, whose derivatives are graphs of their own, and a graph of all together.
    assert_close(derivatives(tf.function(lazy, autograph=False), *arguments), expected)
    assert_close(tf.function(lambda *arguments: derivatives(lazy, *arguments), autograph=False)(*arguments), expected)


def test_rows_that_a_graph_does_not_know():
    lazy, dense = REDUCTIONS["product"]
    traced = tf.function(lazy, input_signature=[tf.TensorSpec([None, 2], tf.float64)] * 3)
    assert traced.get_concrete_function().structured_outputs.shape.as_list() == [None, 2]
    for m, n in ((M, N), (1, 3)):
        arguments = points(m, D), points(n, D), points(n, 2)
        assert_close(derivatives(traced, *arguments), derivatives(dense, *arguments))
    vectors = tf.function(lambda x, b: (Vi(x) | Vj(x)).Kmin(2, axis=1) @ b[:2])
    vectors = vectors.get_concrete_function(tf.TensorSpec([None, 2], tf.float64), tf.TensorSpec([None, 1], tf.float64))
    x, b = points(M, D), points(M, 1)
    assert_close(vectors(x, b), tf.sort(x @ tf.transpose(x))[:, :2] @ b[:2])


def test_parameters_and_batches():
    def lazy(x, y, g):
        return Genred("Exp(-WeightedSqDist(g,x,y))", ["x = Vi(2)", "y = Vj(2)", "g = Pm(2)"], axis=1)(x, y, g)

    def dense(x, y, g):
        squares = (x[:, :, None] - y[:, None]) ** 2
        weights = g if len(g.shape) == 1 else g[:, None, None]
        return tf.reduce_sum(tf.exp(-tf.reduce_sum(weights * squares, -1)), 2)[..., None]

    for weights in (points(2) ** 2, points(3, 2) ** 2):
        arguments = points(3, M, 2), points(1, N, 2), weights
        assert_close(derivatives(lazy, *arguments), derivatives(dense, *arguments))


def test_a_vector_that_follows_an_index():
    x, y = points(M), points(N, 2)
    product = Genred("x*y", ["x = Vi(1)", "y = Vj(2)"], axis=1)
    assert_close(derivatives(product, x, y), derivatives(lambda x, y: x[:, None] * tf.reduce_sum(y, 0), x, y))


def test_complex_gradients():
    def lazy(z, w):
        return (Vi(z) * Vj(w)).sum(-1).exp().sum(axis=1)

    def dense(z, w):
        return tf.reduce_sum(tf.exp(z @ tf.transpose(w)), 1)[:, None]

    def gradients(f, *arguments):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            value = tf.reduce_sum(tf.abs(f(*arguments)))
        return tape.gradient(value, arguments)

    arguments = tf.complex(points(M, D), points(M, D)), tf.complex(points(N, D), points(N, D))
    assert_close(gradients(lazy, *arguments), gradients(dense, *arguments))


def test_forward_derivatives_and_variables():
    lazy, dense = REDUCTIONS["product"]
    x, y, b = points(M, D), points(N, D), points(N, 2)
    along = []
    for f in (lazy, dense):
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
            values = f(x, y, b)
        along.append(accumulator.jvp(values))
    assert_close(*along)
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(lazy(variable, y, b) ** 2)
    assert_close(tape.gradient(value, variable), derivatives(dense, x, y, b)[1][0])


@EITHER
def test_systems(transform):
    solve = KernelSolve("Exp(-SqDist(x,y))*b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)"], "b", axis=1)

    def lazy(x, b):
        return solve(x, x, b, alpha=0.5, eps=1e-13)

    def dense(x, b):
        return tf.linalg.solve(tf.exp(-distances(x, x)) + 0.5 * tf.eye(M, dtype=tf.float64), b)

    arguments = 3 * points(M, 2), points(M, 2)
    assert_close(derivatives(transform(lazy), *arguments), derivatives(dense, *arguments))


@EITHER
def test_dtypes_of_results(transform):
    x, y = points(M, D), points(N, D)
    for dtype in (tf.float32, tf.float16, tf.bfloat16):
        narrow = tf.cast(x, dtype), tf.cast(y, dtype)
        result = transform(lambda x, y: (Vi(x) | Vj(y)).sum(axis=1))(*narrow)
        assert result.dtype == dtype
        np.testing.assert_allclose(tf.cast(result, tf.float64)[:, 0], tf.reduce_sum(x @ tf.transpose(y), 1), atol=0.1)
    smallest, where = transform(lambda x, y: (Vi(x) | Vj(y)).min_argmin(axis=1))(x, y.numpy())
    assert (smallest.dtype, where.dtype) == (tf.float64, tf.int64)
    np.testing.assert_array_equal(where[:, 0], tf.argmin(x @ tf.transpose(y), 1))
    assert Genred("x", ["x = Vi(1)"], axis=1)(tf.range(3)[:, None]).dtype == tf.float32


def test_what_stands_before_a_symbolic_tensor():
    x, y = points(M, D), points(N, D)
    assert_close((x[:, None] * Vj(y)).sum(axis=1), x * tf.reduce_sum(y, 0))
    three = tf.constant(3.0, tf.float64)
    assert_close((three - Pm(three) * Vj(y)).sum(axis=0), 3 - 3 * y)


def test_entries_and_vectors():
    x, y, b = points(M, D), points(N, D), points(N)
    K, dense = (Vi(x) - Vj(y)).sqnorm2(), distances(x, y)
    assert_close(K.dense(), dense)
    assert_close(K[[4, 0], [1, 1]], tf.gather_nd(dense, [[4, 1], [0, 1]]))
    assert_close(K[2], dense[2])
    assert_close(K @ b, tf.linalg.matvec(dense, b))
    f = generic_sum("SqDist(x,y)", "a = Vi(1)", f"x = Vi({D})", f"y = Vj({D})")
    assert_close(f(x, y)[:, 0], tf.reduce_sum(dense, 1))


def test_errors():
    x, y = points(M, D), points(N, D)
    with pytest.raises(rkeops.errors.ArgumentError, match="tensors of TensorFlow cannot be written to"):
        (Vi(x) | Vj(y)).sum(axis=1, out=x)
    with pytest.raises(rkeops.errors.DtypeError, match="expected integers, bool"):
        Vi(tf.constant([["x"]]))
    with pytest.raises(rkeops.errors.ArgumentError, match="a RaggedTensor; expected an array of tensorflow"):
        Vi(tf.ragged.constant([[1.0], [2.0, 3.0]]))
    with pytest.raises(rkeops.errors.ShapeError, match="do not fit together"):
        tf.function(lambda x, y: Vi(x) + Vj(y) + Vi(y), autograph=False)(x, y)
