"""rkeops for JAX, by the names of rkeops.numpy: under jit, grad, jvp and vmap.

JAX calls this library with arrays in ordinary memory: those on a GPU are copied there, and results back. They are computed on
the CPU, or with `backend="GPU"` on a CUDA device, to which they are copied again. rkeops.torch computes where tensors are.
"""

from __future__ import annotations

from .._genred import Generic
from .._genred import Genred as _Genred
from .._lazy import ComplexMeta as _ComplexMeta
from .._lazy import LazyTensor as _LazyTensor
from .._lazy import Variables
from .._solve import KernelSolve as _KernelSolve
from ._arrays import Jax

__all__ = [
    "ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Vi", "Vj", "generic_argkmin", "generic_argmin",
    "generic_logsumexp", "generic_sum",
]  # fmt: skip

_LIBRARY = Jax()


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


class ComplexLazyTensor(LazyTensor, metaclass=_ComplexMeta):
    """The complex symbolic tensors: what `LazyTensor` makes of complex arrays and numbers, and what is computed of them."""


_variables = Variables(LazyTensor)
Vi, Vj, Pm = _variables.i, _variables.j, _variables.parameter
