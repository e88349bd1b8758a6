"""What a symbolic tensor holds: a formula, the arguments that it numbers, and the sizes that these tell."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np

from .._formula import PARAMETER, Formula, I, J, apply, constant, renumbered, transposed, variable
from ..errors import DimensionError, DtypeError, ShapeError


class Symbol:
    """An argument that a call will give, by its place among those of the call."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index

    def __repr__(self) -> str:
        return f"Symbol({self.index})"


class Argument:
    """An argument of a formula: an array, numbers, or a symbol."""

    __slots__ = ("value", "dim", "category")

    def __init__(self, value: Any, dim: int, category: int) -> None:
        self.value, self.dim, self.category = value, dim, category

    def is_same(self, other: Argument) -> bool:
        """Whether both are one argument: the same array, or equal numbers."""
        if self is other or self.value is other.value:
            return (self.dim, self.category) == (other.dim, other.category)
        kind = type(self.value)
        return kind is type(other.value) and kind in (tuple, Symbol) and self.key() == other.key()

    def key(self) -> tuple[object, ...]:
        """What tells numbers and symbols apart; -0.0 is not 0.0, and NaN is itself."""
        return (type(self.value), repr(self.value), self.dim, self.category)


class Sizes(NamedTuple):
    """How large the matrix is; None where nothing has told it."""

    batch: tuple[int, ...] = ()
    rows_i: int | None = None
    rows_j: int | None = None

    def text(self) -> str:
        sides = ("1" if rows is None else str(rows) for rows in self[1:])
        return ", ".join([*map(str, self.batch), *sides])


#: Those of numbers.
_UNTOLD = Sizes()


def joined_sizes(what: str, a: Sizes, b: Sizes) -> Sizes:
    """The sizes of an operation on two tensors."""
    if a is b or b is _UNTOLD:
        return a
    if a is _UNTOLD:
        return b
    try:
        batch = a.batch if a.batch == b.batch else tuple(np.broadcast_shapes(a.batch, b.batch))
        return Sizes(batch, _together(a.rows_i, b.rows_i), _together(a.rows_j, b.rows_j))
    except ValueError:
        raise ShapeError(f"{what}: shapes ({a.text()}, :) and ({b.text()}, :) do not fit together") from None


def _together(a: int | None, b: int | None) -> int | None:
    """What two say that may each say nothing."""
    if a is None or b is None or a == b:
        return b if a is None else a
    raise ValueError


class State(NamedTuple):
    """What is known of a symbolic tensor."""

    formula: Formula
    arguments: tuple[Argument, ...]
    sizes: Sizes
    #: The name of the dtype of its arrays, if any has told one.
    dtype: str | None

    def applied(self, name: str, *parameters: int) -> State:
        """An operation on this tensor alone."""
        return State(apply(name, (self.formula,), parameters), self.arguments, self.sizes, self.dtype)

    def transposed(self) -> State:
        """The state of the transposed matrix."""
        exchanged = {I: J, J: I, PARAMETER: PARAMETER}
        arguments = [Argument(one.value, one.dim, exchanged[one.category]) for one in self.arguments]
        sizes = Sizes(self.sizes.batch, self.sizes.rows_j, self.sizes.rows_i)
        return self._replace(formula=transposed(self.formula), arguments=tuple(arguments), sizes=sizes)


def number(value: float) -> State:
    """A number that is part of the formula."""
    return State(constant(float(value), np.copysign(1.0, value)), (), _UNTOLD, None)


def numbers(values: Sequence[float]) -> State:
    """A parameter of Python's numbers: what changes from call to call makes no new formula."""
    argument = Argument(tuple([float(value) for value in values]), len(values), PARAMETER)
    return State(variable(0, len(values), PARAMETER), (argument,), _UNTOLD, None)


def complex_numbers(values: Sequence[complex]) -> State:
    """A parameter of complex numbers: their parts, in turn."""
    return numbers([part for value in values for part in (value.real, value.imag)]).applied("AsComplex")


def symbol(index: int, dim: int, category: int) -> State:
    """An argument that a call will give."""
    return State(variable(0, dim, category), (Argument(Symbol(index), dim, category),), _UNTOLD, None)


def array(value: Any, category: int, dtype: str) -> State:
    """An array of shape (..., rows, dim), or (..., dim) for a parameter."""
    shape = tuple(value.shape)
    dim = shape[-1]
    if category == PARAMETER:
        sizes = Sizes(shape[:-1])
    else:
        rows = shape[-2]
        sizes = Sizes(shape[:-2], rows if category == I else None, rows if category == J else None)
    if dtype.startswith("complex"):
        argument = Argument(value, 2 * dim, category)
        return State(variable(0, 2 * dim, category), (argument,), sizes, dtype).applied("AsComplex")
    return State(variable(0, dim, category), (Argument(value, dim, category),), sizes, dtype)


#: The order of dtypes that are of one width.
_REAL = {"complex64": "float32", "complex128": "float64"}


def is_floating(dtype: str) -> bool:
    """Whether a dtype is one of real or complex numbers."""
    return dtype.startswith(("float", "bfloat", "complex"))


def _joined_dtypes(what: str, a: str | None, b: str | None) -> str | None:
    if a is None or b is None or a == b:
        return b if a is None else a
    if not (is_floating(a) and is_floating(b)):
        # Integers and truth values are converted to what they are computed with.
        return a if is_floating(a) else b
    real = [_REAL.get(dtype, dtype) for dtype in (a, b)]
    if real[0] == real[1]:
        return a if a in _REAL else b
    raise DtypeError(f"{what}: dtypes {a} and {b} do not fit together; expected the same")


def joined(what: str, states: Sequence[State]) -> tuple[list[Formula], tuple[Argument, ...], Sizes, str | None]:
    """Formulas that number the arguments of all of them alike, these, and the sizes and the dtype of all together."""
    first = states[0]
    arguments, sizes, dtype = list(first.arguments), first.sizes, first.dtype
    formulas = [first.formula]
    for state in states[1:]:
        sizes = joined_sizes(what, sizes, state.sizes)
        dtype = _joined_dtypes(what, dtype, state.dtype)
        positions = tuple([_position(arguments, argument) for argument in state.arguments])
        in_place = positions == tuple(range(len(positions)))
        formulas.append(state.formula if in_place else renumbered(state.formula, positions))
    return formulas, tuple(arguments), sizes, dtype


def _position(arguments: list[Argument], argument: Argument) -> int:
    """The place of an argument among others, to which it is added if it is new."""
    for position, known in enumerate(arguments):
        if known.is_same(argument):
            return position
    arguments.append(argument)
    return len(arguments) - 1


def applied(name: str, states: Sequence[State], parameters: tuple[int, ...] = ()) -> State:
    """An operation on tensors."""
    formulas, arguments, sizes, dtype = joined(name, states)
    try:
        formula = apply(name, tuple(formulas), parameters)
    except DimensionError as error:
        shapes = " and ".join(f"({state.sizes.text()}, {state.formula.dim})" for state in states)
        raise DimensionError(f"{error}; the operands have shapes {shapes}") from None
    return State(formula, arguments, sizes, dtype)
