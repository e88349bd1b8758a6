"""The names of pykeops.torch."""

from __future__ import annotations

from rkeops.torch import (
    ComplexLazyTensor,
    Genred,
    KernelSolve,
    LazyTensor,
    Pm,
    Vi,
    Vj,
    generic_argkmin,
    generic_argmin,
    generic_logsumexp,
    generic_sum,
)

from . import cluster, generic, lazytensor, operations, utils

__all__ = [
    "ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Vi", "Vj", "cluster", "generic",
    "generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum", "lazytensor", "operations", "utils",
]  # fmt: skip
