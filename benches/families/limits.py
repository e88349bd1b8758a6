"""What has a limit instead of a peer: calls with nothing to do, working memory, errors."""

import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from peers.keops import pykeops
from peers.ours import kernel
from problem import Work
from problems import gauss
from report import Result, limited
from timing import Contestant, in_turn

GAUSS = gauss(3)


def small(run):
    """N = M = 100: what a call costs when there is nothing to do."""
    arguments = ["40", "100"] if run.quick else []
    output = subprocess.run([run.bench / "warm", *arguments], check=True, capture_output=True, text=True).stdout
    ours = {name: 1e-6 * float(value) for name, value in (line.split() for line in output.splitlines())}
    work = Work((GAUSS,), GAUSS.arrays(100, 100, "float32"))
    warm, _ = pykeops().make(work, run)
    warm()
    peer = Contestant("pykeops from Python", warm, work.pairs)
    in_turn([peer], 20)
    first = [_first_result(work, run, k) for k in range(1 if run.quick else 2)]

    task, seconds, theirs = (
        "text to first result, N=M=100, new formula, from C",
        ours["new_formula_us"],
        statistics.median(first),
    )
    yield limited(task, "1 ms", 1e-3 / seconds, f"{1e3 * seconds:.3f} ms", seconds)
    against = f"pykeops from Python, {len(first)} formulas"
    yield Result(task, against, theirs / seconds, seconds, theirs, None, f"{1e3 * seconds:.3f} ms", f"{theirs:.2f} s")
    seconds = ours["first_of_process_us"]
    task = "  the same, first call of the process"
    yield limited(task, "for the record", 1e-3 / seconds, f"{1e3 * seconds:.3f} ms", seconds, None)
    task, seconds = "warm call, N=M=100, from C", ours["warm_call_us"]
    yield limited(task, "10 us", 1e-5 / seconds, f"{1e6 * seconds:.2f} us", seconds)
    shown = f"{1e6 * seconds:.2f} us", f"{1e6 * peer.seconds:.1f} us"
    yield Result(task, peer.name, peer.seconds / seconds, seconds, peer.seconds, None, *shown)


def _first_result(work, run, number):
    """Seconds that pykeops takes for a formula whose constant no cache on disk has seen."""
    constant = time.time_ns() // 1000 % 10**9 + number
    start = time.perf_counter()
    pykeops().make(replace(work, problems=(replace(GAUSS, formula=f"Exp(-IntCst({constant})*SqDist(x,y))*b"),)), run)[
        0
    ]()
    return time.perf_counter() - start


def memory(run):
    """The most that one run takes beside its arrays, in a process of its own."""
    n = 65_536 if run.quick else 262_144
    command = [sys.executable, Path(__file__).parents[1] / "memory.py", run.library_path, str(n)]
    size, seconds = map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    yield limited(
        f"memory beyond inputs and outputs, N=M={n:,}", "16 MiB", 2**24 / size, f"{size / 2**20:.2f} MiB", seconds
    )


def accuracy(run):
    """64 rows of sums of positive terms against an evaluation in extended precision."""
    n, rows = (100_000, 16) if run.quick else (1_000_000, 64)
    for spread in (1.0, 100.0):  # in a wide cloud a rounded coordinate costs more than a rounded sum
        draw = {name: lambda rng, shape: spread * rng.random(shape) for name in ("x", "y")}
        work = Work((GAUSS,), replace(GAUSS, draw=draw).arrays(rows, n, "float32", seed=1))
        exact = np.array([work.exact(GAUSS, row, np.longdouble) for row in range(rows)])
        for dtype, limit in (("float32", 1e-6), ("float64", 1e-14)):
            typed = replace(work, arrays={name: a.astype(dtype) for name, a in work.arrays.items()})
            for target in ("auto", "avx2", "portable"):
                error = float(np.abs(kernel(typed, run, target)()[0] / exact - 1).max())
                task = f"relative error, N={n:,}, {dtype}, {target}" + (f", {spread:g} wide" if spread > 1 else "")
                required = 1.0 if spread == 1.0 else None
                yield limited(task, f"{limit:.0e}", limit / max(error, 1e-30), f"{error:.1e}", required=required)


ROWS = [small, memory, accuracy]
