"""Computing with NumPy's arrays for another library, whose arrays they show."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable, Sequence

import numpy as np

from ._call import plan
from ._derivatives import Arguments
from .numpy._arrays import NumPy


class Host(NumPy):
    """Arrays of NumPy, where the dtype of results of which no argument tells one is another library's."""

    def __init__(self, default_dtype: str) -> None:
        self._default_dtype = default_dtype

    @property
    def default_dtype(self) -> str:
        return self._default_dtype


#: The library for a dtype; it is one object, so that plans are found again.
host: Callable[[str], Host] = lru_cache(None)(Host)


def results_of(
    library: Host, arguments: Arguments, arrays: Sequence[tuple[tuple[int, ...], Any]]
) -> tuple[tuple[tuple[int, ...], str], ...]:
    """The shape and the dtype of each result, for arrays of which no more is known than their shapes and dtypes."""
    # Stand-ins that take no memory: all their entries are one.
    stand_ins = [np.broadcast_to(np.empty((), dtype), shape) for shape, dtype in arrays]
    return plan(library, arguments.call, arguments.filled(stand_ins)).outputs
