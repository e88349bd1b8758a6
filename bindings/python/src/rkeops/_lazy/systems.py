"""Symbolic tensors as the matrices of linear systems."""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._formula import PARAMETER
from .._solve import System
from ..errors import ArgumentError
from . import state
from .base import Base
from .reductions import Reduced, Reductions
from .state import Argument, Symbol

#: The unknown of a system, which no index of a user's symbolic variables is.
_UNKNOWN = -1


class Solution(Reduced):
    """A system that waits for its call, as a reduction does; a call may give `alpha` and `eps` anew."""

    def __init__(self, linear: Reduced, place: int, right: Argument, alpha: Any, eps: Any, is_vector: bool) -> None:
        arguments = (*linear.arguments[:place], right, *linear.arguments[place + 1 :])
        super().__init__(linear._library, linear.reduction, arguments, linear.options)
        self._place, self._alpha, self._eps, self._is_vector = place, alpha, eps, is_vector

    def __call__(self, *arrays: Any, alpha: Any = None, eps: Any = None, **options: Any) -> Any:
        values, chosen = self._filled(arrays), self.options.changed(**options)
        if chosen.out is not None:
            raise ArgumentError("solve: the solution is a new array; got out=")
        alpha, eps = self._alpha if alpha is None else alpha, self._eps if eps is None else eps
        call = Call((self.reduction,), chosen.compilation, chosen.ranges)
        solution = self._library.solve(System(call, self._place, float(alpha), float(eps)), values)
        return self._library.without_axis(solution, -1) if self._is_vector else solution

    def __repr__(self) -> str:
        return f"Solution({self.reduction})"


class Systems(Reductions):
    """Systems with a symmetric and positive definite matrix."""

    def solve(
        self, other: Any, var: Any = None, call: bool = True, *, alpha: Any = 1e-10, eps: Any = 1e-6, **kwargs: Any
    ) -> Any:
        """The solution x of (K + alpha Id) x = other, by conjugate gradients; the options are those of `KernelSolve`.

        `other` is an array of shape (M,), (M, E), or (..., M, 1, E) where there is a batch, or a variable `Vi` or `Vj`.
        K is this tensor; or, where `var` is one of its symbolic variables, in which it is linear, the map from it to the
        sum. With `call=False`, or where variables are symbolic, what comes back is to be called.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x = np.array([[0.0], [1.0]])
        >>> ((Vi(x) - Vj(x)).sqnorm2() < 0.5).solve(np.array([4.0, 6.0]), alpha=1.0)
        array([2., 3.])
        """
        right, is_vector = self._right_side(other)
        axis = 1 - right.axis
        linear: Any = self
        if var is None:
            dim = right._state.arguments[0].dim
            symbol = state.symbol(_UNKNOWN, dim, axis)._replace(dtype=right._state.dtype)
            unknown = symbol.applied("AsComplex") if right.is_complex else symbol
            linear = self._with("Mult", self._new_plain(unknown))
        elif isinstance(var, Base) and var.axis is not None:
            unknown = var._state
        else:
            raise ArgumentError(f"solve: var is {var!r}; expected a symbolic variable")
        place = _place(linear, unknown.arguments[0])
        reduced = linear.reduction("Sum", axis=linear.nbatchdims + axis, call=False, **kwargs)
        solution = Solution(reduced, place, right._state.arguments[0], alpha, eps, is_vector)
        return solution if solution.is_symbolic or not call else solution()

    def _right_side(self, other: Any) -> tuple[Any, bool]:
        """The right-hand side as a variable, and whether it was a vector."""
        if isinstance(other, Base):
            right, is_vector = self._lazy(other), False
        else:
            is_vector = len(other.shape) == 1
            columns = other[:, None] if is_vector else other
            right = type(self)(columns, axis=0 if len(columns.shape) == 2 else None)
        if right.axis in (None, PARAMETER):
            raise ArgumentError(f"solve: the right-hand side is {right!r}; expected an array, or a variable Vi or Vj")
        return right, is_vector


def _place(linear: Base, unknown: Argument) -> int:
    """The place of the unknown among the arguments."""
    for place, argument in enumerate(linear._state.arguments):
        if isinstance(argument.value, Symbol) and argument.is_same(unknown):
            return place
    raise ArgumentError("solve: var is not a symbolic variable of the tensor")
