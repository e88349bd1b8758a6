"""rkeops: as the contestant that everybody is compared with, and as a peer of itself."""

from dataclasses import replace

import numpy as np

from report import machine
from rkeops_abi import Kernel, Ranges
from row import Against, Missing


def kernel(work, run, target="auto"):
    """A call that runs the work in one pass."""
    needed = {"avx2": "avx2", "avx512": "avx512f"}.get(target)
    if needed and needed not in machine().split():
        raise Missing(f"this processor has no {needed}")
    compiled = Kernel(run.library, [p.text for p in work.problems], work.problem.aliases, work.dtype, target)
    ranges = None
    if work.blocks:
        keep = np.zeros((work.blocks.count,) * 2)
        keep[np.arange(work.blocks.count), work.blocks.meets] = 1
        ranges = Ranges(run.library, work.blocks.edges(work.blocks.m), work.blocks.edges(work.blocks.n), keep)
    return compiled.bind(work.inputs, compiled.outputs(work.leading()), ranges)


def itself(name, changed, least=None, share=1):
    """rkeops with other work."""
    return Against(name, kernel, least, share, changed=changed)


def on_a_copy(least):
    """rkeops where y is an array of its own that equals x."""
    return itself(
        "itself, y a copy of x", lambda work: replace(work, arrays={**work.arrays, "y": work.arrays["x"].copy()}), least
    )


def dense(least, share):
    """rkeops on all pairs instead of the blocks that are kept."""
    return itself("itself, all pairs", lambda work: replace(work, blocks=None), least, share)


def alone(problem, name, least):
    """rkeops with one of the problems that are computed together."""
    return itself(name, lambda work: replace(work, problems=(problem,)), least)
