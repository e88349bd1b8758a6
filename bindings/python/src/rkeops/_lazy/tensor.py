"""The symbolic tensor: all its parts together."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from .._formula import PARAMETER, I, J
from .display import Display
from .operators import Operators
from .sparse import Sparse
from .systems import Systems


class LazyTensor(Operators, Sparse, Systems, Display):
    """A matrix of vectors F(p, x_i, y_j) that is never stored: formulas are written with it as with an array.

    `x` is an array of shape (..., M, 1, D), which follows the index i, (..., 1, N, D), which follows j, or
    (..., 1, 1, D), a parameter; a matrix with `axis` 0 (i) or 1 (j); a vector, a number or a list of numbers, which are
    parameters; or a symbolic variable (index, dimension, category), for which an array is given when a reduction is
    called.

    >>> import numpy as np
    >>> from rkeops.numpy import LazyTensor
    >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
    >>> x_i, y_j = LazyTensor(x[:, None, :]), LazyTensor(y[None, :, :])
    >>> K = 1 / (1 + ((x_i - y_j) ** 2).sum(-1))
    >>> K.shape
    (3, 2)
    >>> K @ np.array([10.0, 100.0])
    array([25., 60., 52.])
    """

    def __getstate__(self) -> dict[str, Any]:
        """What pickles and copies take along: not what is remembered for speed."""
        return {**self.__dict__, "_products": {}}

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a symbolic tensor is no array; K.dense() stores its whole matrix")

    # NumPy is to leave operators with arrays on the left to this class.
    __array_ufunc__ = None


_T = TypeVar("_T", bound=LazyTensor)


class Variables(Generic[_T]):
    """The functions Vi, Vj and Pm of one array library."""

    def __init__(self, tensor: type[_T]) -> None:
        self.tensor = tensor

    def i(self, x_or_ind: Any, dim: int | None = None) -> _T:
        """A variable with a row for each i: an array (M, D), or argument number `x_or_ind` with `dim` columns."""
        return self.tensor(x_or_ind, axis=I) if dim is None else self.tensor((x_or_ind, dim, I))

    def j(self, x_or_ind: Any, dim: int | None = None) -> _T:
        """A variable with a row for each j: an array (..., N, D), or argument number `x_or_ind` with `dim` columns."""
        return self.tensor(x_or_ind, axis=J) if dim is None else self.tensor((x_or_ind, dim, J))

    def parameter(self, x_or_ind: Any, dim: int | None = None) -> _T:
        """A parameter: an array (D,), a number, a list of numbers, or argument number `x_or_ind` with `dim` columns."""
        return self.tensor(x_or_ind) if dim is None else self.tensor((x_or_ind, dim, PARAMETER))
