"""Puts the shared library into the wheel: the one that RKEOPS_LIBRARY names, or else one that cargo builds here."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[2]
NAME = {"darwin": "librkeops.dylib", "win32": "rkeops.dll"}.get(sys.platform, "librkeops.so")


class Library(BuildHookInterface):  # type: ignore[type-arg]
    """The wheel works with any CPython on one platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        library = os.environ.get("RKEOPS_LIBRARY") or self.build()
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data.update(pure_python=False, tag=f"py3-none-{platform}")
        # An editable installation finds the library where cargo leaves it.
        build_data["force_include"][str(library)] = f"rkeops/{NAME}"

    def build(self) -> Path:
        subprocess.run(["cargo", "build", "--release", "-p", "rkeops"], cwd=ROOT, check=True)
        return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / NAME
