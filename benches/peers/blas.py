"""NumPy with its BLAS: Gaussian sums in chunks, and the matrix product alone."""

import numpy as np

from row import Against


def chunked_numpy(least=None, share=10):
    """The Gaussian sum in blocks that stay in the cache, the products by BLAS, everything in place."""
    return Against("chunked NumPy", _gauss, least, share)


def _gauss(work, run, columns=2048):
    x, y, b = work.inputs
    rows = 64 if x.shape[1] + b.shape[1] < 32 else 512  # as is best for thin and for wide factors
    out = np.empty((len(x), b.shape[1]), x.dtype)
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

    return call, lambda result: [result]


def matrix_product(least=None, share=1):
    """As many multiply-adds as the scalar products or squared distances have, by BLAS and nothing else."""
    return Against("matrix product by OpenBLAS", _product, least, share, checked=False)


def _product(work, run, rows=1024):
    x, transposed = work.inputs[0], np.ascontiguousarray(work.inputs[1].T)
    block = np.empty((rows, transposed.shape[1]), x.dtype)

    def call():
        for i in range(0, len(x), rows):
            part = x[i : i + rows]
            np.matmul(part, transposed, out=block[: len(part)])

    return call
