"""rkeops for PyTorch, by the names of pykeops.torch.

Tensors on a CUDA device are computed with there: runs are queued on PyTorch's current stream, in memory of PyTorch's allocator.
"""

from __future__ import annotations

from .._genred import Generic
from .._genred import Genred as _Genred
from .._lazy import ComplexMeta as _ComplexMeta
from .._lazy import LazyTensor as _LazyTensor
from .._lazy import Variables
from .._solve import KernelSolve as _KernelSolve
from . import cluster
from ._arrays import Torch
from ._dispatch import Dispatched
from ._operator import register

__all__ = [
    "ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Vi", "Vj", "cluster", "generic_argkmin",
    "generic_argmin", "generic_logsumexp", "generic_sum",
]  # fmt: skip

_LIBRARY = Torch()
register(_LIBRARY)


class Genred(_Genred):
    __doc__ = _Genred.__doc__
    _library = _LIBRARY


class KernelSolve(_KernelSolve):
    __doc__ = _KernelSolve.__doc__
    _library = _LIBRARY


_generic = Generic(Genred)
generic_sum, generic_logsumexp = _generic.sum, _generic.logsumexp
generic_argmin, generic_argkmin = _generic.argmin, _generic.argkmin


class LazyTensor(Dispatched, _LazyTensor):
    __doc__ = _LazyTensor.__doc__
    _library = _LIBRARY


class ComplexLazyTensor(LazyTensor, metaclass=_ComplexMeta):
    """The complex symbolic tensors: what `LazyTensor` makes of complex arrays, and what is computed of them."""


_variables = Variables(LazyTensor)
Vi, Vj, Pm = _variables.i, _variables.j, _variables.parameter
