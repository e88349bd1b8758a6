"""A small example that tells whether PyTorch's part works."""

from __future__ import annotations

import torch

from rkeops.torch import Genred

from ..numpy.test_install import ALIASES, FORMULA, tell


def test_torch_bindings() -> None:
    """Computes the example and prints whether the result is right."""
    x, y = (torch.arange(*ends, dtype=torch.float32).view(-1, 3) for ends in ((1, 10), (3, 9)))
    tell("torch", Genred(FORMULA, ALIASES)(x, y).view(-1).tolist())
