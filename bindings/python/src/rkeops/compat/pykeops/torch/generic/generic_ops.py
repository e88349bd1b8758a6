"""Functions that make reductions of formulas that are text."""

from __future__ import annotations

from rkeops.torch import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

__all__ = ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]
