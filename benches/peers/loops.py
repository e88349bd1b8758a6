"""Loops in numba."""

import math

import numpy as np

from row import Against

F = np.float32


def numba(least=None, share=1):
    """The Gaussian sum as somebody who knows numba well writes it: fastmath, parallel, structure of arrays, in float32
    with an exponential that the compiler can vectorise (it has no vector library for math.exp here)."""
    return Against("numba", _numba_gauss, least, share)


def _numba_gauss(work, run):
    gauss = _gauss_kernels()[work.dtype.name]
    x, y, b = work.inputs
    out = np.empty((len(x), 1), x.dtype)
    y, b = np.ascontiguousarray(y.T), np.ascontiguousarray(b[:, 0])

    def call():
        gauss(x, y, b, out[:, 0])
        return [out]

    return call


def _gauss_kernels():
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


def numba_fourier(least=None, share=10):
    """The Fourier sum written down directly in numba: parallel and fastmath."""
    return Against("numba", _numba_fourier, least, share)


def _numba_fourier(work, run):
    from numba import njit, prange

    @njit(parallel=True, fastmath=True)
    def fourier(x, y, c, out):
        for i in prange(len(x)):
            real, imaginary = x.dtype.type(0), x.dtype.type(0)
            for j in range(len(y)):
                phase = x[i, 0] * y[j, 0] + x[i, 1] * y[j, 1] + x[i, 2] * y[j, 2]
                cosine, sine = np.cos(phase), np.sin(phase)
                real += c[j, 0] * cosine - c[j, 1] * sine
                imaginary += c[j, 0] * sine + c[j, 1] * cosine
            out[i, 0], out[i, 1] = real, imaginary

    x, y, c = work.inputs
    out = np.empty((len(x), 2), x.dtype)

    def call():
        fourier(x, y, c, out)
        return [out]

    return call
