"""Programs of the tests: Python in a process of its own, with this package and with warnings as errors."""

import os
import subprocess
import sys
from pathlib import Path

import rkeops

#: Warnings that PyTorch and torchviz give of their own parts.
_THEIRS = ["ignore:`torch.jit.script:FutureWarning", "ignore:distutils Version:DeprecationWarning"]


def output_of(*arguments, folder):
    """What a program prints that Python runs with these arguments in a folder; it has to end well."""
    package = str(Path(rkeops.__file__).resolve().parents[1])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, *(f"-W{rule}" for rule in ["error", *_THEIRS]), *map(str, arguments)]
    ended = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
