"""torch.compile keeps reductions in its graph, with their derivatives; operators of PyTorch and symbolic tensors go together."""

import torch
import pytest

from rkeops import errors
from rkeops.torch import Genred, LazyTensor, Pm, Vi, Vj

_GENRED = Genred("Exp(-SqDist(x,y)*p)*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "p=Pm(1)"], axis=1)
_SCALE = torch.tensor([0.7], dtype=torch.float64)


def _product(x, b):
    K = (-((LazyTensor(x[:, None, :]) - LazyTensor(x[None, :, :])) ** 2).sum(-1) / 0.7).exp()
    return K @ b


def _batches(x, b):
    y = torch.stack([x, x.sin()])
    return LazyTensor(y[:, :, None, :]).sqdist(LazyTensor(y[:, None, :, :])).min(dim=2)


PROGRAMS = {
    "product": _product,
    "batches": _batches,
    "genred": lambda x, b: _GENRED(x, x.cos(), b, _SCALE),
    "sum": lambda x, b: ((-Vi(x).sqdist(Vj(x)) / Pm(_SCALE)).exp() * Vj(b)).sum(1),
    "logsumexp": lambda x, b: (Vi(x) - Vj(x)).abs().sum(-1).logsumexp(1),
    "attention": lambda x, b: (-Vi(x).sqdist(Vj(x))).sumsoftmaxweight(Vj(b), axis=1),
    "neighbours": lambda x, b: x[(Vi(x) - Vj(x)).abs().sum(-1).argKmin(3, dim=1)],
    "rounded factors": lambda x, b: ((Vi(x) | Vj(x)) * Vj(b)).sum(1, allow_tf32=True),
    "functions": lambda x, b: torch.exp(-torch.abs(Vi(x)).norm2() * Vj(x).norm2()) @ b,
    "comparison": lambda x, b: ((2 * Vi(x) | Vj(x)) < 0.5).sum(1) + b,
    "tensors left and right": lambda x, b: (b[0] - Vi(x) - b[1] * Vj(x) / b[2] + Vi(x) ** b[3] - b[4]).sum(0),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_one_graph(name):
    program = PROGRAMS[name]
    torch._dynamo.reset()
    compiled = torch.compile(program, fullgraph=True, backend="aot_eager")
    for rows in (20, 31):  # The second time rows are of any number.
        x = torch.rand(rows, 3, dtype=torch.float64, requires_grad=True)
        b = torch.rand(rows, 1, dtype=torch.float64, requires_grad=True)
        expected, came = program(x, b), compiled(x, b)
        assert torch.equal(expected, came)
        if expected.requires_grad:
            weights = torch.rand_like(expected)
            expected, came = (torch.autograd.grad((r * weights).sum(), (x, b), allow_unused=True) for r in (expected, came))
            for e, c in zip(expected, came):
                assert (e is None and (c is None or not c.any())) or torch.allclose(e, c, rtol=1e-12, atol=1e-12)


def test_a_symbolic_matrix_from_outside():
    torch._dynamo.reset()
    x = torch.rand(20, 3)
    K = (-Vi(x).sqdist(Vj(x))).exp()
    compiled = torch.compile(lambda b: (2 * K) @ b.sin(), fullgraph=True, backend="aot_eager")
    b = torch.rand(20, 2)
    assert torch.equal(compiled(b), (2 * K) @ b.sin())


def test_ranges_are_part_of_the_graph():
    torch._dynamo.reset()
    x, b = torch.rand(20, 3, requires_grad=True), torch.rand(20, 1)
    halves = torch.tensor([[0, 10], [10, 20]]), torch.tensor([1, 2]), torch.tensor([[0, 10], [10, 20]])

    def program(x, b):
        return _GENRED(x, x, b, _SCALE.float(), ranges=(*halves, *halves))

    compiled = torch.compile(program, fullgraph=True, backend="aot_eager")
    expected, came = program(x, b), compiled(x, b)
    assert torch.equal(expected, came)
    assert torch.allclose(torch.autograd.grad(expected.sum(), x)[0], torch.autograd.grad(came.sum(), x)[0])


@pytest.mark.filterwarnings("ignore:The .grad attribute")
def test_the_operator_is_what_pytorch_asks_for():
    x, b = torch.rand(6, 3, dtype=torch.float64, requires_grad=True), torch.rand(6, 1, dtype=torch.float64)
    text, names = "Sum_Reduction((Exp(-SqDist(Var(0,3,0),Var(1,3,1))*Var(3,1,2))*Var(2,1,1)),0)", [
        "Vi(0,3)", "Vj(1,3)", "Vj(2,1)", "Pm(3,1)"
    ]  # fmt: skip
    arguments = ([x, x.detach(), b], [0.5], [0, 0, 0, 1], [text], names, 1, [64, 0, 0, 0], [])
    torch.library.opcheck(torch.ops.rkeops.reduce.default, arguments)


def test_comparisons_with_tensors_are_refused_in_graphs():
    torch._dynamo.reset()
    x = torch.rand(5, 3)
    compiled = torch.compile(lambda t: (t < Vi(x)).sum(0), fullgraph=True, backend="eager")
    with pytest.raises((errors.UnsupportedError, torch._dynamo.exc.Unsupported), match="cannot compare"):
        compiled(torch.rand(3))


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!="])
def test_operators_with_tensors(operator):
    x, t = torch.rand(7, 3), torch.rand(3)
    x[2] = t
    symbolic, dense = eval(f"(t {operator} Vi(x) + 0 * Vj(x)).sum(1)"), eval(f"(t {operator} x) * 7.0")
    assert torch.allclose(symbolic, dense)
    symbolic, dense = eval(f"(Vi(x) {operator} t + 0 * Vj(x)).sum(1)"), eval(f"(x {operator} t) * 7.0")
    assert torch.allclose(symbolic, dense)


def test_functions_of_pytorch_that_do_not_apply():
    x = torch.rand(7, 3)
    assert torch.allclose(torch.sqrt(Vi(x)).sum(0), x.sqrt().sum(0))
    assert torch.allclose((Vi(x) | Vj(x)).sum(1), (x @ x.T).sum(1)[:, None])
    for call in (lambda: torch.dot(x[0], Vi(x)), lambda: torch.where(Vi(x)), lambda: x @ Vi(x), lambda: torch.sum(Vi(x), 1)):
        with pytest.raises(TypeError):
            call()
