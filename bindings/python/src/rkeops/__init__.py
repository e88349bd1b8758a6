"""Reductions of formulas F(p, x_i, y_j) over i or j, without the matrix."""

from __future__ import annotations

from . import _cuda, errors
from ._library import LIBRARY, check, text_of
from ._progress import progress_bar
from .errors import Error

__version__: str = LIBRARY.rkeops_version().decode()
__all__ = ["Error", "__version__", "doctor", "errors", "num_threads", "progress_bar", "set_num_threads"]


def doctor() -> str:
    """What the library found on this machine: processor, target, threads, GPUs, and what is missing."""
    _cuda.prepare()
    return text_of(LIBRARY.rkeops_doctor)


def set_num_threads(count: int) -> None:
    """How many threads runs use together; 0 is for as many as RKEOPS_NUM_THREADS says or the process may use.

    >>> import rkeops
    >>> rkeops.set_num_threads(1)
    >>> rkeops.num_threads()
    1
    >>> rkeops.set_num_threads(0)
    """
    check(LIBRARY.rkeops_set_num_threads(count))


def num_threads() -> int:
    """How many threads runs use together."""
    return int(LIBRARY.rkeops_num_threads())
