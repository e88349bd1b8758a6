"""Calls on tensors as they are in memory: none that is only said to be conjugated or negated is read without that."""

from __future__ import annotations

from typing import Any, Sequence

from .. import _call, _solve
from .._call import Call
from .._solve import System


def compute(library: Any, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """The results of a call on tensors and numbers, in new tensors or in those of the caller."""
    return _call.compute(library, call, [_plain(value) for value in inputs], out)


def solve(library: Any, system: System, inputs: Sequence[Any]) -> Any:
    """The solution of a linear system."""
    return _solve.solve(library, system, [_plain(value) for value in inputs])


def _plain(value: Any) -> Any:
    if type(value) is not tuple and (value.is_conj() or value.is_neg()):
        return value.resolve_conj().resolve_neg()
    return value
