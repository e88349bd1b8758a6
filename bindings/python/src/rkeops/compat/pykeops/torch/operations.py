"""Linear systems, where pykeops.torch has them."""

from __future__ import annotations

from rkeops.torch import KernelSolve

__all__ = ["KernelSolve"]
