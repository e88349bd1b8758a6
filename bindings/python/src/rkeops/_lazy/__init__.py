"""Symbolic tensors: matrices of which only the formula and small arrays are kept."""

from .reductions import Reduced
from .tensor import LazyTensor, Variables

__all__ = ["LazyTensor", "Reduced", "Variables"]
