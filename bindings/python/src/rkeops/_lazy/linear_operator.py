"""Symbolic matrices as SciPy knows linear operators."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from .._arrays import readable
from .reductions import Reductions
from .state import Argument

_S = TypeVar("_S", bound="LinearOperator")


class LinearOperator(Reductions):
    """What `scipy.sparse.linalg.aslinearoperator` asks for; `eigsh(K)`, `cg(K, b)` and others ask for it themselves."""

    @property
    def H(self: _S) -> _S:
        """The adjoint matrix: the conjugate of the transposed one."""
        return self.t()._applied("Conj") if self.is_complex else self.t()

    def matvec(self, v: Any) -> Any:
        """The product with a vector (N,) or a matrix (N, E) of columns, with the wider dtype of both, as NumPy has it.

        Where the tensor is of another library a NumPy array makes one of NumPy, without derivatives.
        """
        return self._times(v, is_adjoint=False)

    def rmatvec(self, v: Any) -> Any:
        """The product of the adjoint matrix with a vector (M,) or a matrix (M, E) of columns."""
        return self._times(v, is_adjoint=True)

    def matmat(self, v: Any) -> Any:
        """The product with a matrix (N, E) of columns."""
        return self._times(v, is_adjoint=False)

    def rmatmat(self, v: Any) -> Any:
        """The product of the adjoint matrix with a matrix (M, E) of columns."""
        return self._times(v, is_adjoint=True)

    def aslinearoperator(self) -> Any:
        """The matrix as a `scipy.sparse.linalg.LinearOperator`.

        SciPy's own `aslinearoperator` multiplies with a matrix column by column; this one does so with all columns at
        once, which is faster with solvers of blocks such as `lobpcg`. Raises ModuleNotFoundError without SciPy.
        """
        from scipy.sparse.linalg import LinearOperator

        dtype = np.result_type(self.dtype or self._library.default_dtype, "float32")
        return LinearOperator(self.shape, self.matvec, self.rmatvec, self.matmat, dtype, self.rmatmat)

    def _times(self, v: Any, is_adjoint: bool) -> Any:
        is_native = self._library.is_array(v)
        v = v if is_native else np.asarray(v)
        # One matrix for all products of a kind, as solvers make many of them.
        key = (is_native, is_adjoint)
        matrix = self._products.get(key)
        if matrix is None:
            matrix = self if is_native else self._of_numpy()
            matrix = matrix.H if is_adjoint else matrix
            # Without a dtype of its own it takes vectors of any.
            matrix = self._products[key] = matrix._new(matrix._state._replace(dtype=None))
        return matrix @ v

    def _of_numpy(self) -> Any:
        """The same matrix of NumPy's arrays, which share memory with this one's where they can; without derivatives."""
        from ..numpy import LazyTensor

        arguments = tuple(
            Argument(_host(one.value) if self._library.is_array(one.value) else one.value, one.dim, one.category)
            for one in self._state.arguments
        )
        made = LazyTensor(0)._new(self._state._replace(arguments=arguments))
        made._ranges, made._backend = self._ranges, self._backend
        return made


def _host(array: Any) -> Any:
    """An array as one of NumPy. PyTorch has to be forced to give away one that is differentiated."""
    return array.numpy(force=True) if hasattr(array, "detach") else np.asarray(readable(array))
