"""The Python package: what its calls cost beside the library's, and the founding program with its gradient."""

import statistics
import time

import numpy as np

from peers.ours import kernel
from problem import Work, Wrong
from problems import gauss
from report import Result, compared, limited
from timing import Contestant, in_turn

GAUSS = gauss(3)


def gaussian(LazyTensor, x, y, width=1):
    """A Gaussian matrix as a user writes it."""
    return (-((LazyTensor(x[:, None, :]) - LazyTensor(y[None, :, :])) ** 2).sum(-1) / width).exp()


def packages():
    """Symbolic tensors of both packages, and how each makes its arrays of NumPy's."""
    import pykeops
    import pykeops.numpy
    import pykeops.torch
    import rkeops.numpy
    import rkeops.torch
    import torch

    pykeops.set_verbose(False)
    yield "NumPy", rkeops.numpy.LazyTensor, pykeops.numpy.LazyTensor, np.asarray, 30e-6
    yield "torch", rkeops.torch.LazyTensor, pykeops.torch.LazyTensor, torch.from_numpy, 60e-6


def seconds(call, batch=100, rounds=40):
    """The median time of a call, of batches so that reading the clock does not count."""
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(batch):
            call()
        times.append((time.perf_counter() - start) / batch)
    return statistics.median(times)


def small(run):
    """N = M = 100: what a call and the building of a formula cost."""
    arrays = list(GAUSS.arrays(100, 100, "float32").values())
    for library, ours, theirs, of_numpy, limit in packages():
        x, y, b = map(of_numpy, arrays)

        K, peer = (gaussian(LazyTensor, x, y, 2 * 0.7**2) for LazyTensor in (ours, theirs))
        if not np.allclose(np.asarray(K @ b), np.asarray(peer @ b), rtol=1e-4):
            raise Wrong(f"K @ b of {library}'s arrays is not what pykeops computes")
        for task, limit, own, other in (
            (f"warm K @ b, N=M=100, {library}", limit, lambda: K @ b, lambda: peer @ b),
            (
                f"building a Gaussian, {library}",
                50e-6,
                lambda: gaussian(ours, x, y, 2 * 0.7**2),
                lambda: gaussian(theirs, x, y, 2 * 0.7**2),
            ),
        ):
            taken, peers = seconds(own), seconds(other, 20)
            shown = f"{1e6 * taken:.1f} us"
            yield limited(task, f"{1e6 * limit:.0f} us", limit / taken, shown, taken)
            yield Result(task, "pykeops", peers / taken, taken, peers, None, shown, f"{1e6 * peers:.0f} us")


def first(run):
    """The first result of formulas that nobody has seen, N = M = 1,000."""
    x, y, b = GAUSS.arrays(1_000, 1_000, "float32").values()
    _, ours, theirs, *_ = next(packages())
    gaussian(ours, x, y) @ b
    times = {}
    for LazyTensor, count in ((ours, 20), (theirs, 1)):
        times[LazyTensor] = []
        for _ in range(count):
            width = time.time_ns() // 1000 % 10**6 + 2  # an integer is part of the formula
            start = time.perf_counter()
            gaussian(LazyTensor, x, y, width) @ b
            times[LazyTensor].append(time.perf_counter() - start)
    taken, peers = (statistics.median(times[LazyTensor]) for LazyTensor in (ours, theirs))
    task, shown = "first result of a new formula, N=M=1,000", f"{1e3 * taken:.2f} ms"
    yield limited(task, "5 ms", 5e-3 / taken, shown, taken)
    yield Result(task, "pykeops", peers / taken, taken, peers, None, shown, f"{peers:.2f} s")


def beside(run):
    """What Python takes beside the call of the library, N = M = 20,000."""
    n = 3_000 if run.quick else 20_000
    work = Work((GAUSS,), GAUSS.arrays(n, n, "float32"))
    _, ours, *_ = next(packages())
    x, y, b = work.inputs
    in_python = Contestant("Python", lambda: gaussian(ours, x, y) @ b, work.pairs)
    of_library = Contestant("the call of the library", kernel(work, run), work.pairs)
    in_turn([in_python, of_library], 3 * run.rounds)
    share = in_python.seconds / of_library.seconds - 1
    task = f"Python's cost over the call of the library, N=M={n:,}"
    yield limited(task, "1 %", 0.01 / max(share, 1e-4), f"{100 * share:.2f} %", in_python.seconds)


def founding(run):
    """H = 1/2 <p, K(q,q) p> and its gradient, as torch's users write it; pykeops takes a share of the rows of i."""
    import torch

    n, share = (2_000, 4) if run.quick else (100_000, 50)
    q, p = (torch.rand(n, columns, generator=torch.Generator().manual_seed(0)) for columns in (3, 1))
    _, (_, ours, theirs, *_) = packages()

    def program(LazyTensor, rows):
        q_i, q_j, p_i, p_j = (a.clone().requires_grad_() for a in (q[:rows], q, p[:rows], p))

        def call():
            H = 0.5 * torch.dot(p_i.view(-1), (gaussian(LazyTensor, q_i, q_j, 2 * 0.5**2) @ p_j).view(-1))
            return H, torch.autograd.grad(H, [q_i, q_j, p_i, p_j])

        return call

    few = n // share
    (value, gradients), (expected, wanted) = program(ours, few)(), program(theirs, few)()
    for got, right in zip([value, *gradients], [expected, *wanted]):
        if not torch.allclose(got, right, rtol=1e-3, atol=1e-4 * float(right.detach().abs().max())):
            raise Wrong("the founding program gives another value or gradient than pykeops'")
    contestants = Contestant("rkeops", program(ours, n), n * n), Contestant("pykeops", program(theirs, few), n * few)
    in_turn(contestants, 3)
    yield compared(f"founding program, value and gradient, N={n:,}", *contestants, 25)


ROWS = [small, first, beside, founding]
