"""Symbolic tensors of PyTorch: values, derivatives of any order, and transformations."""

import pytest
import torch

from rkeops.torch import Genred, LazyTensor, Vi, Vj

torch.manual_seed(0)
M, N, D = 6, 5, 2


def points(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, requires_grad=True)


def test_the_founding_program():
    q, p, s = points(9, 3), points(9, 3), 0.7
    q_i, q_j = LazyTensor(q[:, None, :]), LazyTensor(q[None, :, :])
    K_ij = (-((q_i - q_j) ** 2).sum(dim=2) / (2 * s**2)).exp()
    H = 0.5 * torch.dot(p.view(-1), (K_ij @ p).view(-1))
    dense = torch.exp(-((q[:, None] - q[None]) ** 2).sum(2) / (2 * s**2))
    expected = 0.5 * (p * (dense @ p)).sum()
    torch.testing.assert_close(H, expected)
    for got, wanted in zip(torch.autograd.grad(H, [q, p]), torch.autograd.grad(expected, [q, p])):
        torch.testing.assert_close(got, wanted)


REDUCTIONS = {
    "sum": lambda K, b: (K.exp() * Vj(b)).sum(dim=1),
    "sum over i": lambda K, b: (K.exp() * Vj(b)).sum(dim=0),
    "logsumexp": lambda K, b: K.logsumexp(dim=1),
    "weighted logsumexp": lambda K, b: K.logsumexp(dim=1, weight=Vj(b).exp()),
    "softmax": lambda K, b: K.sumsoftmaxweight(Vj(b), dim=1),
    "min": lambda K, b: (K + Vj(b)).min(dim=1),
    "max": lambda K, b: (K * Vj(b)).max(dim=0),
    "Kmin": lambda K, b: K.Kmin(2, dim=1),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_gradients_of_reductions(name):
    def f(x, y, b):
        return REDUCTIONS[name](-((Vi(x) - Vj(y)) ** 2).sum(-1), b)

    arguments = points(M, D), points(N, D), points(N, 2)
    assert torch.autograd.gradcheck(f, arguments, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(f, arguments)


def test_parameters_and_batches():
    aliases = ["x = Vi(2)", "y = Vj(2)", "g = Pm(2)"]
    f = Genred("Exp(-WeightedSqDist(g,x,y))", aliases, axis=1)
    for weights in (torch.rand(2), torch.rand(3, 2)):
        weights = weights.double().requires_grad_()
        arguments = points(3, M, 2), points(1, N, 2), weights
        assert torch.autograd.gradcheck(f, arguments)
        assert torch.autograd.gradgradcheck(f, arguments)


def test_complex_gradients():
    z, y = torch.randn(M, 2, dtype=torch.complex128, requires_grad=True), points(N, 2)
    assert torch.autograd.gradcheck(lambda z, y: (Vi(z) * Vj(y)).sum(-1).exp().sum(dim=1), (z, y))


def test_transformations():
    def f(x, y):
        return (Vi(x) - Vj(y)).sqnorm2().exp().sum(dim=1).sum()

    def dense(x, y):
        return ((x[:, None] - y[None]) ** 2).sum(2).exp().sum()

    x, y = torch.rand(4, M, D, dtype=torch.float64), torch.rand(N, D, dtype=torch.float64)
    for transform in (
        lambda f: torch.func.vmap(f, in_dims=(0, None))(x, y),
        lambda f: torch.func.vmap(torch.func.grad(f), in_dims=(0, None))(x, y),
        lambda f: torch.func.grad(f, argnums=1)(x[0], y),
        lambda f: torch.func.jvp(f, (x[0], y), (x[1], y))[1],
        lambda f: torch.func.hessian(f)(x[0], y),
        lambda f: torch.func.jacfwd(torch.func.grad(f))(x[0], y),
    ):
        torch.testing.assert_close(transform(f), transform(dense))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_dtypes(dtype):
    x, y = torch.rand(M, D).to(dtype), torch.rand(N, D).to(dtype)
    result = (Vi(x) | Vj(y)).sum(dim=1)
    assert result.dtype == dtype
    torch.testing.assert_close(result[:, 0].float(), (x.float() @ y.float().T).sum(1), rtol=1e-2, atol=1e-2)


def test_expanded_and_strided():
    x, y = torch.rand(1, D).expand(M, D), torch.rand(D, N).t()
    torch.testing.assert_close((Vi(x) | Vj(y)).sum(dim=1)[:, 0], (x @ y.T).sum(1))


def test_the_default_dtype_may_change():
    z = torch.arange(5)[:, None]
    assert (Vi(z) + Vj(z)).sum(dim=1).dtype == torch.float32
    torch.set_default_dtype(torch.float64)
    try:
        assert (Vi(z) + Vj(z)).sum(dim=1).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_gradients_of_vectors_as_arguments():
    genred = Genred("Square(x - y)", ["x = Vi(1)", "y = Vj(1)"], axis=1)
    x, y = points(M), points(N)
    assert torch.autograd.gradcheck(genred, (x, y))


def test_autocast_and_sixteen_bits():
    layer, x = torch.nn.Linear(3, 3), torch.rand(20, 3)
    with torch.autocast("cpu"):
        h = layer(x)
        assert h.dtype == torch.bfloat16
        K = (-Vi(h).sqdist(Vj(x))).exp()
        product = K @ torch.ones(20, 1)
        assert product.dtype == torch.float32
        torch.testing.assert_close(product[:, 0], (-((h.float()[:, None] - x) ** 2).sum(2)).exp().sum(1))
    product.sum().backward()
    assert layer.weight.grad.isfinite().all()
    for dtype in (torch.float16, torch.bfloat16):
        half = x.to(dtype).requires_grad_()
        result = (-Vi(half).sqdist(Vj(half))).exp().sum(1)
        result.sum().backward()
        assert result.dtype == half.grad.dtype == dtype


@pytest.mark.parametrize(("rows_i", "rows_j"), [(0, 5), (5, 0), (0, 0)])
def test_no_rows(rows_i, rows_j):
    x, y = points(rows_i, 3), points(rows_j, 3)
    D = (Vi(x) - Vj(y)).sqnorm2()
    total = D.sum(1)
    assert total.shape == (rows_i, 1) and not total.any()
    total.sum().backward()
    assert x.grad.shape == x.shape and y.grad.shape == y.shape and not x.grad.any() and not y.grad.any()
    assert (D @ torch.ones(rows_j, 2, dtype=torch.float64)).shape == (rows_i, 2)
    if rows_j == 0:
        assert (D.logsumexp(1) == -torch.inf).all()
