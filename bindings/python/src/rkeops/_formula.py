"""Formulas and reductions as the library holds them. Equal ones are one object, so that what is made of them is found again.

Nothing is computed here, and no rule of shapes is known: the library says what fits.
"""

from __future__ import annotations

from ctypes import c_int32, c_int64, c_size_t
from functools import lru_cache
from typing import Any

from ._library import LIBRARY, integers, number, pointers, produced, strings, text_of

#: The categories of variables.
I, J, PARAMETER = 0, 1, 2
#: How many formulas and reductions are remembered.
_REMEMBERED = 8192


class Formula:
    """A vector-valued formula of numbered arguments."""

    __slots__ = ("handle", "dim", "is_complex")

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.dim = number(LIBRARY.rkeops_formula_dim, c_int64, handle)
        self.is_complex = bool(number(LIBRARY.rkeops_formula_is_complex, c_int32, handle))

    def __del__(self, free: Any = LIBRARY.rkeops_formula_free) -> None:
        free(self.handle)

    def __str__(self) -> str:
        return text_of(LIBRARY.rkeops_formula_text, self.handle)

    def __reduce__(self) -> tuple[object, ...]:
        return parse, (str(self),)


@lru_cache(_REMEMBERED)
def parse(text: str, aliases: tuple[str, ...] = ()) -> Formula:
    """The formula of a text, whose variables the aliases name, or it itself."""
    return Formula(produced(LIBRARY.rkeops_formula_parse, text.encode(), strings(aliases), len(aliases)))


@lru_cache(_REMEMBERED)
def variable(position: int, dim: int, category: int) -> Formula:
    """Argument number `position`, with `dim` columns."""
    return Formula(produced(LIBRARY.rkeops_formula_variable, position, dim, category))


@lru_cache(_REMEMBERED)
def constant(value: float, sign: float) -> Formula:
    """A number; the sign tells 0.0 and -0.0 apart, which are equal."""
    return Formula(produced(LIBRARY.rkeops_formula_constant, value))


@lru_cache(_REMEMBERED)
def apply(name: str, operands: tuple[Formula, ...], parameters: tuple[int, ...] = ()) -> Formula:
    """An operation of formulas that number their arguments alike."""
    handles = pointers(tuple(operand.handle for operand in operands))
    arguments = (name.encode(), handles, len(operands), integers(parameters), len(parameters))
    return Formula(produced(LIBRARY.rkeops_formula_apply, *arguments))


@lru_cache(_REMEMBERED)
def renumbered(formula: Formula, positions: tuple[int, ...]) -> Formula:
    """The formula whose argument number k is number `positions[k]`."""
    return Formula(produced(LIBRARY.rkeops_formula_renumber, formula.handle, integers(positions), len(positions)))


@lru_cache(_REMEMBERED)
def transposed(formula: Formula) -> Formula:
    """The formula with i and j exchanged."""
    return Formula(produced(LIBRARY.rkeops_formula_transpose, formula.handle))


class Reduction:
    """A formula together with how it is reduced over an index."""

    __slots__ = ("handle", "axis", "dim", "output_count", "saved_count")

    def __init__(self, handle: int, axis: int) -> None:
        self.handle = handle
        #: The index that is reduced, 0 for i and 1 for j.
        self.axis = axis
        #: The columns of its first result; a complex number is two.
        self.dim = number(LIBRARY.rkeops_reduction_dim, c_int64, handle)
        #: How many results it has.
        self.output_count = number(LIBRARY.rkeops_reduction_output_count, c_size_t, handle)
        #: How many results its derivatives need.
        self.saved_count = number(LIBRARY.rkeops_reduction_saved_count, c_size_t, handle)

    def __del__(self, free: Any = LIBRARY.rkeops_reduction_free) -> None:
        free(self.handle)

    def __str__(self) -> str:
        return text_of(LIBRARY.rkeops_reduction_text, self.handle)

    def __reduce__(self) -> tuple[object, ...]:
        return parse_reduction, (str(self), self.axis)


@lru_cache(_REMEMBERED)
def reduction(
    name: str, formula: Formula, axis: int, parameters: tuple[int, ...] = (), weights: Formula | None = None
) -> Reduction:
    """The reduction of this name over an index."""
    weight = weights.handle if weights else None
    arguments = (name.encode(), formula.handle, axis, integers(parameters), len(parameters), weight)
    return Reduction(produced(LIBRARY.rkeops_reduction_create, *arguments), axis)


@lru_cache(_REMEMBERED)
def parse_reduction(text: str, axis: int) -> Reduction:
    """The reduction of a text that names its variables itself, which is over this index."""
    return Reduction(produced(LIBRARY.rkeops_reduction_parse, text.encode(), None, 0), axis)


@lru_cache(_REMEMBERED)
def saved(of: Reduction, position: int) -> Reduction:
    """The reduction that gives one of the results which the derivatives of another need: often that one itself."""
    made = Reduction(produced(LIBRARY.rkeops_reduction_saved, of.handle, position), of.axis)
    return of if str(made) == str(of) else made


@lru_cache(_REMEMBERED)
def gradient(
    of: Reduction, to: Formula, category: int, cotangent: Formula, results: tuple[Formula, ...]
) -> Reduction:
    """The gradient with respect to a variable of a category: a row for each of its rows, or of the result for a parameter."""
    handles = pointers(tuple(result.handle for result in results))
    arguments = (of.handle, to.handle, cotangent.handle, handles, len(results))
    axis = of.axis if category == PARAMETER else 1 - category
    return Reduction(produced(LIBRARY.rkeops_reduction_gradient, *arguments), axis)


@lru_cache(_REMEMBERED)
def directional(of: Reduction, to: Formula, direction: Formula, results: tuple[Formula, ...]) -> Reduction:
    """The derivative where a variable changes along a direction."""
    handles = pointers(tuple(result.handle for result in results))
    arguments = (of.handle, to.handle, direction.handle, handles, len(results))
    return Reduction(produced(LIBRARY.rkeops_reduction_directional, *arguments), of.axis)
