"""Several processes: results are right in children, however they start and whatever the parent did before."""

import pytest

from programs import output_of

#: Workers of a pool compare with dense sums; formulas come to them by pickling.
POOL = """
import multiprocessing
import sys

import numpy as np

from rkeops.numpy import Genred, Vi, Vj


def right(formula, rows):
    x = np.random.default_rng(rows).normal(size=(rows, 3))
    expected = np.exp(-((x[:, None] - x[None]) ** 2).sum(2)).sum(1, keepdims=True)
    lazy = (-((Vi(x) - Vj(x)) ** 2).sum(-1)).exp().sum(axis=1)
    return all(np.allclose(found, expected, rtol=1e-12) for found in (lazy, formula(x, x)))


if __name__ == "__main__":
    method, before = sys.argv[1:]
    formula = Genred("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    rows = [1, 10, 300, 1000]
    if before == "after a run":
        assert all(right(formula, one) for one in rows)
    with multiprocessing.get_context(method).Pool(2) as pool:
        answers = pool.starmap_async(right, [(formula, one) for one in rows]).get(timeout=100)
    assert all(answers) and all(right(formula, one) for one in rows)
    print("right")
"""

#: The process forks while its threads compile and run kernels; a child compiles and runs its own.
BUSY = """
import os
import threading
import time
import warnings

import numpy as np

from rkeops.numpy import Vi, Vj

# Newer versions of Python warn that a fork with threads is dangerous, which is why it is tested.
warnings.simplefilter("ignore", DeprecationWarning)
x = np.random.default_rng(0).normal(size=(2000, 3))
expected = np.exp(-((x[:50, None] - x[None]) ** 2).sum(2)).sum(1, keepdims=True)
stop = threading.Event()


def computed(power):
    return ((Vi(x[:50]) - Vj(x)).sqnorm2() ** power).sum(axis=1)


def work(first):
    power = first
    while not stop.is_set():
        computed(power)
        (Vi(x) | Vj(x)).exp().sum(axis=1)
        power += 2


def child():
    found = (-((Vi(x[:50]) - Vj(x)) ** 2).sum(-1)).exp().sum(axis=1)
    computed(1)
    os._exit(0 if np.allclose(found, expected, rtol=1e-12) else 1)


threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2)]
[thread.start() for thread in threads]
children = []
for _ in range(50):
    time.sleep(0.005)
    children.append(os.fork())
    if children[-1] == 0:
        child()
statuses = [os.waitpid(process, 0)[1] for process in children]
stop.set()
[thread.join() for thread in threads]
assert not any(statuses), statuses
print("right")
"""

#: A child differentiates what its parent has differentiated.
GRADIENTS = """
import os

import torch

from rkeops.torch import Vi, Vj


def right():
    x = torch.arange(12.0, dtype=torch.float64).reshape(4, 3).div(5).requires_grad_()
    lazy = (-(Vi(x) - Vj(x)).sqnorm2()).exp().sum(dim=1).log().sum()
    dense = (-((x[:, None] - x[None]) ** 2).sum(2)).exp().sum(1).log().sum()
    return torch.allclose(torch.autograd.grad(lazy, x)[0], torch.autograd.grad(dense, x)[0], rtol=1e-12)


assert right()
process = os.fork()
if process == 0:
    os._exit(0 if right() else 1)
assert os.waitpid(process, 0)[1] == 0
print("right")
"""


@pytest.mark.parametrize("before", ["at first", "after a run"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_processes(method, before, tmp_path):
    program = tmp_path / "pool.py"
    program.write_text(POOL)
    assert output_of(program, method, before, folder=tmp_path) == "right\n"


def test_a_fork_while_threads_compute(tmp_path):
    assert output_of("-c", BUSY, folder=tmp_path) == "right\n"


def test_a_child_differentiates(tmp_path):
    assert output_of("-c", GRADIENTS, folder=tmp_path) == "right\n"
