"""The cases that the tests of every language read."""

from pathlib import Path

import numpy as np
import pytest

from rkeops.numpy import Genred

FILE = Path(__file__).parents[3] / "tests" / "cases" / "cases.txt"


def cases():
    lines = iter(FILE.read_text().splitlines())

    def table(rows, columns, kind=float):
        numbers = [[kind(word) for word in next(lines).split()] for _ in range(int(rows))]
        return np.array(numbers, dtype=kind).reshape(int(rows), int(columns))

    for line in lines:
        key, _, rest = line.partition(" ")
        if key == "case":
            case = {"case": rest, "aliases": [], "arrays": [], "results": []}
        elif key == "argument":
            name, kind, rows, columns = rest.split()
            case["aliases"].append(f"{name}={kind}({len(case['aliases'])},{columns})")
            values = table(rows, columns)
            case["arrays"].append(values[0] if kind == "Pm" else values)
        elif key in ("result", "indices"):
            case["results"].append(table(*rest.split(), float if key == "result" else int))
        elif key == "end":
            yield case
        elif key != "#":
            case[key] = rest


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case["case"])
def test_case(case):
    operator = Genred(
        case["formula"],
        case["aliases"],
        reduction_op=case["reduction"],
        axis="ij".index(case["over"]),
        opt_arg=int(case["option"]) if "option" in case else None,
        formula2=case.get("weights"),
    )
    found = operator(*case["arrays"])
    found = found if isinstance(found, tuple) else (found,)
    assert len(found) == len(case["results"])
    for result, expected in zip(found, case["results"]):
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)
