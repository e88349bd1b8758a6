"""Symbolic tensors, where pykeops.numpy has them."""

from . import LazyTensor

__all__ = ["LazyTensor"]
