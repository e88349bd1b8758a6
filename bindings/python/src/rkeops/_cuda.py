"""CUDA as far as Python has to know it. Importing this starts nothing and looks for nothing."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from ctypes import byref, c_int, c_void_p
from functools import lru_cache

from ._library import LIBRARY, text_of
from .errors import DeviceError

#: Where NVIDIA's packages for Python have the compiler (in cu13 or cuda_nvrtc), and PyTorch's: a package, and files in it.
_PLACES = {
    "win32": (("nvidia", "cu*/bin/**/nvrtc64_*_0.dll"), ("torch", "lib/nvrtc64_*_0.dll")),
}.get(sys.platform, (("nvidia", "cu*/lib/libnvrtc.so.*"), ("torch", "lib/libnvrtc.so.*")))


@lru_cache(None)
def prepare() -> None:
    """Loads the run-time compiler of CUDA that packages for Python bring along: the system finds it by its name only once it
    is loaded. The library chooses among those that there are; what RKEOPS_NVRTC names goes before all.
    """
    if os.environ.get("RKEOPS_NVRTC"):
        return
    # Needed by programs on GPUs alone, and so no part of what importing the package takes.
    import contextlib
    from importlib.util import find_spec
    from pathlib import Path

    for package, files in _PLACES:
        found = find_spec(package)
        for folder in (found and found.submodule_search_locations) or ():
            for file in sorted(Path(folder).glob(files)):
                # One that does not load is as one that is not there: the library tells which it tried.
                with contextlib.suppress(OSError):
                    ctypes.CDLL(str(file))


def description() -> list[str]:
    """What the library found of driver, devices and compiler, a line each."""
    prepare()
    lines = text_of(LIBRARY.rkeops_doctor).splitlines()
    return [line for line in lines if line.startswith(("gpu", "CUDA", "NVRTC"))]


@lru_cache(None)
def device_count() -> int:
    """How many CUDA devices compute: none where the driver or the compiler is missing. The library is asked once."""
    lines = description()
    if any(line.startswith("NVRTC: none") for line in lines):
        return 0
    return sum(re.match(r"gpu \d+: ", line) is not None for line in lines)


def wait(number: int) -> None:
    """Waits until all is done that was queued on the default stream of a device."""
    driver = _driver()
    _check("a device cannot be used", driver.cuCtxPushCurrent_v2(_context(number)))
    done = driver.cuStreamSynchronize(None)
    driver.cuCtxPopCurrent_v2(byref(c_void_p()))
    _check("what was queued on a device has failed", done)


@lru_cache(None)
def _context(number: int) -> c_void_p:
    """The context of a device that all its users share."""
    context = c_void_p()
    _check("a device cannot be used", _driver().cuDevicePrimaryCtxRetain(byref(context), number))
    return context


@lru_cache(None)
def _driver() -> ctypes.CDLL:
    """NVIDIA's driver, which is loaded: the library has used it."""
    names = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so", "libcuda.so.1")
    for name in names:
        try:
            driver = ctypes.CDLL(name)
        except OSError:
            continue
        driver.cuDevicePrimaryCtxRetain.argtypes = (c_void_p, c_int)
        driver.cuCtxPushCurrent_v2.argtypes = driver.cuStreamSynchronize.argtypes = (c_void_p,)
        driver.cuCtxPopCurrent_v2.argtypes = (c_void_p,)
        return driver
    raise DeviceError(f"the CUDA driver was not found; tried {', '.join(names)}")


def _check(what: str, result: int) -> None:
    if result:
        raise DeviceError(f"CUDA: {what}: error {result}")
