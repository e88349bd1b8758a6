"""Small helpers of pykeops."""

from __future__ import annotations

from typing import Any

from rkeops._options import tell_ignored
from rkeops.errors import ArgumentError

__all__ = ["WarmUpGpu", "axis2cat", "cat2axis", "pyKeOps_Message", "pyKeOps_Print", "pyKeOps_Warning"]


def axis2cat(axis: int) -> int:
    """The index that remains where `axis` is reduced: 0 for i, 1 for j."""
    if axis not in (0, 1):
        raise ArgumentError(f"axis is {axis!r}; expected 0 or 1")
    return 1 - axis


def cat2axis(cat: int) -> int:
    """The index that is reduced where `cat` remains: 0 for i, 1 for j."""
    if cat not in (0, 1):
        raise ArgumentError(f"cat is {cat!r}; expected 0 or 1")
    return 1 - cat


def WarmUpGpu(lang: str) -> None:
    """Accepts the wish to have a GPU made ready."""
    tell_ignored("WarmUpGpu")


def pyKeOps_Print(message: str, **kwargs: Any) -> None:
    """Prints unless pykeops is not to be verbose."""
    from .. import verbose

    if verbose:
        print(message, **kwargs)


def pyKeOps_Message(message: str, use_tag: bool = True, **kwargs: Any) -> None:
    """Prints a message, with who says it before it."""
    pyKeOps_Print(f"[pyKeOps] {message}" if use_tag else message, **kwargs)


def pyKeOps_Warning(message: str) -> None:
    """Prints a warning."""
    pyKeOps_Message(f"Warning: {message}")
