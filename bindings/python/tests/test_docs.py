"""The documentation: public names have docstrings, and what the README shows runs and leads somewhere."""

import inspect
import re
from pathlib import Path

import pytest

import rkeops
import rkeops.compat
import rkeops.jax
import rkeops.numpy
import rkeops.sklearn
import rkeops.torch

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
README = (PACKAGE / "README.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def public_names(module):
    """The names that a module offers."""
    return getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]


def documented():
    """Every public module, function, class, method and property, by its full name."""
    numpy, torch = rkeops.numpy, rkeops.torch
    others = rkeops.compat, rkeops.errors, rkeops.jax, rkeops.sklearn
    for module in (rkeops, numpy, numpy.cluster, torch, torch.cluster, *others):
        yield module.__name__, module
        for name in public_names(module):
            value = getattr(module, name)
            if inspect.ismodule(value) or not callable(value):
                continue
            yield f"{module.__name__}.{name}", value
            if inspect.isclass(value):
                yield from members(f"{module.__name__}.{name}", value)


def members(path, kind):
    """What a class offers that is written in this package."""
    for base in kind.__mro__:
        if base.__module__.startswith("rkeops"):
            for name, value in vars(base).items():
                is_described = callable(value) or isinstance(value, (property, staticmethod, classmethod))
                if not name.startswith("_") and is_described:
                    yield f"{path}.{name}", value


def test_everything_public_has_a_docstring():
    named = dict(documented())
    # What is most used is among what was found.
    for name in ("numpy.LazyTensor.logsumexp", "torch.LazyTensor.T", "torch.Genred", "numpy.Vi", "errors.ShapeError"):
        assert f"rkeops.{name}" in named
    assert [name for name, value in named.items() if not (value.__doc__ or "").strip()] == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.splitlines()[0])
def test_programs_of_the_readme_run(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {"__name__": "__main__"})


def test_the_readme_has_programs():
    assert len(PROGRAMS) >= 5 and README.count("```python") == len(PROGRAMS)


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links and [link for link in links if not (PACKAGE / link).exists()] == []


def test_names_in_the_readme_are_there():
    for target in re.findall(r"`?make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
    _, _, extras = (PACKAGE / "pyproject.toml").read_text().partition("[project.optional-dependencies]")
    for extra in re.findall(r"python\[(\w+)\]", README):
        assert re.search(rf"^{extra} =", extras, re.MULTILINE), extra
    for module in re.findall(r"`rkeops\.(\w+)`", README):
        assert hasattr(rkeops, module) or list((PACKAGE / "src" / "rkeops").glob(f"{module}*")), module
