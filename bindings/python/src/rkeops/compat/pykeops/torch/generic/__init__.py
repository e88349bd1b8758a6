"""Reductions of formulas that are text, where pykeops.torch has them."""

from . import generic_ops, generic_red

__all__ = ["generic_ops", "generic_red"]
