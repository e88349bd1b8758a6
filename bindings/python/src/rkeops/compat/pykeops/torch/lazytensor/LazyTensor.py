"""Symbolic tensors of PyTorch, and the functions that make them."""

from __future__ import annotations

from typing import Any

from rkeops.torch import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj

__all__ = ["ComplexLazyTensor", "LazyTensor", "Pm", "Var", "Vi", "Vj"]


def Var(x_or_ind: Any, dim: int | None = None, cat: int | None = None) -> LazyTensor:
    """A variable of category `cat`: an array, or argument number `x_or_ind` with `dim` columns."""
    return LazyTensor(x_or_ind, axis=cat) if dim is None else LazyTensor((x_or_ind, dim, cat))
