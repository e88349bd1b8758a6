"""What types programs are checked with, by mypy: results are arrays of any library, tensors are of their module's class."""

from __future__ import annotations

import numpy as np

from rkeops import numpy as rn
from rkeops import torch as rt


def gaussian(x: rn.LazyTensor, y: rn.LazyTensor) -> rn.LazyTensor:
    return (-x.sqdist(y) / 2).exp()


points = np.zeros((3, 2))
matrix: rn.LazyTensor = gaussian(rn.Vi(points), rn.Vj(points)) + 2 * rn.Pm(1.0)
transposed: rn.LazyTensor = matrix.T.sqrt()[:, :, 0]
total = matrix.sum(axis=1) @ np.ones(1)
symbolic: rt.LazyTensor = rt.Vi(0, 3) - rt.Vj(1, 3)
