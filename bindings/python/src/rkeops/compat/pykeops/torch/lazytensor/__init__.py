"""Symbolic tensors, where pykeops.torch has them."""

from . import LazyTensor

__all__ = ["LazyTensor"]
