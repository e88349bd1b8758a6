"""Indices of symbolic tensors against those of dense arrays."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rkeops.torch
from rkeops.errors import ArgumentError, IndexingError
from rkeops.numpy import LazyTensor, Pm, Vi, Vj

rng = np.random.default_rng(2)
M, N = 7, 5
x, y = rng.normal(size=(M, 3)), rng.normal(size=(N, 3))

#: Symbolic tensors and what they stand for, written independently of them.
MATRICES = {
    "matrix": (2 * (Vi(x) | Vj(y)) + 1, 2 * (x @ y.T) + 1),
    "vectors": (Vi(x) * Vj(y) - [1.0, 2.0, 3.0], x[:, None] * y[None] - [1.0, 2.0, 3.0]),
    "complex": ((1j * (Vi(x) | Vj(y))).exp(), np.exp(1j * (x @ y.T))),
}
OF_TORCH = rkeops.torch.Vi(torch.tensor(x)) * rkeops.torch.Vj(torch.tensor(y)) - [1.0, 2.0, 3.0]


def slices(extent):
    bound = st.none() | st.integers(-extent - 2, extent + 2)
    return st.builds(slice, bound, bound, st.none() | st.integers(-3, 3).filter(bool))


def places(extent, *shape):
    """Arrays of places; negative ones count from the end."""
    count = int(np.prod(shape))
    place = st.integers(-extent, extent - 1)
    return st.lists(place, min_size=count, max_size=count).map(lambda one: np.reshape(one, shape).astype("int64"))


def masks(*shape):
    count = int(np.prod(shape))
    return st.lists(st.booleans(), min_size=count, max_size=count).map(lambda one: np.reshape(one, shape))


def axes(i, j):
    return st.tuples(i(M), j(N))


def integers(extent):
    return st.integers(-extent, extent - 1)


def three(extent):
    return places(extent, 3)


def grid(extent):
    return places(extent, 2, 3)


#: Indices of rows and columns in all the ways that NumPy has.
KEYS = st.one_of(
    *(axes(i, j) for i in (integers, slices, three, grid) for j in (integers, slices, three, grid)),
    st.tuples(places(M, 4), places(N, 2)).map(lambda pair: np.ix_(*pair)),
    axes(lambda n: places(n, 0), slices),
    axes(lambda n: places(n, 0), lambda n: places(n, 0)),
    axes(lambda n: places(n, 3, 1), three),
    axes(masks, slices),
    axes(slices, masks),
    masks(M, N),
    axes(slices, slices).map(lambda key: (*key, ...)),
)


def values_of(part):
    return part.dense() if isinstance(part, LazyTensor) else part


@settings(max_examples=300, deadline=None)
@given(KEYS, st.sampled_from(sorted(MATRICES)))
def test_rows_and_columns(key, name):
    K, dense = MATRICES[name]
    expected = dense[key]
    part = K[key]
    assert np.shape(values_of(part)) == expected.shape
    np.testing.assert_allclose(values_of(part), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(KEYS)
def test_tensors_of_torch(key):
    expected = MATRICES["vectors"][1][key]
    part = OF_TORCH[key]
    values = part.dense() if isinstance(part, rkeops.torch.LazyTensor) else part
    assert isinstance(values, torch.Tensor) and tuple(values.shape) == expected.shape
    np.testing.assert_allclose(values.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_what_stays_symbolic():
    K, dense = MATRICES["matrix"]
    b = rng.normal(size=N)
    mask = np.arange(M) % 2 == 0
    for key in (np.s_[2:5], np.s_[::-2, :], np.s_[[4, 1], :], np.s_[mask, :], np.s_[1:3, ::2]):
        part = K[key]
        assert isinstance(part, LazyTensor) and part.shape == dense[key].shape
        b = np.ones(part.shape[1])
        np.testing.assert_allclose(part @ b, dense[key] @ b)
    mesh = np.ix_([3, 0], [1, 4, 2])
    np.testing.assert_allclose(K[mesh].sum(axis=0)[:, 0], dense[mesh].sum(0))
    assert isinstance(K[2], np.ndarray) and isinstance(K[2, 3], np.float64)


def test_rows_come_one_after_the_other():
    K, dense = MATRICES["matrix"]
    np.testing.assert_allclose(list(K), dense)


def test_components_are_chosen_as_keops_does():
    K, dense = MATRICES["vectors"]
    for key in (np.s_[:, :, 1], np.s_[:, :, 1:3], np.s_[..., 2], np.s_[..., 1:]):
        np.testing.assert_allclose(K[key].dense(), dense[key])
    # One index alone is of components, where the tensor is no matrix of numbers.
    np.testing.assert_allclose(K[1].dense(), dense[..., 1])
    np.testing.assert_allclose(K[:2].dense(), dense[..., :2])
    np.testing.assert_allclose(K[-1].dense(), dense[..., -1])
    one = Vi(x[:, :1])
    for same in (one[0], one[:, :, 0], one[..., 0], one[..., :]):
        np.testing.assert_allclose(same.dense(), x[:, :1])
    matrix, numbers = MATRICES["matrix"]
    np.testing.assert_allclose(matrix[:, :, 0].dense(), numbers)
    np.testing.assert_allclose(matrix[..., 0].dense(), numbers)


def test_rows_and_components_together():
    K, dense = MATRICES["vectors"]
    for key in (np.s_[3, :, 1], np.s_[3, 4, 2], np.s_[2:6, 1, 1:], np.s_[[0, 2], [1, 3], 1], np.s_[1:3, ::2, :2]):
        np.testing.assert_allclose(values_of(K[key]), dense[key])


def test_batches():
    p, q = rng.normal(size=(4, 1, M, 1, 3)), rng.normal(size=(2, 1, N, 3))
    K = (LazyTensor(p) * LazyTensor(q) + Pm(rng.normal(size=3))) * Vi(x)
    dense = K.dense()
    assert dense.shape == (4, 2, M, N, 3)
    keys = (1,), np.s_[1:3, 0, 2:5], np.s_[-1, :, 2, 3], np.s_[::2, 1:, [0, 3], [1, 1], 2], np.s_[3, 1, :, :, 1:]
    for key in keys:
        np.testing.assert_allclose(values_of(K[(*key, ...)]), dense[(*key, ...)])
    scalars, numbers = K.sum(-1), dense.sum(-1)
    np.testing.assert_allclose(scalars[1].dense(), numbers[1])
    np.testing.assert_allclose(scalars[..., 2, 3], numbers[..., 2, 3])


def test_derivatives_of_parts():
    points = torch.tensor(x, requires_grad=True)
    K = (rkeops.torch.Vi(points) | rkeops.torch.Vj(torch.tensor(y))) ** 2
    (K[[1, 1], [0, 2]].sum() + K[4].sum() + K[5:, :].sum(axis=1).sum()).backward()
    dense = 2 * (x @ y.T)[..., None] * y[None]
    expected = np.zeros((M, 3))
    expected[1] = dense[1, 0] + dense[1, 2]
    expected[4:] = dense[4:].sum(1)
    np.testing.assert_allclose(points.grad.numpy(), expected)


def test_what_follows_one_index():
    rows = Vi(x).sum(-1)
    np.testing.assert_allclose(rows[2:4, :].dense(), x[2:4].sum(1, keepdims=True))
    np.testing.assert_allclose(rows[[3, 1], 0], x[[3, 1]].sum(1))
    np.testing.assert_allclose(Vj(y).sum(-1)[:, [1, 2]].dense(), y[[1, 2]].sum(1)[None])


ERRORS = {
    "row": (np.s_[7], IndexingError, "the index 7 of axis i is out of range: there are 7"),
    "column": (np.s_[:, -6], IndexingError, "the index -6 of axis j is out of range"),
    "places": (([0, 9], slice(None)), IndexingError, "the index 9 of axis i"),
    "axes": (np.s_[0, 0, 0, 0], IndexingError, r"does not fit a tensor of shape \(7, 5\)"),
    "ellipses": ((..., 1, ...), IndexingError, "does not fit"),
    "numbers": (np.s_[0.5], IndexingError, "the index of axis i is 0.5; expected integers"),
    "None": (np.s_[None, 0], IndexingError, "the index of axis i is None"),
    "truth": (np.s_[True, 0], IndexingError, "the index of axis i is True"),
    "mask": ((np.ones(3, bool), slice(None)), IndexingError, "the mask of axis i has 3 entries; expected 7"),
    "wide mask": (np.ones((N, M), bool), IndexingError, r"the mask has shape \(5, 7\); expected \(7, 5\)"),
    "component": (np.s_[:, :, 1], IndexingError, "the index 1 of components is out of range"),
    "components": (np.s_[:, :, :0], IndexingError, "expected an integer, or a slice of step 1"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    key, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        MATRICES["matrix"][0][key]
    assert issubclass(IndexingError, IndexError) and issubclass(IndexingError, ValueError)


def test_errors_of_other_tensors():
    with pytest.raises(IndexingError, match="expected one"):
        Vj(y).sum(-1)[[0, 0], :]
    with pytest.raises(ArgumentError, match="symbolic variables"):
        (Vi(0, 3) | Vj(y))[:, 1:3]
    with pytest.raises(IndexingError, match="the batch"):
        LazyTensor(rng.normal(size=(4, M, 1, 3)))[[1, 2], :, :, :]
    K = Vi(x) | Vj(y)
    K.ranges = tuple(np.array(one) for one in ([[0, M]], [1], [[0, N]], [[0, N]], [1], [[0, M]]))
    with pytest.raises(ArgumentError, match="ranges"):
        K[2:4]
    with pytest.raises(IndexingError, match="axis j"):
        K.entries([0], [N])
