"""The others: pykeops, numba, NumPy in chunks, and the yardsticks. Each is a call without arguments that computes a problem."""

import ctypes
import math

import numpy as np

F = np.float32


def pykeops(problem, arrays):
    """pykeops' Genred on its CPU backend; its first call compiles, so it is made before anything is timed."""
    from pykeops.numpy import Genred

    genred = Genred(problem.formula, list(problem.aliases), reduction_op=problem.reduction, axis=1)
    inputs = [arrays[name] for name in problem.arguments]
    return lambda: genred(*inputs, backend="CPU")


def numba(arrays):
    """The Gaussian sum as somebody who knows numba well writes it: fastmath, parallel, structure of arrays, and in float32
    an exponential that the compiler can vectorise (it has no vector library for math.exp here)."""
    gauss = _numba_kernels()[arrays["x"].dtype.name]
    x, out = arrays["x"], np.empty((len(arrays["x"]), 1), arrays["x"].dtype)
    y, b = np.ascontiguousarray(arrays["y"].T), np.ascontiguousarray(arrays["b"][:, 0])

    def call():
        gauss(x, y, b, out[:, 0])
        return out

    return call


def _numba_kernels():
    from numba import njit, prange

    @njit(fastmath=True, inline="always")
    def exp2(q):
        q = max(q, F(-126))
        n = math.floor(q)
        f = F(q - F(n))
        p = F(0.00186695252) * f + F(0.00901748054)
        p = ((p * f + F(0.0557995141)) * f + F(0.240164593)) * f + F(0.693151295)
        return (p * f + F(1)) * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)

    @njit(parallel=True, fastmath=True)
    def gauss32(x, y, b, out):
        scale = F(math.sqrt(math.log2(math.e)))
        y = y * scale
        for i in prange(len(x)):
            x0, x1, x2, total = x[i, 0] * scale, x[i, 1] * scale, x[i, 2] * scale, F(0)
            for j in range(len(b)):
                d0, d1, d2 = x0 - y[0, j], x1 - y[1, j], x2 - y[2, j]
                total += exp2(-(d0 * d0 + d1 * d1 + d2 * d2)) * b[j]
            out[i] = total

    @njit(parallel=True, fastmath=True)
    def gauss64(x, y, b, out):
        for i in prange(len(x)):
            x0, x1, x2, total = x[i, 0], x[i, 1], x[i, 2], 0.0
            for j in range(len(b)):
                d0, d1, d2 = x0 - y[0, j], x1 - y[1, j], x2 - y[2, j]
                total += math.exp(-(d0 * d0 + d1 * d1 + d2 * d2)) * b[j]
            out[i] = total

    return {"float32": gauss32, "float64": gauss64}


def chunked_numpy(arrays, rows=64, columns=2048):
    """The Gaussian sum in blocks that stay in the cache, the products by BLAS, everything in place."""
    x, y, b = arrays["x"], arrays["y"], arrays["b"]
    out = np.empty((len(x), 1), x.dtype)
    twice, transposed = x.dtype.type(2) * x, np.ascontiguousarray(y.T)
    x_squares, y_squares = (x * x).sum(axis=1, keepdims=True), (y * y).sum(axis=1)

    def call():
        out[:] = 0
        for i in range(0, len(x), rows):
            for j in range(0, len(y), columns):
                block = twice[i : i + rows] @ transposed[:, j : j + columns]
                block -= x_squares[i : i + rows]
                block -= y_squares[j : j + columns]
                np.exp(block, out=block)
                out[i : i + rows] += block @ b[j : j + columns]
        return out

    return call


def yardstick(path, function, arrays):
    """A hand-written kernel of benches/yardstick, built as a shared object."""
    run = getattr(ctypes.CDLL(str(path)), function)
    pointer = ctypes.POINTER(ctypes.c_float)
    run.argtypes = [pointer, pointer, pointer, ctypes.c_ssize_t, ctypes.c_ssize_t, pointer, ctypes.c_int]
    x, y, b = arrays["x"], arrays["y"], arrays["b"]
    out = np.empty((len(x), 1), np.float32)
    views = [a.ctypes.data_as(pointer) for a in (x, y, b, out)]

    def call():
        if run(views[0], views[1], views[2], len(x), len(y), views[3], 0):
            raise MemoryError("the yardstick found no memory")
        return out

    return call
