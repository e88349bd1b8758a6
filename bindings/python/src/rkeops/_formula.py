"""Formulas and reductions as the library holds them. Equal ones are one object, so that what is made of them is found again.

Nothing is computed here, and no rule of shapes is known: the library says what fits.
"""

from __future__ import annotations

from ctypes import c_int32, c_int64, c_size_t
from functools import lru_cache
from typing import Any, Callable, TypeVar

from ._library import LIBRARY, check, integers, number, produced, strings, text_of

#: The categories of variables.
I, J, PARAMETER = 0, 1, 2
_CATEGORIES = ("Vi", "Vj", "Pm")
#: How many formulas and reductions are remembered.
_REMEMBERED = 8192


_F = TypeVar("_F", bound=Callable[..., Any])


def _constant_in_graphs(function: _F) -> _F:
    """Marks a function of numbers and texts that torch.compile calls while it traces, as it cannot trace the library.

    What it returns becomes a constant of the graph. Handles that are made so are never freed: no object holds them.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


@_constant_in_graphs
def _made(function: str, *values: Any) -> int:
    """The handle that a function makes of numbers, texts and lists of them; a list is followed by its length."""
    arguments: list[Any] = []
    for value in values:
        if isinstance(value, tuple):
            # Handles, too, are integers of 64 bits.
            arguments += (strings(value) if value and isinstance(value[0], str) else integers(value), len(value))
        else:
            arguments.append(value.encode() if isinstance(value, str) else value)
    return produced(getattr(LIBRARY, "rkeops_" + function), *arguments)


@_constant_in_graphs
def _formula_facts(handle: int) -> tuple[int, bool]:
    is_complex = number(LIBRARY.rkeops_formula_is_complex, c_int32, handle)
    return number(LIBRARY.rkeops_formula_dim, c_int64, handle), bool(is_complex)


@_constant_in_graphs
def _reduction_facts(handle: int) -> tuple[int, int, int]:
    dim = number(LIBRARY.rkeops_reduction_dim, c_int64, handle)
    outputs = number(LIBRARY.rkeops_reduction_output_count, c_size_t, handle)
    return dim, outputs, number(LIBRARY.rkeops_reduction_saved_count, c_size_t, handle)


@_constant_in_graphs
def _text(function: str, handle: int) -> str:
    return text_of(getattr(LIBRARY, "rkeops_" + function), handle)


@_constant_in_graphs
def _argument_names(reductions: tuple[int, ...]) -> tuple[str, ...]:
    """The arguments that reductions have together, as aliases: those, too, that their formulas no longer hold."""
    kernel = produced(LIBRARY.rkeops_kernel_compile, integers(reductions), len(reductions), None)
    inputs = inputs_of(kernel)
    LIBRARY.rkeops_kernel_free(kernel)
    return tuple([f"{_CATEGORIES[category]}({k},{dim})" for k, (dim, category) in enumerate(inputs)])


def inputs_of(kernel: int) -> list[tuple[int, int]]:
    """The dimension and the category of each input of a kernel."""
    inputs = []
    for position in range(number(LIBRARY.rkeops_kernel_input_count, c_size_t, kernel)):
        dim, category = c_int64(), c_int32()
        check(LIBRARY.rkeops_kernel_input(kernel, position, dim, category))
        inputs.append((dim.value, category.value))
    return inputs


def _handles(formulas: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple([formula.handle for formula in formulas])


def argument_names(reductions: tuple[Reduction, ...]) -> tuple[str, ...]:
    """The arguments that reductions have together, as aliases for parsing their texts."""
    return _argument_names(_handles(reductions))


class Formula:
    """A vector-valued formula of numbered arguments."""

    __slots__ = ("handle", "dim", "is_complex")

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.dim, self.is_complex = _formula_facts(handle)

    def __del__(self, free: Any = LIBRARY.rkeops_formula_free) -> None:
        if hasattr(self, "handle"):
            free(self.handle)

    def __str__(self) -> str:
        return _text("formula_text", self.handle)

    def __reduce__(self) -> tuple[object, ...]:
        return parse, (str(self),)


@lru_cache(_REMEMBERED)
def parse(text: str, aliases: tuple[str, ...] = ()) -> Formula:
    """The formula of a text, whose variables the aliases name, or it itself."""
    return Formula(_made("formula_parse", text, aliases))


@lru_cache(_REMEMBERED)
def variable(position: int, dim: int, category: int) -> Formula:
    """Argument number `position`, with `dim` columns."""
    return Formula(_made("formula_variable", position, dim, category))


@lru_cache(_REMEMBERED)
def constant(value: float, sign: float) -> Formula:
    """A number; the sign tells 0.0 and -0.0 apart, which are equal."""
    return Formula(_made("formula_constant", value))


@lru_cache(_REMEMBERED)
def apply(name: str, operands: tuple[Formula, ...], parameters: tuple[int, ...] = ()) -> Formula:
    """An operation of formulas that number their arguments alike."""
    return Formula(_made("formula_apply", name, _handles(operands), parameters))


@lru_cache(_REMEMBERED)
def renumbered(formula: Formula, positions: tuple[int, ...]) -> Formula:
    """The formula whose argument number k is number `positions[k]`."""
    return Formula(_made("formula_renumber", formula.handle, positions))


@lru_cache(_REMEMBERED)
def transposed(formula: Formula) -> Formula:
    """The formula with i and j exchanged."""
    return Formula(_made("formula_transpose", formula.handle))


class Reduction:
    """A formula together with how it is reduced over an index."""

    __slots__ = ("handle", "axis", "dim", "output_count", "saved_count")

    def __init__(self, handle: int, axis: int) -> None:
        self.handle = handle
        #: The index that is reduced, 0 for i and 1 for j.
        self.axis = axis
        #: The columns of its first result, where a complex number is two; how many results it has; and how many its
        #: derivatives need.
        self.dim, self.output_count, self.saved_count = _reduction_facts(handle)

    def __del__(self, free: Any = LIBRARY.rkeops_reduction_free) -> None:
        if hasattr(self, "handle"):
            free(self.handle)

    def __str__(self) -> str:
        return _text("reduction_text", self.handle)

    def __reduce__(self) -> tuple[object, ...]:
        return parse_reduction, (str(self), self.axis, argument_names((self,)))


@lru_cache(_REMEMBERED)
def reduction(
    name: str, formula: Formula, axis: int, parameters: tuple[int, ...] = (), weights: Formula | None = None
) -> Reduction:
    """The reduction of this name over an index."""
    weight = weights.handle if weights else None
    return Reduction(_made("reduction_create", name, formula.handle, axis, parameters, weight), axis)


@lru_cache(_REMEMBERED)
def parse_reduction(text: str, axis: int, aliases: tuple[str, ...] = ()) -> Reduction:
    """The reduction of a text, which is over this index and has at least the arguments that the aliases name."""
    return Reduction(_made("reduction_parse", text, aliases), axis)


@lru_cache(_REMEMBERED)
def saved(of: Reduction, position: int) -> Reduction:
    """The reduction that gives one of the results which the derivatives of another need: often that one itself."""
    made = Reduction(_made("reduction_saved", of.handle, position), of.axis)
    return of if str(made) == str(of) else parse_reduction(str(made), of.axis, argument_names((made,)))


@lru_cache(_REMEMBERED)
def gradient(
    of: Reduction, to: Formula, category: int, cotangent: Formula, results: tuple[Formula, ...]
) -> Reduction:
    """The gradient with respect to a variable of a category: a row for each of its rows, or of the result for a parameter."""
    axis = of.axis if category == PARAMETER else 1 - category
    made = _made("reduction_gradient", of.handle, to.handle, cotangent.handle, _handles(results))
    return Reduction(made, axis)


@lru_cache(_REMEMBERED)
def directional(of: Reduction, to: Formula, direction: Formula, results: tuple[Formula, ...]) -> Reduction:
    """The derivative where a variable changes along a direction."""
    made = _made("reduction_directional", of.handle, to.handle, direction.handle, _handles(results))
    return Reduction(made, of.axis)
