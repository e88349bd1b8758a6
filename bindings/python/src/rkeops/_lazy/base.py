"""The class that symbolic tensors are made of: state, construction, and how operations are applied."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from .._arrays import Arrays
from .._formula import apply, variable
from .._ranges import Ranges
from ..errors import ArgumentError
from . import construct, state
from .state import State, Symbol

_S = TypeVar("_S", bound="Base")


class Base:
    """A matrix of vectors, F(p, x_i, y_j), that is never stored."""

    #: The library whose arrays it takes.
    _library: ClassVar[Arrays]
    _state: State
    _ranges: Any
    _backend: str | None
    #: Products with vectors, by their columns and dtype.
    _products: dict[Any, Any]
    #: The weights of a reduction, which KeOps keeps here; a reduction is no tensor here.
    formula2: ClassVar[None] = None

    def __init__(self, x: Any = None, axis: int | None = None, is_complex: bool = False) -> None:
        if x is None:
            raise ArgumentError("a symbolic tensor needs an array, a number or (index, dimension, category); got None")
        if isinstance(x, Base):
            self._state = x._state
        else:
            self._state = construct.of_value(self._library, x, axis)
        if is_complex and not self._state.formula.is_complex:
            self._state = construct.as_complex(self._state)
        self._ranges, self._backend = None, None
        self._products = {}

    def _new(self: _S, new: State) -> _S:
        """A tensor with the same options and another state."""
        made = object.__new__(type(self))
        made._state, made._ranges, made._backend = new, self._ranges, self._backend
        made._products = {}
        return made

    def _applied(self: _S, name: str, *parameters: int) -> _S:
        return self._new(self._state.applied(name, *parameters))

    def _with(self: _S, name: str, *others: Any, parameters: tuple[int, ...] = ()) -> _S:
        """An operation on this tensor and what stands after it."""
        operands = [self, *[self._lazy(other) for other in others]]
        return self._combined(name, operands, parameters)

    def _after(self: _S, name: str, other: Any) -> _S:
        """An operation on what stands before this tensor, and it."""
        return self._combined(name, [self._lazy(other), self], ())

    def _combined(self: _S, name: str, operands: list[Any], parameters: tuple[int, ...]) -> _S:
        made = self._new(state.applied(name, [operand._state for operand in operands], parameters))
        for operand in operands:
            made._take_options(name, operand)
        return made

    def _take_options(self, name: str, other: Base) -> None:
        """Takes the options of another tensor, which have to be the same where both have any."""
        if other._ranges is not None and other._ranges is not self._ranges:
            if self._ranges is not None:
                raise ArgumentError(f"{name}: the operands have different ranges; expected the same, or one without")
            self._ranges = other._ranges
        if other._backend is not None and other._backend != self._backend:
            if self._backend is not None:
                raise ArgumentError(f"{name}: the operands have backends {self._backend!r} and {other._backend!r}")
            self._backend = other._backend

    def _lazy(self: _S, value: Any) -> _S:
        """A value as a tensor of this kind."""
        if isinstance(value, Base):
            if value._library is not self._library:
                raise ArgumentError(f"tensors of {self._library.name} and of {value._library.name} do not go together")
            return value  # type: ignore[return-value]
        scalar = construct.of_scalar(value)
        return self._new_plain(scalar if scalar is not None else construct.of_value(self._library, value, None))

    def _new_plain(self: _S, new: State) -> _S:
        made = object.__new__(type(self))
        made._state, made._ranges, made._backend = new, None, None
        made._products = {}
        return made

    @property
    def formula(self) -> str:
        """The formula as text."""
        return str(self._state.formula)

    @property
    def variables(self) -> tuple[Any, ...]:
        """The arrays and numbers that the formula is of, in its order."""
        return tuple(argument.value for argument in self._state.arguments if not isinstance(argument.value, Symbol))

    @property
    def symbolic_variables(self) -> tuple[tuple[int, int, int], ...]:
        """The arguments that a call has to give: index, dimension and category of each."""
        symbols = [argument for argument in self._state.arguments if isinstance(argument.value, Symbol)]
        return tuple((argument.value.index, argument.dim, argument.category) for argument in symbols)

    @property
    def is_complex(self) -> bool:
        """Whether its values are complex numbers."""
        return self._state.formula.is_complex

    @property
    def dtype(self) -> str | None:
        """The name of the dtype of its values, "complex64" or "complex128" where it is complex; None if no array tells it."""
        dtype = self._state.dtype
        if dtype is None:
            return None
        if not state.is_floating(dtype):
            dtype = self._library.default_dtype
        if self.is_complex:
            return {"float32": "complex64", "float64": "complex128"}.get(dtype, dtype)
        return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)

    @property
    def ndim(self) -> int:
        """The dimension of its vectors, as KeOps calls it; `dim()` is the number of axes."""
        return self._state.formula.dim

    @property
    def axis(self) -> int | None:
        """What a variable follows: 0 for i, 1 for j, 2 for neither, a parameter. None for what is no variable."""
        if len(self._state.arguments) != 1:
            return None
        (only,) = self._state.arguments
        alone = variable(0, only.dim, only.category)
        if self.is_complex and only.dim % 2 == 0:
            alone = apply("AsComplex", (alone,))
        return only.category if self.formula == str(alone) else None

    @property
    def ni(self) -> int | None:
        """How many rows i there are, or None."""
        return self._state.sizes.rows_i

    @property
    def nj(self) -> int | None:
        """How many rows j there are, or None."""
        return self._state.sizes.rows_j

    @property
    def batchdims(self) -> tuple[int, ...] | None:
        """The axes of the batch, or None."""
        return self._state.sizes.batch or None

    @property
    def nbatchdims(self) -> int:
        """How many axes the batch has."""
        return len(self._state.sizes.batch)

    @property
    def _shape(self) -> tuple[int, ...]:
        sizes = self._state.sizes
        rows = (1 if rows is None else rows for rows in sizes[1:])
        return (*sizes.batch, *rows, self.ndim)

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., M, N, D), without D where it is 1."""
        return self._shape[:-1] if self.ndim == 1 else self._shape

    def dim(self) -> int:
        """The number of axes, as PyTorch counts them, that of the vectors included."""
        return len(self._shape)

    @property
    def ranges(self) -> Any:
        """The blocks of pairs that are reduced, as KeOps' six lists, or None for all."""
        return self._ranges.lists if self._ranges else None

    @ranges.setter
    def ranges(self, lists: Any) -> None:
        self._products.clear()
        self._ranges = None if lists is None else (lists if isinstance(lists, Ranges) else Ranges(lists)).checked()

    @property
    def backend(self) -> str | None:
        """What computes: None or "auto", "CPU", "GPU", or a target's name."""
        return self._backend

    @backend.setter
    def backend(self, name: str | None) -> None:
        self._products.clear()
        self._backend = name

    def t(self: _S) -> _S:
        """The transposed matrix: i and j have changed places."""
        made = self._new(self._state.transposed())
        made._ranges = self._ranges.transposed() if self._ranges else None
        return made

    @property
    def T(self: _S) -> _S:
        """The transposed matrix."""
        return self.t()
