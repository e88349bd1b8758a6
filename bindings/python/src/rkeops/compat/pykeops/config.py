"""What pykeops found on this machine."""

from __future__ import annotations

from rkeops.compat.settings import base as pykeops_base
from rkeops.compat.settings import cuda as pykeops_cuda
from rkeops.compat.settings import get_build_folder, gpu_available, numpy_found, torch_found
from rkeops.compat.settings import openmp as pykeops_openmp

__all__ = [
    "get_build_folder", "gpu_available", "numpy_found", "pykeops_base", "pykeops_cuda", "pykeops_openmp", "torch_found",
]  # fmt: skip
