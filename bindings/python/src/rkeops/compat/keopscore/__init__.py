"""The names of keopscore that programs use."""

from __future__ import annotations

import sys

from rkeops.compat.settings import VERSION as __version__
from rkeops.compat.settings import Switches, check_health, get_build_folder, gpu_available, set_build_folder
from rkeops.compat.settings import clean as clean_keops

from .config import config, cuda_config, get_config, get_cuda_config, get_openmp_config, openmp_config

__all__ = [
    "__version__", "auto_factorize", "build_folder", "check_health", "clean_keops", "config", "cuda_config",
    "debug_ops", "debug_ops_at_exec", "get_build_folder", "get_config", "get_cuda_config", "get_openmp_config",
    "openmp_config", "set_build_folder", "show_cuda_status", "show_gpu_config", "verbose",
]  # fmt: skip

verbose = True
auto_factorize = debug_ops = debug_ops_at_exec = False
build_folder = get_build_folder()
show_gpu_config, show_cuda_status = cuda_config, gpu_available

sys.modules[__name__].__class__ = Switches
