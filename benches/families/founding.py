"""More of the founding kernel: three columns, log-sum-exp, value and gradient in one pass."""

import numpy as np

from peers.keops import pykeops
from peers.ours import alone
from problem import Problem
from problems import gauss, gauss_gradient, points, squares
from row import Row

N = 40_000
GRADIENT = gauss_gradient(3)
LOGSUMEXP = Problem("-SqDist(x,y)", points(3), lambda x, y: np.log(np.exp(-squares(x, y)).sum()), reduction="LogSumExp")
BOTH = (gauss(3), GRADIENT)
ROWS = [
    Row("Gaussian, D=3, 3 columns", gauss(3, 3), N, N, [pykeops(15)]),
    Row("Gaussian, D=3, 3 columns", gauss(3, 3), N, N, [pykeops(7)], "float64"),
    Row("log-sum-exp of the exponent, D=3", LOGSUMEXP, N, N, [pykeops(15)]),
    Row("log-sum-exp of the exponent, D=3", LOGSUMEXP, N, N, [pykeops(7)], "float64"),
    Row("Gaussian, value and gradient in one pass", BOTH, N, N, [alone(GRADIENT, "gradient alone", 1 / 1.5)]),
    Row("Gaussian, value and gradient in one pass", BOTH, N, N, [alone(GRADIENT, "gradient alone", None)], "float64"),
]
