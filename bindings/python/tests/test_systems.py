"""The method `solve` of symbolic tensors."""

import numpy as np
import pytest
import torch

import rkeops.torch
from rkeops.errors import ArgumentError
from rkeops.numpy import KernelSolve, LazyTensor, Pm, Vi, Vj

rng = np.random.default_rng(2)
M = 20
x, b = rng.uniform(size=(M, 2)) * 3, rng.normal(size=(M, 2))
MATRIX = np.exp(-((x[:, None] - x[None]) ** 2).sum(2)) + 0.1 * np.eye(M)
EXACT = {"alpha": 0.1, "eps": 1e-11}


def gaussian(x_i, y_j):
    return (-((x_i - y_j) ** 2).sum(-1)).exp()


@pytest.mark.parametrize("right", [b, b[:, 0], Vi(b), Vj(b)])
def test_right_hand_sides(right):
    expected = b if isinstance(right, LazyTensor) else right
    solution = gaussian(Vi(x), Vj(x)).solve(right, **EXACT)
    assert solution.shape == expected.shape
    np.testing.assert_allclose(MATRIX @ solution, expected, atol=1e-9)


def test_a_right_hand_side_that_the_matrix_is_made_of():
    matrix = np.exp(-((b[:, None] - b[None]) ** 2).sum(2)) + 0.1 * np.eye(M)
    for right in (b, Vj(b)):
        np.testing.assert_allclose(matrix @ gaussian(Vi(b), Vj(b)).solve(right, **EXACT), b, atol=1e-9)


def test_batches():
    points, right = rng.uniform(size=(3, M, 2)) * 3, rng.normal(size=(3, M, 1))
    K = gaussian(LazyTensor(points[:, :, None]), LazyTensor(points[:, None]))
    matrices = np.exp(-((points[:, :, None] - points[:, None]) ** 2).sum(3)) + 0.1 * np.eye(M)
    np.testing.assert_allclose(matrices @ K.solve(LazyTensor(right[:, :, None]), **EXACT), right, atol=1e-9)


def test_systems_that_wait_for_their_call():
    K, v = gaussian(Vi(0, 2), Vj(1, 2)), Vj(2, 2)
    for solve, arrays in {
        gaussian(Vi(x), Vj(x)).solve(b, call=False, **EXACT): (),
        gaussian(Vi(x), Vj(x)).solve(Vi(0, 2), **EXACT): (b,),
        K.solve(b, **EXACT): (x, x),
        K.solve(Vi(2, 2), **EXACT): (x, x, b),
        (K * v).solve(b, var=v, **EXACT): (x, x),
        (K * v).solve(Vi(2, 2), var=v, **EXACT): (x, x, b),
    }.items():
        np.testing.assert_allclose(MATRIX @ solve(*arrays), b, atol=1e-9)
        np.testing.assert_allclose((MATRIX + 0.2 * np.eye(M)) @ solve(*arrays, alpha=0.3), b, atol=1e-9)


def test_a_map_that_is_no_product_with_its_unknown():
    v, rows = Vj(0, 2), np.arange(float(M))[:, None]
    same = (Vi(rows) - Vj(rows)).square() < 0.5
    solution = (0.5 * (same * v) - gaussian(Vi(x), Vj(x)) * -v).solve(b, var=v, **EXACT)
    np.testing.assert_allclose(MATRIX @ solution + 0.5 * solution, b, atol=1e-9)


def test_blocks_of_pairs():
    half = np.array([[0, M // 2], [M // 2, M]])
    slices = np.array([1, 2])
    K = gaussian(Vi(x), Vj(x))
    K.ranges = (half, slices, half, half, slices, half)
    blocks = MATRIX.copy()
    blocks[: M // 2, M // 2 :] = blocks[M // 2 :, : M // 2] = 0
    np.testing.assert_allclose(blocks @ K.solve(b, **EXACT), b, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Pm(2.0),), "right-hand side is .*; expected an array, or a variable Vi or Vj"),
        ((Vi(b) * 2.0,), "right-hand side is .*; expected an array, or a variable Vi or Vj"),
        ((b, 3), "var is 3; expected a symbolic variable"),
        ((b, Vj(0, 2)), "var is not a symbolic variable of the tensor"),
    ],
)
def test_what_is_no_system(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        gaussian(Vi(x), Vj(x)).solve(*arguments)


def test_no_output_array():
    with pytest.raises(ArgumentError, match="the solution is a new array; got out="):
        gaussian(Vi(x), Vj(x)).solve(b, out=np.empty_like(b))


def test_derivatives():
    arguments = [torch.from_numpy(array[:6].copy()).requires_grad_() for array in (x, b)]

    def f(x, b):
        return gaussian(rkeops.torch.Vi(x), rkeops.torch.Vj(x)).solve(b, alpha=0.5, eps=1e-13)

    assert torch.autograd.gradcheck(f, arguments, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(f, arguments)
    clouds, right = torch.rand(3, 6, 3, dtype=torch.float64), torch.rand(4, 6, 2, dtype=torch.float64)
    expected = torch.stack([f(cloud, right[0]) for cloud in clouds])
    torch.testing.assert_close(torch.func.vmap(f, in_dims=(0, None))(clouds, right[0]), expected)
    expected = torch.stack([f(clouds[0], one) for one in right])
    torch.testing.assert_close(torch.func.vmap(f, in_dims=(None, 0))(clouds[0], right), expected)
    tangent = torch.func.jvp(lambda b: f(clouds[0], b), (right[0],), (right[1],))[1]
    torch.testing.assert_close(tangent, f(clouds[0], right[1]))


def test_kernels_whose_values_are_matrices():
    aliases = ["x = Vi(2)", "y = Vj(2)", "v = Vj(2)"]
    genred = KernelSolve("MatVecMult(TensorProd(x,y),v)", aliases, "v", axis=1)
    points, right = np.random.default_rng(1).normal(size=(2, 9, 2))
    dense = np.einsum("ia,jb->iajb", points, points).reshape(18, 18) + 0.5 * np.eye(18)
    solution = genred(points, points, right, alpha=0.5, eps=1e-13)
    np.testing.assert_allclose(dense @ solution.ravel(), right.ravel(), atol=1e-9)


@pytest.mark.parametrize("differentiated", [False, True])
def test_tensors_that_are_said_to_be_negated(differentiated):
    points = torch.from_numpy(x.copy()).requires_grad_(differentiated)
    right = torch.from_numpy(b[:, :1] + 1j * b[:, 1:]).conj().imag
    assert right.is_neg()
    solution = gaussian(rkeops.torch.Vi(points), rkeops.torch.Vj(points)).solve(right, **EXACT)
    np.testing.assert_allclose(MATRIX @ solution.detach().numpy(), -b[:, 1:], atol=1e-9)
