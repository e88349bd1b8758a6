"""The formulas that are compared, once for all contestants, with a dense float64 evaluation to hold each of them to."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    """A reduction over j as rkeops and pykeops write it, and the names of its arguments in order."""

    title: str
    text: str  # rkeops
    formula: str  # pykeops
    reduction: str
    arguments: tuple
    aliases: tuple


_POINTS = ("x=Vi(0,3)", "y=Vj(1,3)")
_ONE, _THREE = (*_POINTS, "b=Vj(2,1)"), (*_POINTS, "b=Vj(2,3)")

GAUSS = Problem(
    "Gaussian D=3, 1 column", "Sum_Reduction(Exp(-SqDist(x,y))*b,0)", "Exp(-SqDist(x,y))*b", "Sum", ("x", "y", "b"), _ONE
)
COLUMNS = Problem(
    "Gaussian D=3, 3 columns", "Sum_Reduction(Exp(-SqDist(x,y))*b,0)", "Exp(-SqDist(x,y))*b", "Sum", ("x", "y", "b3"), _THREE
)
GRADIENT = Problem(
    "its gradient in x",
    "Grad(Sum_Reduction(Exp(-SqDist(x,y))*b,0),x,e)",
    "Grad(Exp(-SqDist(x,y))*b,x,e)",
    "Sum",
    ("x", "y", "b", "e"),
    (*_ONE, "e=Vi(3,1)"),
)
LOGSUMEXP = Problem(
    "LogSumExp of the exponent", "LogSumExp_Reduction(-SqDist(x,y),0)", "-SqDist(x,y)", "LogSumExp", ("x", "y"), _POINTS
)


def data(m, n, dtype, seed=0, spread=1.0):
    """Points of a cube, positive weights: all sums are of positive terms."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (m, 3), "y": (n, 3), "b": (n, 1), "b3": (n, 3), "e": (m, 1)}
    made = {name: rng.random(shape).astype(dtype) for name, shape in shapes.items()}
    for name in ("x", "y"):
        made[name] *= np.dtype(dtype).type(spread)
    return made


def dense(problem, arrays, rows, kind=np.float64):
    """The result for these rows of x in the number format `kind`, one row of the matrix at a time."""
    x, y = arrays["x"].astype(kind), arrays["y"].astype(kind)
    result = []
    for i in rows:
        difference = x[i] - y
        squares = (difference * difference).sum(axis=1)
        terms = np.exp(-squares)
        if problem is LOGSUMEXP:
            result.append([np.log(terms.sum())])
        elif problem is GRADIENT:
            weights = -2 * terms * arrays["b"].astype(kind)[:, 0] * arrays["e"].astype(kind)[i, 0]
            result.append((weights[:, None] * difference).sum(axis=0))
        else:
            weights = arrays["b3" if problem is COLUMNS else "b"].astype(kind)
            result.append((terms[:, None] * weights).sum(axis=0))
    return np.array(result)


def width(problem):
    """Columns of the result."""
    return 3 if problem in (COLUMNS, GRADIENT) else 1
