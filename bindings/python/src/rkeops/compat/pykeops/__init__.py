"""The names of pykeops, which mean what is in rkeops."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from rkeops.compat.settings import VERSION as __version__
from rkeops.compat.settings import check_health, get_build_folder, set_build_folder
from rkeops.compat.settings import clean as clean_pykeops

from . import config
from .config import numpy_found, torch_found

__all__ = [
    "__version__", "check_health", "clean_pykeops", "config", "default_device_id", "get_build_folder", "numpy_found",
    "set_build_folder", "set_verbose", "test_numpy_bindings", "test_torch_bindings", "torch_found", "verbose",
]  # fmt: skip

verbose = os.environ.get("PYKEOPS_VERBOSE") != "0"
#: The GPU that is used where no tensor tells one.
default_device_id = 0


def set_verbose(val: bool) -> None:
    """Whether messages are printed."""
    global verbose
    verbose = val


def test_numpy_bindings() -> None:
    """Computes a small example with NumPy and prints whether the result is right."""
    import_module(".numpy.test_install", __name__).test_numpy_bindings()


def test_torch_bindings() -> None:
    """Computes a small example with PyTorch and prints whether the result is right."""
    import_module(".torch.test_install", __name__).test_torch_bindings()


def __getattr__(name: str) -> Any:
    """Packages that pykeops imports with itself; here an import that nobody uses costs nothing."""
    if name in ("common", "numpy", "torch"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
