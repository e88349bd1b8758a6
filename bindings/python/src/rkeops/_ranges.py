"""Which blocks of pairs a reduction runs on, as KeOps describes them."""

from __future__ import annotations

import ctypes
from typing import Any, Sequence

import numpy as np

from ._arrays import readable
from ._library import LIBRARY, RangesHalf, produced
from .errors import ArgumentError


def _half(lists: Sequence[Any]) -> tuple[RangesHalf, Any]:
    """One half as the library reads it, and the arrays that hold it."""
    kept, slices, reduced = (np.ascontiguousarray(readable(one), dtype=np.int64) for one in lists)
    half = RangesHalf(
        kept.ctypes.data, slices.ctypes.data, len(slices), reduced.ctypes.data, reduced.size // 2
    )
    if kept.size != 2 * len(slices):
        raise ArgumentError(f"ranges: {kept.size // 2} intervals and {len(slices)} slices; expected one for each")
    return half, (kept, slices, reduced)


class Ranges:
    """The ranges of six lists: (ranges_i, slices_i, redranges_j) for reductions over j, (ranges_j, slices_j, redranges_i) for
    those over i.
    """

    def __init__(self, lists: Sequence[Any]) -> None:
        if len(lists) != 6:
            raise ArgumentError(f"ranges has {len(lists)} parts; expected 6, or None")
        self.lists = tuple(lists)

    @property
    def handle(self) -> int:
        """The ranges as the library holds them, which checks them. They are made when they are first asked for: until then
        there are only arrays, which torch.compile can follow.
        """
        known: int | None = self.__dict__.get("_handle")
        if known is None:
            (over_j, _held_j), (over_i, _held_i) = _half(self.lists[:3]), _half(self.lists[3:])
            made = produced(LIBRARY.rkeops_ranges_create, ctypes.byref(over_j), ctypes.byref(over_i))
            known = self.__dict__.setdefault("_handle", made)
            if known != made:  # Another thread was faster.
                LIBRARY.rkeops_ranges_free(made)
        return known

    def checked(self) -> Ranges:
        """These ranges, which the library has taken."""
        assert self.handle
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return Ranges, (self.lists,)

    def __del__(self, free: Any = LIBRARY.rkeops_ranges_free) -> None:
        if "_handle" in self.__dict__:
            free(self.__dict__["_handle"])

    def transposed(self) -> Ranges:
        """The ranges of the transposed matrix: the halves have changed places."""
        return Ranges((*self.lists[3:], *self.lists[:3]))
