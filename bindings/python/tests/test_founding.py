"""The founding program, as it is written for pykeops with only the import changed, and the drawing of its graph."""

from pathlib import Path

import pytest
import torch
from torchviz import make_dot

from rkeops.torch import LazyTensor

BUNNY = Path(__file__).resolve().parents[3] / "examples" / "data" / "bunny.csv"


def dense(q, p, s):
    """H and its gradients, written out: K is symmetric, and its derivative in q_i is -K (q_i - q_j) / s^2."""
    difference = q[:, None, :] - q[None, :, :]
    K = torch.exp(-(difference**2).sum(2) / (2 * s**2))
    in_q = -(K[:, :, None] * difference * (p @ p.T)[:, :, None]).sum(1) / s**2
    return 0.5 * (p.T @ K @ p)[0, 0], in_q, K @ p


# torchviz asks for PyTorch's version by means that Python has given up.
@pytest.mark.filterwarnings("ignore:distutils Version:DeprecationWarning")
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
def test_the_founding_program(dtype, tolerance, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points = [list(map(float, line.split(","))) for line in BUNNY.read_text().splitlines()[1:401]]
    torch.manual_seed(0)
    q = torch.tensor(points, dtype=dtype, requires_grad=True)
    p = torch.randn(len(points), 1, dtype=dtype, requires_grad=True)
    s = 0.2

    q_i = LazyTensor(q[:, None, :])
    q_j = LazyTensor(q[None, :, :])
    D_ij = ((q_i - q_j) ** 2).sum(dim=2)
    K_ij = (-D_ij / (2 * s**2)).exp()
    v = K_ij @ p
    H = 0.5 * torch.dot(p.view(-1), v.view(-1))
    rendered = make_dot(H, {"q": q, "p": p}).render(view=False)

    assert v.shape == p.shape and v.dtype == H.dtype == dtype
    assert (tmp_path / rendered).read_bytes().startswith(b"%PDF")
    expected = dense(q.detach().double(), p.detach().double(), s)
    for found, wanted in zip((H, *torch.autograd.grad(H, [q, p])), expected):
        assert (found - wanted).abs().max() <= tolerance * wanted.abs().max()


@pytest.mark.filterwarnings("ignore:distutils Version:DeprecationWarning")
def test_the_graph_has_both_variables_and_the_reduction():
    q, p = (torch.randn(5, columns, requires_grad=True) for columns in (3, 1))
    K = (-((LazyTensor(q[:, None, :]) - LazyTensor(q[None, :, :])) ** 2).sum(dim=2)).exp()
    graph = make_dot(torch.dot(p.view(-1), (K @ p).view(-1)), {"q": q, "p": p})
    assert "q\n (5, 3)" in graph.source and "p\n (5, 1)" in graph.source
    # The product with the kernel matrix is one node, however long its formula is.
    assert graph.source.count("_ReduceBackward") == 1
