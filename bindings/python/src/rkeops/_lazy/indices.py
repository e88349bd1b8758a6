"""Indices of one axis: what users write, checked and made uniform."""

from __future__ import annotations

from typing import Any, Union

import numpy as np

from .._arrays import Arrays, readable
from ..errors import IndexingError

#: What chooses along an axis: a place, a slice, or an array of places. No place is negative.
Index = Union[int, slice, "np.ndarray[Any, Any]"]

WHOLE = slice(None)


def is_whole(index: Index) -> bool:
    """Whether an index chooses all of its axis, in order."""
    return isinstance(index, slice) and index == WHOLE


def normalized(index: Any, extent: int, name: str) -> Index:
    """An index of an axis of this extent: an integer, a slice, integers in an array or a list, or a mask."""
    if isinstance(index, slice):
        start, stop, step = index.indices(extent)
        if not range(start, stop, step):
            return slice(0, 0, 1)
        return WHOLE if (start, stop, step) == (0, extent, 1) else slice(start, stop if stop >= 0 else None, step)
    places = np.asarray(readable(index))
    if places.dtype == bool and places.ndim == 1:
        if len(places) != extent:
            raise IndexingError(f"the mask of {name} has {len(places)} entries; expected {extent}")
        return places.nonzero()[0]
    if places.size == 0:
        places = places.astype(np.int64)
    if places.dtype.kind not in "iu":
        raise IndexingError(f"the index of {name} is {index!r}; expected integers, a slice, or a mask of one axis")
    places = places.astype(np.int64)
    outside = places[(places < -extent) | (places >= extent)]
    if outside.size:
        raise IndexingError(f"the index {outside.flat[0]} of {name} is out of range: there are {extent}")
    places = np.where(places < 0, places + extent, places)
    return places if places.ndim else int(places)


def count(index: Index, extent: int) -> int:
    """How many places a slice or an array of one axis chooses."""
    return len(range(*index.indices(extent))) if isinstance(index, slice) else np.size(index)


def rows_of(library: Arrays, value: Any, index: Index) -> Any:
    """The rows of an array (..., rows, columns) that an index chooses."""
    if is_whole(index):
        return value
    if isinstance(index, slice) and index.step < 0:
        # PyTorch has no slices that step back.
        index = np.arange(*index.indices(value.shape[-2]))
    return value[..., index, :] if isinstance(index, slice) else library.rows(value, index)
