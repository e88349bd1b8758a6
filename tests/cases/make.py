"""Writes cases.txt: formulas, their arguments and the results in float64, computed here from the whole matrix by NumPy alone.

Every language's tests read it. A case is lines of words: `case NAME`, `formula TEXT`, `reduction NAME`, `over i|j` (the index that is
reduced), perhaps `option K` or `weights TEXT`; `argument NAME Vi|Vj|Pm ROWS COLUMNS` and its rows, for each argument in the order of
positions; `result ROWS COLUMNS` or `indices ROWS COLUMNS` (from 0 on) and its rows, for each result; `end`.
"""

from pathlib import Path

import numpy as np

random = np.random.default_rng(20261128)


def points(rows, columns, low=-1.0, high=1.0):
    # Three digits are the same number everywhere.
    return np.round(random.uniform(low, high, (rows, columns)), 3)


def sqdist(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1, keepdims=True)


M, N = 7, 11
x2, y2 = points(M, 2), points(N, 2)
x3, y3 = points(M, 3), points(N, 3)
b1, b3, g = points(N, 1), points(N, 3), np.array([[0.75]])
a1 = points(M, 1)
D3 = sqdist(x3, y3)
gaussian = np.exp(-D3 * g[0, 0])

lines = ["# Made by make.py."]


def rows(values, form):
    for row in values:
        lines.append(" ".join(form(value) for value in row))


def case(name, formula, reduction, over, arguments, results, option=None, weights=None):
    lines.extend([f"case {name}", f"formula {formula}", f"reduction {reduction}", f"over {over}"])
    if option is not None:
        lines.append(f"option {option}")
    if weights is not None:
        lines.append(f"weights {weights}")
    for key, (kind, values) in arguments.items():
        lines.append(f"argument {key} {kind} {values.shape[0]} {values.shape[1]}")
        rows(values, lambda value: repr(float(value)))
    for values in results:
        is_index = values.dtype.kind == "i"
        lines.append(f"{'indices' if is_index else 'result'} {values.shape[0]} {values.shape[1]}")
        rows(values, (lambda value: str(int(value))) if is_index else (lambda value: repr(float(value))))
    lines.append("end")


def cloud(**others):
    return {"x": ("Vi", x3), "y": ("Vj", y3), **others}


with_weights = cloud(b=("Vj", b1), g=("Pm", g))
case("gaussian", "Exp(-SqDist(x,y)*g)*b", "Sum", "j", with_weights, [(gaussian * b1[None]).sum(1)])
case("gaussian over i", "Exp(-SqDist(x,y)*g)*a", "Sum", "i", cloud(a=("Vi", a1), g=("Pm", g)), [(gaussian * a1[:, None]).sum(0)])
case("columns", "Exp(-SqDist(x,y)*g)*b", "Sum", "j", cloud(b=("Vj", b3), g=("Pm", g)), [(gaussian * b3[None]).sum(1)])
case("laplacian", "Exp(-Norm2(x-y))*b", "Sum", "j", cloud(b=("Vj", b1)), [(np.exp(-np.sqrt(D3)) * b1[None]).sum(1)])
case("cauchy", "b/(1+SqDist(x,y))", "Sum", "j", cloud(b=("Vj", b1)), [(b1[None] / (1 + D3)).sum(1)])
case("scalar products", "Square((x|y))", "Sum", "i", cloud(), [((x3 @ y3.T) ** 2).sum(0)[:, None]])
case("difference", "x-y", "Sum", "j", cloud(), [(x3[:, None] - y3[None]).sum(1)])
case("mean", "x*y", "Mean", "j", cloud(), [(x3[:, None] * y3[None]).mean(1)])
case("product", "1+SqDist(x,y)/10", "Prod", "j", cloud(), [(1 + D3 / 10).prod(1)])
case("one argument", "x*2+1", "Sum", "j", {"x": ("Vi", x2)}, [x2 * 2 + 1])

exponent = -10 * D3[:, :, 0]
top = exponent.max(1, keepdims=True)
weights = np.exp(exponent - top)
log_sum = np.log(weights.sum(1, keepdims=True)) + top
case("log-sum-exp", "-10*SqDist(x,y)", "LogSumExp", "j", cloud(), [log_sum])
case("large exponents", "1000-10*SqDist(x,y)", "LogSumExp", "j", cloud(), [log_sum + 1000])
positive = np.abs(b1)
weighted = np.log((weights * positive[None, :, 0]).sum(1, keepdims=True)) + top
case("weighted log-sum-exp", "-10*SqDist(x,y)", "LogSumExpWeight", "j", cloud(b=("Vj", positive)), [weighted], weights="b")
soft = (weights[:, :, None] * b3[None]).sum(1) / weights.sum(1, keepdims=True)
case("attention", "-10*SqDist(x,y)", "SumSoftMaxWeight", "j", cloud(b=("Vj", b3)), [soft], weights="b")

