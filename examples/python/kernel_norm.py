"""The founding program: the squared norm of a vector field on the Stanford bunny, and its gradients, with PyTorch.

    H(q, p) = 1/2 <p, K(q,q) p>,    K(q,q)[i,j] = exp(-|q_i - q_j|^2 / (2 s^2))

q are points and p their momenta. H is the Hamiltonian of landmark matching: its gradient in p is the velocity of the
points and its gradient in q, with the sign changed, the force on them (Miller, Trouvé and Younes, "Geodesic shooting
for computational anatomy", Journal of Mathematical Imaging and Vision 24, 2006). The graph that PyTorch
differentiates is drawn where torchviz and Graphviz are installed.
"""

import importlib.util
import shutil

import torch
from data import bunny, options, timed

from rkeops.torch import LazyTensor


def hamiltonian(q, p, s):
    """H for points q and momenta p, both (N, 3)."""
    q_i, q_j = LazyTensor(q[:, None, :]), LazyTensor(q[None, :, :])
    D_ij = ((q_i - q_j) ** 2).sum(dim=2)
    K_ij = (-D_ij / (2 * s**2)).exp()
    v = K_ij @ p
    return 0.5 * torch.dot(p.view(-1), v.view(-1))


def dense_hamiltonian(q, p, s):
    """The same with the whole matrix."""
    K = torch.exp(-((q[:, None, :] - q[None, :, :]) ** 2).sum(2) / (2 * s**2))
    return 0.5 * (p * (K @ p)).sum()


def main():
    points = options(__doc__, points=1839).points
    torch.manual_seed(0)
    q = torch.from_numpy(bunny(points)).requires_grad_()
    p = torch.randn_like(q).requires_grad_()
    s = 0.2

    with timed(f"H and its gradients for {len(q)} points"):
        H = hamiltonian(q, p, s)
        in_q, in_p = torch.autograd.grad(H, [q, p], retain_graph=True)
    print(f"H = {H.item():.10g}, |gradient in q| = {in_q.norm():.6g}, |gradient in p| = {in_p.norm():.6g}")

    expected = dense_hamiltonian(q, p, s)
    torch.testing.assert_close(H, expected, rtol=1e-12, atol=0)
    for found, wanted in zip((in_q, in_p), torch.autograd.grad(expected, [q, p])):
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)
    print("the whole matrix gives the same")

    if importlib.util.find_spec("torchviz") and shutil.which("dot"):
        from torchviz import make_dot

        print("drew", make_dot(H, {"q": q, "p": p}).render("kernel_norm", format="svg", cleanup=True))


if __name__ == "__main__":
    main()
