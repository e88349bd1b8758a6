"""Symbolic tensors: matrices of which only the formula and small arrays are kept."""

from .complex import ComplexMeta
from .reductions import Reduced
from .tensor import LazyTensor, Variables

__all__ = ["ComplexMeta", "LazyTensor", "Reduced", "Variables"]
