"""A small example that tells whether NumPy's part works."""

from __future__ import annotations

import numpy as np

from rkeops.numpy import Genred

from ..common.utils import pyKeOps_Message

FORMULA, ALIASES = "SqNorm2(x - y)", ["x = Vi(3)", "y = Vj(3)"]
#: For x = 1 ... 9 and y = 3 ... 8 in rows of three, summed over the rows of x.
EXPECTED = [63.0, 90.0]


def test_numpy_bindings() -> None:
    """Computes the example and prints whether the result is right."""
    x, y = (np.arange(*ends, dtype="float32").reshape(-1, 3) for ends in ((1, 10), (3, 9)))
    tell("numpy", Genred(FORMULA, ALIASES)(x, y).ravel().tolist())


def tell(library: str, result: list[float]) -> None:
    """Prints whether a result is that of the example."""
    is_right = result == EXPECTED
    verdict = "works" if is_right else f"fails: the example gives {result}, not {EXPECTED}"
    pyKeOps_Message(f"pykeops.{library}, which is rkeops.{library}, {verdict}.", use_tag=False)
