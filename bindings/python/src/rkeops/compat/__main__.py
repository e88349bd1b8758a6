"""Runs a program that was written for pykeops: `python -m rkeops.compat [-m] program arguments`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from . import install

USAGE = "usage: python -m rkeops.compat program.py [arguments], or python -m rkeops.compat -m module [arguments]"


def main(arguments: list[str]) -> None:
    """Runs a file or a module as Python itself does, with the arguments that come after it."""
    is_module = arguments[:1] == ["-m"]
    program = arguments[is_module:]
    if not program or program[0].startswith("-"):
        sys.exit(USAGE)
    install()
    sys.argv = program
    if is_module:
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
    else:
        # Python puts the directory of a program first; of this module it was the working directory.
        if not getattr(sys.flags, "safe_path", False):
            sys.path[0] = str(Path(program[0]).resolve().parent)
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
