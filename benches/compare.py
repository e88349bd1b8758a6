"""Compares rkeops with its peers and with the yardsticks, all contestants of a row in turn in one run.

Called by run.sh, which builds everything; prints a table and writes founding.json into the bench folder. Medians of the
rounds; ratios are of pairs per second. Exits with 1 where a required ratio is missed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import peers
from problems import COLUMNS, GAUSS, GRADIENT, LOGSUMEXP, data, dense, width
from report import CLOCK, HEADER, QUIET, Contestant, Row, compared, in_turn, limited, line, machine, write
from rkeops_abi import Kernel, Library

BENCH, LIBRARY = Path(os.environ["RKEOPS_BENCH"]), Path(os.environ["RKEOPS_LIBRARY"])
HERE = Path(__file__).parent
YARDSTICKS = {"avx2": "gauss_d3_f32", "avx512f": "gauss_d3_f32_avx512"}  # by what the processor must have


class Run:
    """Sizes and rounds of this run, the library, and the arrays that rows share."""

    def __init__(self, quick):
        self.quick = quick
        self.n, self.rounds = (10_000, 3) if quick else (40_000, 7)
        self.slow = 10  # slow peers go through a tenth of the rows of x, with all of y
        self.library = Library(LIBRARY)
        self.arrays = {}

    def data(self, dtype, part=1):
        """The arrays of this run, with a part of the rows of x for slow peers."""
        if dtype not in self.arrays:
            self.arrays[dtype] = data(self.n, self.n, dtype)
        arrays = dict(self.arrays[dtype])
        for name in ("x", "e"):
            arrays[name] = arrays[name][: self.n // part].copy()
        return arrays

    def kernel(self, problems, arrays, target="auto", texts=None):
        """A contestant that runs these problems in one pass; the last one has all the arguments."""
        dtype, last = arrays["x"].dtype, problems[-1]
        kernel = Kernel(self.library, texts or [p.text for p in problems], last.aliases, dtype, target)
        outputs = [np.empty((len(arrays["x"]), width(p)), dtype) for p in problems]
        call = kernel.bind([arrays[name] for name in last.arguments], outputs)
        return Contestant("rkeops", call, len(arrays["x"]) * len(arrays["y"]))

    def peer(self, name, make, dtype, part=1):
        """A contestant made by a function of peers.py."""
        arrays = self.data(dtype, part)
        return Contestant(name, make(arrays), len(arrays["x"]) * len(arrays["y"]))


def agree(problem, contestants, arrays, dtype):
    """Nobody is timed who computes something else."""
    rows = range(0, 8)
    reference = dense(problem, arrays, rows)
    tolerance = (2e-5 if dtype == "float32" else 1e-12) * np.abs(reference).max()
    for contestant in contestants:
        difference = np.abs(contestant.call()[: len(rows)] - reference).max()
        if not difference <= tolerance:
            raise SystemExit(f"{contestant.name} computes another {problem.title} ({dtype}): off by {difference:.1e}")


def yardsticks(run):
    """The hand-written kernels that this processor can run, the required one first."""

    def contestant(flag, name):
        make = lambda arrays: peers.yardstick(BENCH / f"{name}.so", f"yardstick_{name}", arrays)
        return run.peer(f"yardstick {flag.removesuffix('f')}", make, "float32")

    flags = machine().split()
    return [contestant(flag, name) for flag, name in YARDSTICKS.items() if flag in flags]


def peer_rows(run, problem, dtype, required):
    """A problem against pykeops."""
    ours = run.kernel([problem], run.data(dtype))
    theirs = run.peer("pykeops", lambda arrays: peers.pykeops(problem, arrays), dtype, run.slow)
    agree(problem, [ours, theirs], run.data(dtype), dtype)
    in_turn([ours, theirs], run.rounds)
    yield compared(f"{problem.title}, {dtype}", ours, theirs, required)


def gauss_rows(run, dtype, required):
    """The Gaussian sum against everybody; in float32 also with each target that is forced."""
    work = f"{GAUSS.title}, {dtype}"
    ours = run.kernel([GAUSS], run.data(dtype))
    pykeops = run.peer("pykeops", lambda arrays: peers.pykeops(GAUSS, arrays), dtype, run.slow)
    numba = run.peer("numba", peers.numba, dtype)
    numpy = run.peer("chunked NumPy", peers.chunked_numpy, dtype, run.slow)
    hands = yardsticks(run) if dtype == "float32" else []
    forced = {name: run.kernel([GAUSS], run.data(dtype), name) for name in ("avx2", "portable") if dtype == "float32"}
    everybody = [ours, *hands, pykeops, numba, numpy, *forced.values()]
    agree(GAUSS, everybody, run.data(dtype), dtype)
    in_turn(everybody, run.rounds)
    for k, hand in enumerate(hands):
        yield compared(work, ours, hand, 1.0 if k == 0 else None)
    yield compared(work, ours, pykeops, required)
    yield compared(work, ours, numba)
    yield compared(work, ours, numpy)
    if forced:
        for hand in hands[:1]:
            yield compared(f"{work}, target avx2", forced["avx2"], hand)
        yield compared(f"{work}, target avx2", forced["avx2"], pykeops)
        yield compared(f"{work}, target portable", forced["portable"], pykeops, 6.0)


def together_rows(run):
    """Value and gradient in one pass against the gradient alone."""
    for dtype, required in (("float32", 1 / 1.5), ("float64", None)):
        arrays = run.data(dtype)
        alone, both = run.kernel([GRADIENT], arrays), run.kernel([GAUSS, GRADIENT], arrays)
        agree(GAUSS, [both], arrays, dtype)
        in_turn([both, alone], run.rounds)
        alone.name = "gradient alone"
        times = both.seconds / alone.seconds
        yield compared(f"value and gradient together, {dtype}: {times:.2f} x the time", both, alone, required)


def small_rows(run):
    """N = M = 100: what a call costs when there is nothing to do."""
    arguments = ["40", "100"] if run.quick else []
    output = subprocess.run([BENCH / "warm", *arguments], check=True, capture_output=True, text=True).stdout
    ours = {name: 1e-6 * float(value) for name, value in (line.split() for line in output.splitlines())}
    arrays = data(100, 100, "float32")
    genred = peers.pykeops(GAUSS, arrays)
    genred()
    warm = Contestant("pykeops from Python", genred, 1e4)
    in_turn([warm], 20)

    work = "text to first result, N=M=100, new formula, from C"
    first = []
    for k in range(1 if run.quick else 2):  # seconds each; a constant that no cache on disk has seen
        constant = time.time_ns() // 1000 % 10**9 + k
        problem = replace(GAUSS, formula=f"Exp(-IntCst({constant})*SqDist(x,y))*b")
        start = time.perf_counter()
        peers.pykeops(problem, arrays)()
        first.append(time.perf_counter() - start)
    seconds, theirs = ours["new_formula_us"], statistics.median(first)
    yield limited(work, "1 ms", 1e-3 / seconds, f"{1e3 * seconds:.3f} ms", seconds)
    against = f"pykeops from Python, {len(first)} formulas"
    yield Row(work, against, theirs / seconds, seconds, theirs, None, f"{1e3 * seconds:.3f} ms", f"{theirs:.2f} s")
    seconds = ours["first_of_process_us"]
    work = "  the same, first call of the process"
    yield limited(work, "for the record", 1e-3 / seconds, f"{1e3 * seconds:.3f} ms", seconds, None)
    work, seconds = "warm call, N=M=100, from C", ours["warm_call_us"]
    yield limited(work, "10 us", 1e-5 / seconds, f"{1e6 * seconds:.2f} us", seconds)
    shown = f"{1e6 * seconds:.2f} us", f"{1e6 * warm.seconds:.1f} us"
    yield Row(work, warm.name, warm.seconds / seconds, seconds, warm.seconds, None, *shown)


def memory_rows(run):
    """The most that one run takes beside its arrays, in a process of its own."""
    n = 65_536 if run.quick else 262_144
    command = [sys.executable, HERE / "memory.py", LIBRARY, str(n)]
    size, seconds = map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    yield limited(f"memory beyond inputs and outputs, N=M={n:,}", "16 MiB", 2**24 / size, f"{size / 2**20:.2f} MiB", seconds)


def accuracy_rows(run):
    """64 rows of sums of positive terms against an evaluation in extended precision."""
    n, rows = (100_000, 16) if run.quick else (1_000_000, 64)
    for spread in (1.0, 100.0):  # in a wide cloud a rounded coordinate costs more than a rounded sum
        arrays = data(rows, n, "float32", seed=1, spread=spread)
        exact = dense(GAUSS, arrays, range(rows), np.longdouble)
        for dtype, limit in (("float32", 1e-6), ("float64", 1e-14)):
            for target in ("auto", "avx2", "portable"):
                ours = run.kernel([GAUSS], {name: a.astype(dtype) for name, a in arrays.items()}, target)
                error = float(np.abs(ours.call() / exact - 1).max())
                work = f"relative error, N={n:,}, {dtype}, {target}" + (f", {spread:g} wide" if spread > 1 else "")
                required = 1.0 if spread == 1.0 else None
                yield limited(work, f"{limit:.0e}", limit / max(error, 1e-30), f"{error:.1e}", required=required)


GROUPS = {
    "gauss32": lambda run: gauss_rows(run, "float32", 20.0),
    "columns32": lambda run: peer_rows(run, COLUMNS, "float32", 15.0),
    "gradient32": lambda run: peer_rows(run, GRADIENT, "float32", 15.0),
    "logsumexp32": lambda run: peer_rows(run, LOGSUMEXP, "float32", 15.0),
    "gauss64": lambda run: gauss_rows(run, "float64", 7.0),
    "columns64": lambda run: peer_rows(run, COLUMNS, "float64", 7.0),
    "gradient64": lambda run: peer_rows(run, GRADIENT, "float64", 7.0),
    "logsumexp64": lambda run: peer_rows(run, LOGSUMEXP, "float64", 7.0),
    "together": together_rows,
    "small": small_rows,
    "memory": memory_rows,
    "accuracy": accuracy_rows,
}


def main():
    """All groups of rows, or those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds: to try things out, not to quote")
    parser.add_argument("--busy", action="store_true", help="rates of rows by processor time: for a machine that others use")
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="NAME", help=", ".join(GROUPS))
    options = parser.parse_args()
    run, CLOCK.busy = Run(options.quick), options.busy

    import pykeops

    pykeops.set_verbose(False)
    print(machine())
    print(f"N = M = {run.n:,}, medians of {run.rounds} rounds{', quick' if run.quick else ''}{', processor time' if CLOCK.busy else ''}\n")
    print(HEADER)
    rows = []
    for name in options.only or GROUPS:
        for row in GROUPS[name](run):
            rows.append(row)
            print(line(row), flush=True)
    path = BENCH / "founding.json"
    write(path, rows)
    missed = [row for row in rows if row.passed() is False]
    if QUIET.others > 0.05 and not CLOCK.busy:
        print(f"\nOther processes took up to {100 * QUIET.others:.0f} % of the processors: measure again on a quiet machine.")
    print(f"\n{len(rows)} rows in {path.name}; {len(missed)} of {sum(r.required is not None for r in rows)} requirements missed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
