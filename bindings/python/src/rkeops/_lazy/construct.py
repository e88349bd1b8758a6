"""How values become symbolic tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Arrays
from .._formula import PARAMETER, I, J
from ..errors import ArgumentError, DtypeError, ShapeError
from . import state
from .state import State, Symbol

_NAMES = {I: "i", J: "j", PARAMETER: "parameter"}


def of_value(library: Arrays, value: Any, axis: int | None) -> State:
    """The state of LazyTensor(value, axis)."""
    if isinstance(value, tuple) and len(value) == 3 and all(isinstance(one, int) for one in value):
        return of_symbol(*value)
    if library.is_array(value) and not isinstance(value, (float, complex)):
        return of_array(library, value, axis)
    if (scalar := of_scalar(value)) is not None:
        return scalar
    raise ArgumentError(
        f"a value is a {type(value).__name__}; expected an array of {library.name}, a number, a list of numbers, or "
        "(index, dimension, category)"
    )


def of_scalar(value: Any) -> State | None:
    """A number, or a list of them; None for anything else."""
    if isinstance(value, (bool, int, np.integer, np.bool_)):
        return state.number(int(value))
    if isinstance(value, (float, np.floating)):
        return state.numbers((float(value),))
    if isinstance(value, (complex, np.complexfloating)):
        return state.complex_numbers([complex(value)])
    if isinstance(value, (list, tuple)) and value and all(isinstance(one, (int, float, complex)) for one in value):
        made = any(isinstance(one, complex) for one in value)
        return state.complex_numbers(value) if made else state.numbers(value)
    return None


def as_complex(real: State) -> State:
    """A real value as a complex one: numbers are real parts, and two columns of a symbolic variable are one number."""
    values = [argument.value for argument in real.arguments]
    if all(isinstance(value, Symbol) for value in values):
        return real.applied("AsComplex" if values else "Real2Complex")
    if all(isinstance(value, tuple) for value in values):
        return real.applied("Real2Complex")
    raise DtypeError(f"an array has dtype {real.dtype}; expected a complex one")


def of_symbol(index: int, dim: int, category: int) -> State:
    """Argument number `index` of a call to come."""
    if category not in _NAMES:
        raise ArgumentError(f"the category is {category}; expected 0 (i), 1 (j) or 2 (parameter)")
    if index < 0:
        # KeOps' own way of telling an array by its identity; nothing that a user writes.
        raise ArgumentError(f"the index of a symbolic variable is {index}; expected 0 or more")
    return state.symbol(index, dim, category)


def of_array(library: Arrays, value: Any, axis: int | None) -> State:
    """An array: a vector is a parameter, a matrix follows the index that `axis` tells, and of three axes or more the last
    three tell it themselves.
    """
    shape, dtype = tuple(value.shape), library.dtype_of(value)
    if len(shape) < 2:
        if axis not in (None, 2):
            raise ShapeError(f"an array of shape {shape} is a parameter and follows no index; got axis={axis}")
        return state.array(value if shape else library.reshape(value, (1,)), PARAMETER, dtype)
    if len(shape) == 2:
        if axis not in (I, J, PARAMETER):
            raise ShapeError(
                f"a matrix of shape {shape} needs axis=0 (a row for each i) or axis=1 (a row for each j); got axis={axis}"
            )
        return state.array(value, axis, dtype)
    if axis is not None:
        raise ShapeError(f"an array of shape {shape} tells its index itself; got axis={axis}")
    rows_i, rows_j, _ = shape[-3:]
    if rows_i != 1 and rows_j != 1:
        raise ShapeError(
            f"an array of shape {shape} has both indices; expected (..., M, 1, D), (..., 1, N, D) or (..., 1, 1, D)"
        )
    if rows_i == rows_j == 1:
        return state.array(library.without_axis(library.without_axis(value, -2), -2), PARAMETER, dtype)
    category = I if rows_j == 1 else J
    return state.array(library.without_axis(value, -2 if category == I else -3), category, dtype)
