"""Shapes broadcast as NumPy's do: random expressions of arrays that follow i, j or nothing, with batches, against NumPy."""

import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import broadcastable_shapes, mutually_broadcastable_shapes

from rkeops import errors
from rkeops.numpy import LazyTensor

OPERATORS = [operator.add, operator.sub, operator.mul, lambda a, b: a / (b * b + 1)]


@st.composite
def operands(draw, max_count=4):
    """Shapes (*batch, M or 1, N or 1, D or 1) that go together, never with both M and N."""
    count = draw(st.integers(1, max_count))
    shapes = draw(mutually_broadcastable_shapes(num_shapes=count, max_dims=2, max_side=3, min_side=1))
    rows_i, rows_j, dim = draw(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 3)))
    # A cloud of one point follows no index that a shape could tell.
    middles = [(1, 1), (rows_i, 1), (1, rows_j)]
    return [(*batch, *draw(st.sampled_from(middles)), draw(st.sampled_from([1, dim]))) for batch in shapes.input_shapes]


def expression(arrays, choices):
    """The operators chosen, from left to right."""
    made = arrays[0]
    for array, choice in zip(arrays[1:], choices):
        made = OPERATORS[choice](made, array)
    return made


@settings(max_examples=300, deadline=None)
@given(operands(), st.lists(st.integers(0, 3), min_size=3, max_size=3), st.integers(0, 1), st.integers(0, 2**32 - 1))
def test_sums_of_random_expressions(shapes, choices, index, seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    symbolic = expression([LazyTensor(array) for array in arrays], choices)
    dense = expression(arrays, choices)
    # Batches of fewer axes are told by operands alone.
    assert symbolic._shape == dense.shape or symbolic._shape[-3:] == dense.shape[-3:]
    axis = symbolic.nbatchdims + index
    got, expected = symbolic.sum(axis=axis), dense.sum(axis=dense.ndim - 3 + index)
    assert got.shape[-2:] == expected.shape[-2:]
    np.testing.assert_allclose(got, np.broadcast_to(expected, got.shape), rtol=1e-12, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_shapes_that_do_not_fit(data):
    first = data.draw(st.tuples(st.integers(1, 3), st.integers(2, 4), st.just(1), st.integers(1, 4)))
    second = data.draw(st.tuples(st.integers(1, 3), st.integers(2, 4), st.just(1), st.integers(1, 4)))
    a, b = np.ones(first), np.ones(second)
    # Rows have to be the same: a cloud of one point is no cloud that can be broadcast.
    try:
        dense = (a + b).sum(axis=2)
    except ValueError:
        with pytest.raises((errors.ShapeError, errors.DimensionError)) as caught:
            LazyTensor(a) + LazyTensor(b)
        for shape in (first, second):
            assert str(shape[1]) in str(caught.value) or str(shape[-1]) in str(caught.value)
    else:
        np.testing.assert_array_equal((LazyTensor(a) + LazyTensor(b)).sum(axis=2), dense)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_products_with_batches(data, rows_i, rows_j, columns):
    batch = data.draw(st.sampled_from([(), (2,), (2, 3)]))
    other = data.draw(broadcastable_shapes(batch, max_dims=len(batch), min_dims=len(batch), max_side=3)) if batch else ()
    x, y = np.random.rand(*batch, rows_i, 1, 2), np.random.rand(*other, 1, rows_j, 2)
    b = np.random.rand(*batch, rows_j, columns)
    K = (LazyTensor(x) * LazyTensor(y)).sum(-1)
    np.testing.assert_allclose(K @ b, (x * y).sum(-1) @ b, rtol=1e-12)
