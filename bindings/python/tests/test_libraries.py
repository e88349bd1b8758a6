"""Libraries that are built on pykeops run unchanged, and give what their own dense backends give."""

import pytest

from programs import output_of

GEOMLOSS = """
import rkeops.compat

rkeops.compat.install()

import pykeops
import torch
from geomloss import SamplesLoss

assert "rkeops" in pykeops.__file__
generator = torch.Generator().manual_seed(0)
x, y = (torch.rand(n, 3, dtype=torch.float64, generator=generator, requires_grad=True) for n in (60, 70))
for loss, options, tolerance in [
    ("sinkhorn", {"p": 2, "blur": 0.1}, 1e-6), ("gaussian", {"blur": 0.5}, 1e-10),
]:
    found = []
    for backend in ("tensorized", "online"):
        value = SamplesLoss(loss, backend=backend, **options)(x, y)
        found.append([value, *torch.autograd.grad(value, [x, y])])
    for dense, online in zip(*found):
        torch.testing.assert_close(online, dense, rtol=tolerance, atol=tolerance)
print("right")
"""

GPYTORCH = """
import rkeops.compat

rkeops.compat.install()

import gpytorch
import torch
from gpytorch.kernels import MaternKernel, RBFKernel
from gpytorch.kernels.keops import MaternKernel as KeOpsMatern, RBFKernel as KeOpsRBF

torch.manual_seed(0)
x, v = torch.rand(300, 2, dtype=torch.float64), torch.rand(300, 1, dtype=torch.float64)
for dense, symbolic in [(RBFKernel(), KeOpsRBF()), (MaternKernel(nu=1.5), KeOpsMatern(nu=1.5))]:
    with gpytorch.settings.max_cholesky_size(0):
        found = []
        for kernel in (dense.double(), symbolic.double()):
            kernel.lengthscale = 0.4
            value = (kernel(x, x) @ v).square().sum()
            found.append([value, *torch.autograd.grad(value, list(kernel.parameters()))])
    for expected, got in zip(*found):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)
print("right")
"""


@pytest.mark.parametrize("program", [GEOMLOSS, GPYTORCH], ids=["GeomLoss", "GPyTorch"])
def test_libraries(program, tmp_path):
    assert output_of("-Wignore", "-c", program, folder=tmp_path).endswith("right\n")
