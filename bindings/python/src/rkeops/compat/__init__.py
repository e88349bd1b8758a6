"""Programs and libraries that import pykeops run unchanged: `install()` makes its names mean this library.

    import rkeops.compat
    rkeops.compat.install()
    from pykeops.torch import LazyTensor    # the one of rkeops

or, for a whole program, `python -m rkeops.compat program.py arguments`. The modules that are then found as `pykeops`
and `keopscore` are in the directories of these names here.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Sequence

from ..errors import Error

__all__ = ["AlreadyImportedError", "install", "is_installed", "uninstall"]

_DIRECTORY = Path(__file__).parent
_NAMES = ("pykeops", "keopscore")


class AlreadyImportedError(Error, ImportError):
    """The real pykeops was imported before."""


class _Finder(MetaPathFinder):
    """Finds both packages here; what is in them is then found as usual."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(fullname, [str(_DIRECTORY)]) if fullname in _NAMES else None


_finder = _Finder()


def is_installed() -> bool:
    """Whether `import pykeops` means this library.

    >>> is_installed()
    False
    """
    return _finder in sys.meta_path


def install() -> None:
    """Makes `import pykeops` and `import keopscore` mean this library, in this process, whatever is installed.

    Nothing is imported. Raises AlreadyImportedError if one of them was imported before.
    """
    for name in _NAMES:
        module = sys.modules.get(name)
        if module is not None and not _is_ours(module):
            raise AlreadyImportedError(
                f"{name} was imported before, from {getattr(module, '__file__', None)}; "
                "rkeops.compat.install() has to be called before the first import of it"
            )
    if not is_installed():
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Undoes `install()`: the next import finds the real packages, or none. What was imported before stays as it is."""
    if is_installed():
        sys.meta_path.remove(_finder)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _NAMES and _is_ours(module):
            del sys.modules[name]


def _is_ours(module: ModuleType | None) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and _DIRECTORY in Path(file).parents
