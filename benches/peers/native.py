"""The C programs of benches/yardstick, built by run.sh as shared objects."""

import ctypes

import numpy as np

from report import machine
from row import Against, Missing


def _library(run, name, needs=()):
    lacking = [flag for flag in needs if flag not in machine().split()]
    if lacking:
        raise Missing(f"this processor lacks {' '.join(lacking)}")
    path = run.bench / f"{name}.so"
    if not path.exists():
        raise Missing(f"{path.name} is not built here (benches/run.sh builds it)")
    return ctypes.CDLL(str(path))


def _pointers(arrays, kind):
    return [a.ctypes.data_as(ctypes.POINTER(kind)) for a in arrays]


def yardstick(least=None, flag="avx2"):
    """The Gaussian sum by hand, several vectors of rows interleaved, with AVX2 or with AVX-512."""
    file = {"avx2": "gauss_d3_f32", "avx512f": "gauss_d3_f32_avx512"}[flag]
    return Against(f"yardstick {flag.removesuffix('f')}", lambda work, run: _yardstick(work, run, file, flag), least)


def _yardstick(work, run, file, flag):
    function = getattr(_library(run, file, [flag]), f"yardstick_{file}")
    x, y, b = work.inputs
    out = np.empty((len(x), 1), np.float32)
    *inputs, result = _pointers((x, y, b, out), ctypes.c_float)
    sizes = [ctypes.c_ssize_t(len(a)) for a in (x, y)]

    def call():
        if function(*inputs, *sizes, result, 0):
            raise MemoryError("the yardstick found no memory")
        return [out]

    return call


def forces(kind, least=None, share=10):
    """Forces between particles by a loop in C, compiled with -O3 -march=native -ffast-math, on all cores."""
    return Against("loop in C", lambda work, run: _forces(work, run, kind), least, share)


def _forces(work, run, kind):
    function = getattr(_library(run, "forces_f64"), f"yardstick_{kind}")
    arrays = work.arrays
    x, y, weights = arrays["x"], arrays["y"], arrays["w"]
    out = np.empty((len(x), 3))
    own = [arrays["q"]] if kind == "coulomb" else []
    softening = [] if kind == "coulomb" else [ctypes.c_double(float(arrays["s"][0]))]
    pointers = _pointers((x, *own, y, weights), ctypes.c_double)
    sizes, result = [ctypes.c_ssize_t(len(a)) for a in (x, y)], _pointers([out], ctypes.c_double)

    def call():
        if function(*pointers, *softening, *sizes, *result):
            raise MemoryError("the yardstick found no memory")
        return [out]

    return call


def one_pass(least=None, or_slower=()):
    """One pass over the memory of the inputs on all cores: adding their bits up is all that is done with them."""
    return Against("reading the inputs once", _one_pass, least, checked=False, or_slower=or_slower)


def _one_pass(work, run):
    function = _library(run, "one_pass").yardstick_one_pass
    function.restype = ctypes.c_uint64
    inputs = [(ctypes.c_void_p(a.ctypes.data), ctypes.c_size_t(a.nbytes // 8)) for a in work.inputs]

    def call():
        for pointer, words in inputs:
            function(pointer, words)

    return call
