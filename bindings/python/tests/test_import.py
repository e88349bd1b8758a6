"""Importing the package says nothing, starts nothing, and loads nothing that the program does not use."""

from programs import output_of

IMPORTING = """
import os
import sys

import numpy

threads = len(os.listdir("/proc/self/task"))

import rkeops
import rkeops.numpy

assert len(os.listdir("/proc/self/task")) == threads, "a thread has been started"
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"torch", "jax", "tensorflow", "scipy", "sklearn", "tqdm", "pykeops"}, loaded
"""


def test_importing(tmp_path):
    assert output_of("-c", IMPORTING, folder=tmp_path) == ""


def test_the_version_is_that_of_the_library(tmp_path):
    assert output_of("-c", "import rkeops; print(rkeops.__version__)", folder=tmp_path).count(".") == 2
