"""First and second derivatives of every operation and every reduction in docs/language.md, against finite differences."""

import re
from pathlib import Path

import pytest
import torch

from rkeops.torch import Genred

TEXT = (Path(__file__).parents[3] / "docs" / "language.md").read_text()
ALIASES = {
    "x": "x = Vi(3)", "y": "y = Vj(3)", "u": "u = Vi(1)", "v": "v = Vj(1)", "A": "A = Pm(6)", "t": "t = Pm(7)",
    "z": "z = Vi(4)", "w": "w = Vj(4)", "c": "c = Vj(2)",
}  # fmt: skip
M, N = 3, 2

#: Row of the tables: the name of the operation, and an example.
EXAMPLES = re.findall(r"^\| `(\w+)\(.*?\)` \| .*? \| `([^`]+)` \| \d+ \|", TEXT, re.MULTILINE)
REDUCTIONS = re.findall(r"^\| `(\w+)_Reduction\((.*?)\)` \| [^|]* \| .*? \| yes", TEXT, re.MULTILINE)


def arguments(seed):
    """Arguments by name, of values at which every operation of the tables is smooth, but those that ask for others."""
    torch.manual_seed(seed)
    shapes = {"Vi": (M,), "Vj": (N,), "Pm": ()}
    made = {}
    for name, alias in ALIASES.items():
        kind, dim = re.search(r"= (\w+)\((\d+)\)", alias).groups()
        made[name] = 0.15 + 0.7 * torch.rand(*shapes[kind], int(dim), dtype=torch.float64)
    made["t"] = torch.linspace(-0.3, 1.4, 7, dtype=torch.float64)  # Knots ascend.
    return made


def check(formula, values, names, **options):
    genred = Genred(formula, [ALIASES[name] for name in names], axis=1, **options)
    inputs = [values[name].clone().requires_grad_() for name in names]

    def compute(*tensors):
        results = genred(*tensors)
        results = results if isinstance(results, tuple) else (results,)
        return tuple(result for result in results if result.is_floating_point())

    assert all(result.isfinite().all() for result in compute(*inputs)), formula
    if formula != "Integer(x)":  # Nothing near an integer is one.
        assert torch.autograd.gradcheck(compute, inputs, check_forward_ad=True), formula
        assert torch.autograd.gradgradcheck(compute, inputs), formula


def test_the_tables_are_read():
    assert len(EXAMPLES) > 100 and len(REDUCTIONS) >= 14


@pytest.mark.parametrize(("name", "formula"), EXAMPLES)
def test_operations(name, formula):
    values = arguments(seed=1)
    if name == "Acosh":
        values["x"] = values["x"] + 1.2
    if name == "Integer":
        values["x"] = values["x"].round()
    check(formula, values, [name for name in ALIASES if re.search(rf"\b{name}\b", formula)] or ["x"])


@pytest.mark.parametrize(("name", "text"), REDUCTIONS)
def test_reductions(name, text):
    options = {"reduction_op": name}
    names = ["x", "y"]
    if "g" in text.split(","):
        options["formula2"], names = "w", [*names, "w"]
    if "K" in text.split(","):
        options["opt_arg"] = 2
    check("SqDist(x,y)", arguments(seed=2), names, **options)
