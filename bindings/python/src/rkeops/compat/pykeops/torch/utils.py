"""Dense computations with PyTorch that programs compare with."""

from __future__ import annotations

from typing import Any

import torch

from rkeops.compat.radial import squared_distances, values

__all__ = ["is_on_device", "squared_distances", "torch_kernel"]


def is_on_device(x: Any) -> bool:
    """Whether a tensor is on a GPU."""
    return bool(x.is_cuda)


def torch_kernel(x: Any, y: Any, s: Any, kernel: str) -> Any:
    """The matrix (M, N) of a kernel of the scale `s`: "gaussian", "laplacian", "cauchy" or "inverse_multiquadric".

    >>> torch_kernel(torch.tensor([[0.0]]), torch.tensor([[0.0], [3.0]]), 3.0, "cauchy")
    tensor([[1.0000, 0.5000]])
    """
    return values(torch, x, y, s, kernel)
