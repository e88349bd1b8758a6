"""How KeOps is configured, as far as programs ask."""

from __future__ import annotations

from rkeops.compat.settings import Base, Cuda, OpenMP
from rkeops.compat.settings import base as config
from rkeops.compat.settings import cuda as cuda_config
from rkeops.compat.settings import openmp as openmp_config

__all__ = ["config", "cuda_config", "get_config", "get_cuda_config", "get_openmp_config", "openmp_config"]


def get_config() -> Base:
    """The configuration of the compiler."""
    return config


def get_cuda_config() -> Cuda:
    """The configuration of GPUs."""
    return cuda_config


def get_openmp_config() -> OpenMP:
    """The configuration of threads."""
    return openmp_config
