"""Derivatives of reductions, for any array library: a derivative of a reduction is a reduction of more arguments."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence

from ._call import Call, compiled
from ._formula import PARAMETER, Formula, Reduction, directional, gradient, saved, variable
from .errors import UnsupportedError

#: Results that derivatives of a reduction may need, with those that their own need, at most.
_MOST_SAVED = 32


class Arguments(NamedTuple):
    """What a call is computed of: tensors in their places, and numbers."""

    library: Any
    call: Call
    #: The numbers of each argument, or None where a tensor is.
    numbers: tuple[tuple[float, ...] | None, ...]
    #: The dimension and the category of each argument.
    inputs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, library: Any, call: Call, values: Sequence[Any]) -> tuple[Arguments, list[Any]]:
        """The arguments of a call, and the tensors among them."""
        numbers = tuple(value if isinstance(value, tuple) else None for value in values)
        tensors = [value for value in values if not isinstance(value, tuple)]
        computes, _ = compiled(library, call, {library.dtype_of(tensor) for tensor in tensors})
        return cls(library, call, numbers, tuple(computes.inputs)), tensors

    def filled(self, tensors: Sequence[Any]) -> list[Any]:
        """All arguments in order."""
        rest = iter(tensors)
        return [next(rest) if numbers is None else numbers for numbers in self.numbers]

    def places(self) -> list[int]:
        """The positions of the tensors."""
        return [position for position, numbers in enumerate(self.numbers) if numbers is None]


def closure(reductions: tuple[Reduction, ...]) -> tuple[Reduction, ...]:
    """Reductions with all whose results their derivatives need, to any order."""
    all_of_them = list(reductions)
    for one in all_of_them:
        for position in range(one.saved_count):
            needed = saved(one, position)
            if needed not in all_of_them:
                all_of_them.append(needed)
        if len(all_of_them) - len(reductions) > _MOST_SAVED:
            raise UnsupportedError(f"the derivatives of {reductions[0]} need too many results")
    return tuple(all_of_them)


class Derivative:
    """The derivatives of one call: formulas of its arguments, and of tensors from outside, which are numbered after them."""

    def __init__(self, arguments: Arguments, tensors: Sequence[Any], results: Sequence[Any]) -> None:
        self.arguments, self.tensors, self.results = arguments, tensors, results
        reductions = arguments.call.reductions
        #: The index that remains.
        self.kept = 1 - reductions[0].axis
        #: The first result of each reduction.
        self.firsts: dict[Reduction, int] = {}
        first = 0
        for one in reductions:
            self.firsts[one] = first
            first += one.output_count
        self.outside: list[Any] = []
        self.places: dict[tuple[int, int, int], int] = {}

    def _from_outside(self, tensor: Any, dim: int, category: int) -> Formula:
        """The variable of a tensor from outside."""
        key = (id(tensor), dim, category)
        if key not in self.places:
            self.places[key] = len(self.arguments.numbers) + len(self.outside)
            self.outside.append(tensor)
        return variable(self.places[key], dim, category)

    def _saved(self, one: Reduction) -> tuple[Formula, ...]:
        """The variables of the results that the derivatives of a reduction need."""
        needed = [saved(one, position) for position in range(one.saved_count)]
        return tuple(self._from_outside(self.results[self.firsts[other]], other.dim, self.kept) for other in needed)

    def _compute(self, reductions: Sequence[Reduction]) -> tuple[Any, ...]:
        """Derivatives over one index in one pass."""
        call = self.arguments.call._replace(reductions=tuple(reductions))
        inputs = [*self.arguments.filled(self.tensors), *self.outside]
        results: tuple[Any, ...] = self.arguments.library.compute(call, inputs)
        return results

    def backward(self, cotangents: Sequence[Any], needed: Sequence[bool]) -> list[Any]:
        """The gradients with respect to the tensors, in one pass over each index."""
        wanted: dict[int, list[tuple[int, Reduction]]] = {0: [], 1: []}
        places = self.arguments.places()
        for one, first in self.firsts.items():
            if cotangents[first] is None:
                continue
            cotangent = self._from_outside(cotangents[first], one.dim, self.kept)
            for k, position in enumerate(places):
                if needed[k]:
                    dim, category = self.arguments.inputs[position]
                    to = variable(position, dim, category)
                    derived = gradient(one, to, category, cotangent, self._saved(one))
                    wanted[derived.axis].append((k, derived))
        gradients: list[Any] = [None] * len(places)
        for pairs in wanted.values():
            if pairs:
                results = self._compute([derived for _, derived in pairs])
                for (k, _), result in zip(pairs, results):
                    is_parameter = self.arguments.inputs[places[k]][1] == PARAMETER
                    shaped = self.arguments.library.as_gradient(result, self.tensors[k], is_parameter)
                    gradients[k] = shaped if gradients[k] is None else gradients[k] + shaped
        return gradients

    def forward(self, tangents: Sequence[Any], wanted: Sequence[Reduction] | None = None) -> tuple[Any, ...]:
        """The derivatives along tangents of the results of some reductions, or all, in one pass; None for the others."""
        places = self.arguments.places()
        derived: list[tuple[int, Reduction]] = []
        for one, first in self.firsts.items():
            if wanted is not None and one not in wanted:
                continue
            if self.arguments.library.dtype_of(self.results[first]).startswith("int"):
                continue
            for position, tangent in zip(places, tangents):
                if tangent is not None:
                    dim, category = self.arguments.inputs[position]
                    direction = self._from_outside(tangent, dim, category)
                    to = variable(position, dim, category)
                    derived.append((first, directional(one, to, direction, self._saved(one))))
        sums: list[Any] = [None] * len(self.results)
        results = self._compute([one for _, one in derived]) if derived else ()
        for (first, _), result in zip(derived, results):
            sums[first] = result if sums[first] is None else sums[first] + result
        return tuple(sums)


def batched(
    arguments: Arguments, in_dims: Sequence[int | None], tensors: Sequence[Any], moved_first: Callable[[Any, int], Any]
) -> list[Any]:
    """Tensors whose first axis is the one that is mapped; where it is, the other axes of the batch are filled up."""
    inner = [1 if arguments.inputs[position][1] == PARAMETER else 2 for position in arguments.places()]
    ranks = [len(tensor.shape) - axes - (dim is not None) for tensor, axes, dim in zip(tensors, inner, in_dims)]
    most = max(ranks)
    made = []
    for tensor, rank, dim in zip(tensors, ranks, in_dims):
        if dim is not None:
            moved = moved_first(tensor, dim)
            tensor = moved.reshape((moved.shape[0], *(1,) * (most - rank), *moved.shape[1:]))
        made.append(tensor)
    return made
