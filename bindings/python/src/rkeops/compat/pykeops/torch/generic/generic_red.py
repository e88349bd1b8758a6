"""Reductions of formulas that are text."""

from __future__ import annotations

from rkeops.torch import Genred

__all__ = ["Genred"]
