"""What KeOps lets a program set and ask. Nothing is compiled into files here, so most of it is accepted and ignored."""

from __future__ import annotations

import os
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import rkeops
from rkeops import _cuda
from rkeops._options import tell_ignored

#: The version of pykeops whose interface this is.
VERSION = "2.3"

numpy_found = True
torch_found = find_spec("torch") is not None


class _Found:
    """Whether a GPU computes, as a truth value. Who imports this may not want to know: the library looks for GPUs, which starts
    them, when it is asked for.
    """

    def __bool__(self) -> bool:
        return _cuda.device_count() > 0

    def __eq__(self, other: object) -> bool:
        return bool(self) == other

    def __hash__(self) -> int:
        return hash(bool(self))

    def __repr__(self) -> str:
        return repr(bool(self))


gpu_available = _Found()

_folder = os.path.join(os.environ.get("KEOPS_CACHE_FOLDER") or os.path.expanduser("~/.cache"), f"keops{VERSION}")


def get_build_folder() -> str:
    """The folder of compiled formulas, as it was set last. Nothing is ever written there, nor is it made."""
    return _folder


def set_build_folder(path: str | None = None, *_: Any, **__: Any) -> None:
    """Accepts a folder for compiled formulas."""
    global _folder
    tell_ignored("set_build_folder")
    _folder = _folder if path is None else os.fspath(path)


def clean(*_: Any, **__: Any) -> None:
    """Accepts the wish to have compiled formulas removed; there are none."""
    tell_ignored("clean_pykeops")


def check_health(*_: Any, **__: Any) -> None:
    """Prints what this library finds on the machine."""
    print(rkeops.doctor())


class Switches(ModuleType):
    """A module with variables that programs set, which mean nothing here."""

    _SWITCHES = ("auto_factorize", "debug_ops", "debug_ops_at_exec")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._SWITCHES:
            tell_ignored(name)
        super().__setattr__(name, value)


class Base:
    """Where KeOps compiles."""

    get_build_folder = staticmethod(get_build_folder)
    set_different_build_folder = staticmethod(set_build_folder)


class Cuda:
    """What KeOps knows of GPUs."""

    def get_use_cuda(self) -> bool:
        """Whether a GPU computes."""
        return bool(gpu_available)

    def __repr__(self) -> str:
        return "\n".join(_cuda.description())


class OpenMP:
    """What KeOps knows of threads on the CPU."""

    def get_use_OpenMP(self) -> bool:
        """Whether several threads compute: they do."""
        return True


base, cuda, openmp = Base(), Cuda(), OpenMP()
