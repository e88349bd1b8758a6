"""Linear systems, where pykeops.numpy has them."""

from __future__ import annotations

from rkeops.numpy import KernelSolve

__all__ = ["KernelSolve"]
