"""rkeops for the arrays of any library that has DLPack, by the names of rkeops.numpy.

Arrays are read where they lie, in ordinary memory or on a CUDA device, and results are arrays of the same library, there.
Runs on a device are queued on the stream on which CuPy or PyTorch queues at present; for any other library they are waited
for. Arrays of JAX on a device are copied, as nobody but JAX may write to them. There are no derivatives here: rkeops.torch,
rkeops.jax and rkeops.tensorflow have them.
"""

from __future__ import annotations

from .._genred import Generic
from .._genred import Genred as _Genred
from .._lazy import ComplexMeta as _ComplexMeta
from .._lazy import LazyTensor as _LazyTensor
from .._lazy import Variables
from .._solve import KernelSolve as _KernelSolve
from ._arrays import ArrayApi

__all__ = [
    "ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Vi", "Vj", "generic_argkmin", "generic_argmin",
    "generic_logsumexp", "generic_sum",
]  # fmt: skip

_LIBRARY = ArrayApi()


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
