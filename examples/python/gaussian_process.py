"""Regression by a Gaussian process whose hyperparameters are learned, with PyTorch.

y = f(x) + noise, where f has the covariance r v exp(-|x - x'|^2 / (2 l^2)) and the noise the variance v. With A = r
k(x, x) + Id and the v that is best for each r and l, the logarithm of the likelihood is, up to a constant,

    -N/2 log(y' A^-1 y / N) - 1/2 log det A

(Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 5). A^-1 y comes from conjugate
gradients. The determinant itself is not needed, but its derivative: trace(A^-1 dA) is the mean of z' A^-1 dA z over
random signs z (Gibbs and MacKay, "Efficient implementation of Gaussian processes", 1997; Hutchinson's estimator). No
matrix is stored.
"""

import math

import torch
from data import options, timed

from rkeops.torch import KernelSolve, LazyTensor

FORMULA, ALIASES = "r * Exp(-g * SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj({})", "r = Pm(1)", "g = Pm(1)"]


def scales(parameters):
    """r and 1 / (2 l^2) from the logarithms of l and r."""
    log_l, log_r = parameters
    return log_r.exp().view(1), (0.5 * (-2 * log_l).exp()).view(1)


def solved(x, b, r, g):
    """A^-1 b for the columns of b, with derivatives."""
    aliases = [alias.format(b.shape[1]) for alias in ALIASES]
    return KernelSolve(FORMULA, aliases, "b", axis=1)(x, x, b, r, g, alpha=1.0, eps=1e-4)


def covariance(x, y, r, g):
    """r k(x, y), never stored."""
    x_i, y_j = LazyTensor(x[:, None, :]), LazyTensor(y[None, :, :])
    return (-((x_i - y_j) ** 2).sum(-1) * LazyTensor(g)).exp() * LazyTensor(r)


def objective(parameters, x, y, z):
    """What has the gradient of minus the logarithm of the likelihood; the determinant's part is from the signs z."""
    r, g = scales(parameters)
    with torch.no_grad():
        inverse = solved(x, z, r, g)
    determinant = (inverse * (covariance(x, x, r, g) @ z)).sum() / z.shape[1]
    return 0.5 * len(x) * (y * solved(x, y, r, g)).mean().log() + 0.5 * determinant


def dense_objective(parameters, x, y):
    """Minus the logarithm of the likelihood itself, from the whole matrix."""
    r, g = scales(parameters)
    A = r * torch.exp(-g * ((x[:, None, :] - x[None, :, :]) ** 2).sum(2)) + torch.eye(len(x))
    return 0.5 * len(x) * (y * torch.linalg.solve(A, y)).mean().log() + 0.5 * torch.logdet(A)


def surface(x):
    """What is to be found again."""
    return torch.sin(6 * x[:, :1]) + torch.cos(9 * x[:, :1] * x[:, 1:])


def main():
    chosen = options(__doc__, points=600, steps=30, probes=8)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    noise = 0.1
    x, x_new = torch.rand(chosen.points, 2), torch.rand(1000, 2)
    y = surface(x) + noise * torch.randn(chosen.points, 1)
    z = torch.randn(chosen.points, chosen.probes).sign()
    start = torch.tensor([math.log(0.1), math.log(10.0)])
    parameters = start.clone().requires_grad_()

    optimizer = torch.optim.Adam([parameters], lr=0.1)
    with timed(f"{chosen.steps} steps for {len(x)} points"):
        for _ in range(chosen.steps):
            optimizer.zero_grad()
            objective(parameters, x, y, z).backward()
            optimizer.step()
    with torch.no_grad():
        r, g = scales(parameters)
        a = solved(x, y, r, g)
        variance = (y * a).mean()
        error = (covariance(x_new, x, r, g) @ a - surface(x_new)).square().mean().sqrt()
    l, r = parameters.detach().exp()
    print(f"l = {l:.3f}, r = {r:.1f}, noise = {variance.sqrt():.4f} (it is {noise})")
    print(f"root mean square error at new points: {error:.4f}")
    assert abs(variance.sqrt() - noise) < 0.15 * noise and error < noise

    few = slice(0, 1000)  # of which the whole matrix is small
    begun = start.clone().requires_grad_()
    estimated, exact = (
        torch.autograd.grad(f(begun, x[few], y[few], *rest), begun)[0]
        for f, rest in ((objective, (z[few],)), (dense_objective, ()))
    )
    difference = (estimated - exact).norm() / exact.norm()
    print(f"gradient at the start: differs by {100 * difference:.2g} % from that of the whole matrix")
    assert difference < 0.1
    assert dense_objective(parameters, x[few], y[few]) < dense_objective(start, x[few], y[few])


if __name__ == "__main__":
    main()
