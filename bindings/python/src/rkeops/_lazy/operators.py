"""Python's operators on symbolic tensors."""

from __future__ import annotations

from typing import Any, TypeVar

from ..errors import ArgumentError
from .base import Base

_S = TypeVar("_S", bound="Operators")


class Operators(Base):
    """Arithmetic, powers and comparisons, component by component; a scalar is broadcast."""

    def __add__(self: _S, other: Any) -> _S:
        return self if _is_number(other, 0) else self._with("Add", other)

    def __radd__(self: _S, other: Any) -> _S:
        return self if _is_number(other, 0) else self._after("Add", other)

    def __sub__(self: _S, other: Any) -> _S:
        return self if _is_number(other, 0) else self._with("Subtract", other)

    def __rsub__(self: _S, other: Any) -> _S:
        return -self if _is_number(other, 0) else self._after("Subtract", other)

    def __mul__(self: _S, other: Any) -> _S:
        return self if _is_number(other, 1) else -self if _is_number(other, -1) else self._with("Mult", other)

    def __rmul__(self: _S, other: Any) -> _S:
        return self if _is_number(other, 1) else -self if _is_number(other, -1) else self._after("Mult", other)

    def __truediv__(self: _S, other: Any) -> _S:
        return self if _is_number(other, 1) else self._with("Divide", other)

    def __rtruediv__(self: _S, other: Any) -> _S:
        return self._applied("Inv") if _is_number(other, 1) else self._after("Divide", other)

    def __neg__(self: _S) -> _S:
        return self._applied("Minus")

    def __pos__(self: _S) -> _S:
        return self

    def __abs__(self: _S) -> _S:
        return self._applied("ComplexAbs" if self.is_complex else "Abs")

    def __pow__(self: _S, other: Any) -> _S:
        """Powers: 2 is a square, another integer a product, 0.5 and -0.5 are roots, and anything else is `Powf`."""
        if isinstance(other, int):
            return self._applied("Square") if other == 2 else self._applied("Pow", other)
        if _is_number(other, 0.5):
            return self._applied("Sqrt")
        if _is_number(other, -0.5):
            return self._applied("Rsqrt")
        return self._with("Powf", other)

    def __rpow__(self: _S, other: Any) -> _S:
        return self._after("Powf", other)

    def __or__(self: _S, other: Any) -> _S:
        """The scalar product."""
        return self._with("Scalprod", other)

    def __ror__(self: _S, other: Any) -> _S:
        return self._after("Scalprod", other)

    def __lt__(self: _S, other: Any) -> _S:
        return self._with("LessThan", other)

    def __le__(self: _S, other: Any) -> _S:
        return self._with("LessOrEqual", other)

    def __gt__(self: _S, other: Any) -> _S:
        return self._after("LessThan", other)

    def __ge__(self: _S, other: Any) -> _S:
        return self._after("LessOrEqual", other)

    def __eq__(self: _S, other: Any) -> _S:  # type: ignore[override]
        return self._with("Equal", other)

    def __ne__(self: _S, other: Any) -> _S:  # type: ignore[override]
        return self._with("NotEqual", other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        # `if x < y`, `max(x, y)` and chained comparisons would silently take one side.
        raise ArgumentError("a symbolic tensor has no truth value: it stands for a whole matrix")


def _is_number(value: Any, number: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == number

