"""The table docs/pykeops.md: what it says of each name of pykeops is so."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import rkeops.compat

PAGE = Path(__file__).parents[1] / "docs" / "pykeops.md"


def rows():
    """(object, name, state) for each name of the table and each object of the heading above it."""
    for section in PAGE.read_text().split("\n## ")[1:]:
        heading, *lines = section.splitlines()
        for line in lines:
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) == 5 and cells[1].startswith("`"):
                for name in re.findall(r"`([^`]+)`", cells[1]):
                    for path in re.findall(r"`([^`]+)`", heading):
                        yield path, name, cells[2]


ROWS = list(rows())


@pytest.fixture(autouse=True)
def installed():
    rkeops.compat.install()
    yield
    rkeops.compat.uninstall()


def found(path):
    """The module, or what is in one or in a class, of a dotted path."""
    owner, _, name = path.rpartition(".")
    try:
        return importlib.import_module(path)
    except ImportError:
        parts = [vars(found(owner))] if owner else []
    if owner and isinstance(found(owner), type):
        parts = [vars(base) for base in found(owner).__mro__]
    for part in parts:
        if name in part:
            return part[name]
    raise AttributeError(path)


def has(path, name):
    if name.endswith("="):
        made = found(path)
        return any(name[:-1] in inspect.signature(f).parameters for f in (made.__init__, made.__call__))
    try:
        found(f"{path}.{name}")
    except AttributeError:
        return False
    return True


def test_that_the_table_is_read():
    assert {state for _, _, state in ROWS} == {"works", "differs", "absent"}
    assert ("pykeops.torch.LazyTensor", "solve", "differs") in ROWS and len(ROWS) > 400


@pytest.mark.parametrize("path", sorted({path for path, _, _ in ROWS}))
def test_that_names_are_there_or_absent(path):
    wrong = [(name, state) for of, name, state in ROWS if of == path and has(path, name) != (state != "absent")]
    assert wrong == []
