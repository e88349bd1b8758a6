"""Attention: averages of values by the softmax of scalar products."""

import numpy as np

from peers.keops import pykeops
from peers.tensors import attention
from problem import Problem
from row import Row


def softmax_average(q, k, v):
    """One row of softmax(q k^T / sqrt(64)) v."""
    scores = k @ q / 8
    weights = np.exp(scores - scores.max())
    return weights @ v / weights.sum()


normal = lambda rng, shape: rng.standard_normal(shape)
ATTENTION = Problem(
    "(q|k)/IntCst(8)",
    ("q=Vi(64)", "k=Vj(64)", "v=Vj(64)"),
    softmax_average,
    "SumSoftMaxWeight",
    weights="v",
    draw={"q": normal, "k": normal, "v": normal},
)
ROWS = [Row("attention, D=64, one head", ATTENTION, 8_192, 8_192, [attention(1.0), pykeops(50, share=16)])]