case("minimum", "SqDist(x,y)", "Min", "j", cloud(), [D3.min(1)])
case("maximum over i", "x*y", "Max", "i", cloud(), [(x3[:, None] * y3[None]).max(0)])
case("nearest", "SqDist(x,y)", "ArgMin", "j", cloud(), [D3.argmin(1)])
case("farthest over i", "SqDist(x,y)", "ArgMax", "i", cloud(), [D3.argmax(0)])
case("minimum and place", "SqDist(x,y)", "Min_ArgMin", "j", cloud(), [D3.min(1), D3.argmin(1)])
order = np.argsort(D3[:, :, 0], axis=1, kind="stable")[:, :3]
case("three smallest", "SqDist(x,y)", "KMin", "j", cloud(), [np.take_along_axis(D3[:, :, 0], order, 1)], option=3)
case("three nearest", "SqDist(x,y)", "ArgKMin", "j", cloud(), [order], option=3)
case(
    "three nearest and how far", "SqDist(x,y)", "KMin_ArgKMin", "j", cloud(), [np.take_along_axis(D3[:, :, 0], order, 1), order], option=3
)
ties = np.array([[1.0], [0.0], [1.0], [0.0]])
case("first of equal ones", "y", "ArgMin", "j", {"y": ("Vj", ties)}, [np.array([[1]])])
with_nan = np.array([[np.nan], [2.0], [1.0]])
case("NaN is no smallest", "y+0*x", "Min", "j", {"x": ("Vi", a1), "y": ("Vj", with_nan)}, [np.ones((M, 1))])
with_infinity = np.array([[np.inf], [2.0], [-np.inf]])
case("infinity", "Exp(-y)", "Sum", "j", {"y": ("Vj", with_infinity[:2])}, [np.array([[np.exp(-2.0)]])])
case("no rows", "x*y", "Sum", "j", {"x": ("Vi", a1), "y": ("Vj", np.zeros((0, 1)))}, [np.zeros((M, 1))])
case("no results", "x*y", "Sum", "j", {"x": ("Vi", np.zeros((0, 1))), "y": ("Vj", b1)}, [np.zeros((0, 1))])

e = a1
gradient_x = (-2 * g[0, 0] * (gaussian * b1[None]) * (x3[:, None] - y3[None])).sum(1) * e
case("gradient in its formula", "Grad(Exp(-SqDist(x,y)*g)*b,x,e)", "Sum", "j", {**with_weights, "e": ("Vi", e)}, [gradient_x])
gradient_y = (2 * g[0, 0] * (gaussian * b1[None]) * (x3[:, None] - y3[None]) * e[:, None]).sum(0)
case("gradient over i", "Grad(Exp(-SqDist(x,y)*g)*b,y,e)", "Sum", "i", {**with_weights, "e": ("Vi", e)}, [gradient_y])

wide_x, wide_y = points(M, 40), points(N, 40)
case(
    "wide", "Exp(-SqDist(x,y)/40)*b", "Sum", "j", {"x": ("Vi", wide_x), "y": ("Vj", wide_y), "b": ("Vj", b1)},
    [(np.exp(-sqdist(wide_x, wide_y) / 40) * b1[None]).sum(1)],
)
many_x, many_y = points(3, 1), points(1500, 1)
case("many", "Exp(-SqDist(x,y))", "Sum", "j", {"x": ("Vi", many_x), "y": ("Vj", many_y)}, [np.exp(-sqdist(many_x, many_y)).sum(1)])
case("functions", "Sqrt(Abs(x-y))+Cos(x)*Sin(y)+Atan(x*y)", "Sum", "j", {"x": ("Vi", x2), "y": ("Vj", y2)}, [
    (np.sqrt(np.abs(x2[:, None] - y2[None])) + np.cos(x2)[:, None] * np.sin(y2)[None] + np.arctan(x2[:, None] * y2[None])).sum(1)
])
matrix = points(1, 6)
case(
    "matrix times vector", "MatVecMult(m,x)*b", "Sum", "j", {"m": ("Pm", matrix), "x": ("Vi", x2), "b": ("Vj", b1)},
    [(x2 @ matrix.reshape(3, 2).T) * b1.sum()],
)
case(
    "parts of vectors", "Concat(Elem(x,1),Extract(y,0,2))", "Sum", "j", cloud(),
    [np.concatenate([x3[:, 1:2] * N, np.broadcast_to(y3[:, :2].sum(0), (M, 2))], 1)],
)

Path(__file__).with_name("cases.txt").write_text("\n".join(lines) + "\n")
