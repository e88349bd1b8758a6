"""Peak memory of one Gaussian sum beyond its inputs and outputs, in a process of its own: memory.py LIBRARY N.

Counts everything that the process gained: code pages, generated code, thread stacks, working memory.
Prints bytes, seconds.
"""

import sys
import time

import numpy as np

from problems import gauss
from rkeops_abi import Kernel, Library


def status(field):
    """A size in /proc/self/status, in bytes."""
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def main():
    """Allocates and touches the arrays first, then measures from before the library is loaded."""
    n, rng = int(sys.argv[2]), np.random.default_rng(0)
    x, y, b = (rng.random((n, columns), np.float32) for columns in (3, 3, 1))
    out = np.ones((n, 1), np.float32)
    before = status("VmRSS")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as reset:
        reset.write("5")  # the high-water mark starts again from here
    problem = gauss(3)
    call = Kernel(Library(sys.argv[1]), [problem.text], problem.aliases, "float32").bind([x, y, b], [out])
    start = time.perf_counter()
    call()
    print(status("VmHWM") - before, time.perf_counter() - start)


if __name__ == "__main__":
    main()
