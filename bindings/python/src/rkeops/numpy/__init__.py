"""rkeops for NumPy, by the names of pykeops.numpy."""

from __future__ import annotations

from typing import Any

from .._arrays import NumPy
from .._formula import PARAMETER, I, J
from .._genred import Generic
from .._genred import Genred as _Genred
from .._lazy import LazyTensor as _LazyTensor
from .._solve import KernelSolve as _KernelSolve
from . import cluster

__all__ = [
    "Genred", "KernelSolve", "LazyTensor", "Pm", "Vi", "Vj", "cluster", "generic_argkmin", "generic_argmin",
    "generic_logsumexp", "generic_sum",
]  # fmt: skip

_LIBRARY = NumPy()


class Genred(_Genred):
    __doc__ = _Genred.__doc__
    _library = _LIBRARY


class KernelSolve(_KernelSolve):
    __doc__ = _KernelSolve.__doc__
    _library = _LIBRARY


_generic = Generic(Genred)
generic_sum, generic_logsumexp = _generic.sum, _generic.logsumexp
generic_argmin, generic_argkmin = _generic.argmin, _generic.argkmin


class LazyTensor(_LazyTensor):
    __doc__ = _LazyTensor.__doc__
    _library = _LIBRARY


def Vi(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """A variable with one row for each i: an array of shape (..., M, D), or argument number `x_or_ind` with `dim` columns."""
    return LazyTensor(x_or_ind, axis=I) if dim is None else LazyTensor((x_or_ind, dim, I))


def Vj(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """A variable with one row for each j: an array of shape (..., N, D), or argument number `x_or_ind` with `dim` columns."""
    return LazyTensor(x_or_ind, axis=J) if dim is None else LazyTensor((x_or_ind, dim, J))


def Pm(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """A parameter: an array of shape (D,), a number, a list of numbers, or argument number `x_or_ind` with `dim` columns."""
    return LazyTensor(x_or_ind) if dim is None else LazyTensor((x_or_ind, dim, PARAMETER))
