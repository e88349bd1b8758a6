"""The classes that symbolic tensors of NumPy and of PyTorch have in common."""

from __future__ import annotations

from rkeops._lazy import ComplexMeta
from rkeops._lazy import LazyTensor as GenericLazyTensor

__all__ = ["ComplexGenericLazyTensor", "GenericLazyTensor", "is_complex_lazytensor"]


class ComplexGenericLazyTensor(GenericLazyTensor, metaclass=ComplexMeta):
    """The complex ones."""


def is_complex_lazytensor(x: object) -> bool:
    """Whether a value is a complex symbolic tensor."""
    return isinstance(x, ComplexGenericLazyTensor)
