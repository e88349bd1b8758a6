"""Symbolic tensors as matrices: parts of them as arrays, and what SciPy's solvers ask for."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from .._call import Call
from .._formula import PARAMETER, I, J, reduction
from ..errors import ArgumentError
from .base import Base
from .indices import normalized, rows_of
from .state import Argument, Symbol

_S = TypeVar("_S", bound="Matrix")


class Matrix(Base):
    """Entries of the matrix. A single pair is a reduction of one value."""

    def dense(self) -> Any:
        """The whole matrix as an array of shape (..., M, N), or (..., M, N, D) for vectors.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x = np.array([[0.0], [1.0]])
        >>> (Vi(x) - Vj(x)).dense()
        array([[ 0., -1.],
               [ 1.,  0.]])
        """
        # Each row i is a problem of a batch, with one row for i; what remains are the rows j.
        places: dict[int, Callable[[Any], Any]] = {
            I: lambda value: value[..., :, None, :],
            J: lambda value: value[..., None, :, :],
            PARAMETER: lambda value: value[..., None, :],
        }
        return self._library.reshape(self._entries(I, places), self.shape)

    def entries(self, i: Any, j: Any) -> Any:
        """The entries at the pairs (i[k], j[k]) of K rows and columns: shape (..., K), or (..., K, D) for vectors.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x = np.array([[0.0], [1.0], [3.0]])
        >>> (Vi(x) - Vj(x)).entries([2, 0], [0, 1])
        array([ 3., -1.])
        """
        rows, columns = self._shape[-3:-1]
        i, j = normalized(i, rows, "axis i"), normalized(j, columns, "axis j")
        places: dict[int, Callable[[Any], Any]] = {
            I: lambda value: rows_of(self._library, value, i)[..., :, None, :],
            J: lambda value: rows_of(self._library, value, j)[..., :, None, :],
            PARAMETER: lambda value: value[..., None, :],
        }
        values = self._entries(J, places)
        return values[..., 0] if self.ndim == 1 else values[..., 0, :]

    def diagonal(self) -> Any:
        """The entries (k, k) of a square matrix: shape (..., M), or (..., M, D) for vectors."""
        if self.ni != self.nj:
            raise ArgumentError(f"diagonal: the matrix has shape {self.shape}; expected a square one")
        return self.entries(slice(None), slice(None))

    def _entries(self, axis: int, places: dict[int, Callable[[Any], Any]]) -> Any:
        """The formula's values for arrays that are placed so that each pair is reduced alone."""
        arguments = self._state.arguments
        if any(isinstance(argument.value, Symbol) for argument in arguments):
            raise ArgumentError("entries of a matrix with symbolic variables are not known")
        if self._ranges is not None:
            raise ArgumentError("entries of a matrix with ranges are not stored: those outside of its blocks are no zeros")
        placed = [_placed(argument, places) for argument in arguments]
        result = self._library.compute(Call((reduction("Sum", self._state.formula, axis),)), placed)[0]
        return result[..., 0] if self.ndim == 1 else result

    @property
    def size_in_bytes(self) -> int:
        """The memory that the whole matrix would take."""
        count = self.ndim
        for extent in self._shape[:-1]:
            count *= extent
        return count * {"float64": 8, "complex64": 8, "complex128": 16}.get(self.dtype or "float32", 4)


def _placed(argument: Argument, places: dict[int, Callable[[Any], Any]]) -> Any:
    return argument.value if isinstance(argument.value, tuple) else places[argument.category](argument.value)
