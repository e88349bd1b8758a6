"""What symbolic tensors show of themselves, and that they survive pickling."""

import copy
import pickle
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

import rkeops.torch
from rkeops._lazy import display
from rkeops.errors import ArgumentError
from rkeops.numpy import LazyTensor, Pm, Vi, Vj

rng = np.random.default_rng(4)
x, y, b = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
K = (-0.5 * Vi(x).sqdist(Vj(y))).exp()


def test_repr():
    text = repr(K)
    assert text.startswith(f"LazyTensor({K.formula}, shape=(7, 5), dtype=float64, operations=")
    assert text.endswith(" per pair, dense=280 B)")
    assert repr((1j * K).exp()).startswith("ComplexLazyTensor(") and "dtype=complex128" in repr(1j * K)


def test_operations_grow_with_the_formula():
    def operations(tensor):
        return int(repr(tensor).split("operations=")[1].split(" ")[0])

    assert 0 < operations(Vi(x).sqdist(Vj(y))) < operations(K) < operations(K + (Vi(x) | Vj(y)).exp())


def test_repr_of_what_has_no_arrays():
    assert "symbolic=((0, 3, 0), (1, 3, 1))" in repr(Vi(0, 3) | Vj(1, 3))
    assert "shape=(1, 1)" in repr(Pm(2.0)) and "dtype" not in repr(Pm(2.0))


def test_what_cannot_be_compiled_is_shown(monkeypatch):
    def fails(*_):
        raise ArgumentError("no")

    monkeypatch.setattr(display, "compiled", fails)
    assert "operations" not in repr(K) and "shape=(7, 5)" in repr(K)


class Cells(HTMLParser):
    """The cells of a table."""

    def __init__(self):
        super().__init__()
        self.open, self.rows = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] in ("th", "td"):
            self.rows[-1].append(data)


def test_table_for_notebooks(monkeypatch):
    parser = Cells()
    parser.feed(K._repr_html_())
    facts = dict(parser.rows)
    assert not parser.open
    assert facts["formula"] == K.formula and facts["shape"] == "(7, 5)" and facts["dense"] == "280 B"
    assert facts["operations"].endswith(" per pair")
    monkeypatch.setattr(LazyTensor, "formula", "<script>&")
    assert "<script>" not in K._repr_html_() and "&lt;script&gt;&amp;" in K._repr_html_()


def test_explanations():
    text = K.explain()
    assert f"formula: {K.formula}" in text and "(7, 3) float64, a row for each i" in text
    assert "Sum_Reduction" in text and "reduce over j" in text
    over_i = K.explain("ArgKMin", axis=0, opt_arg=2)
    assert "ArgKMin_Reduction" in over_i and "reduce over i" in over_i
    weighted = K.explain("LogSumExp", other=Vj(b))
    assert "(5, 2) float64, a row for each j" in weighted
    assert "array 1 of a call" in (Vi(x) | Vj(1, 3)).explain() and "the numbers (0.1, 0.2, 0.3)" in (
        (Vi(x) * [0.1, 0.2, 0.3]) | Vj(y)
    ).explain()
    with pytest.raises(ArgumentError, match="the axis is 5"):
        K.explain(axis=5)


def test_explanations_follow_the_dtype():
    single = (-0.5 * Vi(x.astype("float32")).sqdist(Vj(y.astype("float32")))).exp()
    assert "float32" in single.explain() and single.explain() != K.explain()


def test_sizes_that_a_person_can_read():
    assert [display._bytes(count) for count in (0, 1023, 1024, 3 << 30, 5000 << 40)] == [
        "0 B", "1.02e+03 B", "1 KiB", "3 GiB", "5e+03 TiB",
    ]  # fmt: skip


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy])
def test_copies_compute_the_same(copied):
    np.testing.assert_array_equal(copied(K) @ b, K @ b)
    K @ b
    again = copied(K[2:5, :])
    np.testing.assert_array_equal(again @ b, K[2:5, :] @ b)
    assert repr(again) == repr(K[2:5, :])
    points = torch.tensor(x)
    of_torch = rkeops.torch.Vi(points) | rkeops.torch.Vj(points)
    assert torch.equal(copied(of_torch).dense(), of_torch.dense())


def test_pickles_do_not_grow_with_use():
    fresh = (Vi(x) | Vj(y)) ** 2
    size = len(pickle.dumps(fresh))
    fresh @ b, fresh.rmatvec(np.ones(7)), fresh.matvec([1.0] * 5)
    assert len(pickle.dumps(fresh)) == size


def test_ranges_and_backend_survive():
    blocks = Vi(x) | Vj(y)
    blocks.ranges = tuple(np.array(one) for one in ([[0, 3]], [1], [[0, 2]], [[0, 2]], [1], [[0, 3]]))
    blocks.backend = "portable"
    again = pickle.loads(pickle.dumps(blocks))
    assert again.backend == "portable"
    np.testing.assert_array_equal(again @ b, blocks @ b)
