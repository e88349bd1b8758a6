"""Memory stays where it is, however many calls are made."""

import pytest

from programs import output_of

#: How much the process grows by calls, after others that fill the caches, which are bounded, and the allocator's pools.
MEASURE = """
import os


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(call, times, first=2_000):
    for _ in range(first):
        call()
    before = resident()
    for _ in range(times):
        call()
    return resident() - before
"""

PROGRAMS = {
    "products of NumPy": """
import numpy as np
from rkeops.numpy import LazyTensor

x, b = np.random.randn(10, 3), np.random.randn(10, 1)
K = (-((LazyTensor(x[:, None, :]) - LazyTensor(x[None, :, :])) ** 2).sum(-1)).exp()
print(growth(lambda: K @ b, 100_000))
""",
    "formulas and reductions that are made again": """
import numpy as np
from rkeops.numpy import Genred, Vi, Vj

x = np.random.randn(10, 3)


def call():
    (-((Vi(x) - Vj(x)) ** 2).sum(-1) / 1.5).exp().sum(axis=1)
    Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, x)


print(growth(call, 20_000))
""",
    "formulas that are never made again": """
import itertools
import numpy as np
from rkeops.numpy import Vi, Vj

x = np.random.randn(10, 3)
numbers = itertools.count(2)
print(growth(lambda: (Vi(x) - Vj(x)) * next(numbers), 20_000, first=20_000))
""",
    "errors": """
import numpy as np
import rkeops
from rkeops.numpy import Genred

f = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)


def call():
    try:
        f(np.ones((5, 3)), np.ones((5, 2)))
    except rkeops.Error:
        return
    raise AssertionError


print(growth(call, 20_000))
""",
    "gradients of torch": """
import torch
from rkeops.torch import LazyTensor

x, b = torch.randn(10, 3, requires_grad=True), torch.randn(10, 1, requires_grad=True)
K = (-((LazyTensor(x[:, None, :]) - LazyTensor(x[None, :, :])) ** 2).sum(-1)).exp()


def call():
    (K @ b).sum().backward()
    x.grad = b.grad = None


print(growth(call, 20_000))
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_memory_stays_flat(name, tmp_path):
    growth = int(output_of("-c", MEASURE + PROGRAMS[name], folder=tmp_path))
    print(f"{name}: {growth / 1024:.0f} KiB more")
    assert growth < 1 << 20
