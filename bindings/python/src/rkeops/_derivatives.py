"""Derivatives of reductions, for any array library: a derivative of a reduction is a reduction of more arguments."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence

from ._call import Call, compiled
from ._formula import PARAMETER, Formula, Reduction, directional, gradient, saved, variable
from ._solve import System


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


def with_saved(reductions: tuple[Reduction, ...]) -> tuple[Reduction, ...]:
    """Reductions with those whose results their derivatives need."""
    every = list(reductions)
    for one in reductions:
        for position in range(one.saved_count):
            needed = saved(one, position)
            if needed not in every:
                every.append(needed)
    return tuple(every)


class Derivative:
    """The derivatives of one call: formulas of its arguments, and of tensors from outside, numbered after them."""

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
        #: Results that were computed for the derivatives.
        self.later: dict[Reduction, Any] = {}
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
        return tuple(self._from_outside(self._result(other), other.dim, self.kept) for other in needed)

    def _result(self, one: Reduction) -> Any:
        """The first result of a reduction. Where a saved result is derived itself, that may need others: they are computed
        then, for they can go on without end.
        """
        if one in self.firsts:
            return self.results[self.firsts[one]]
        if one not in self.later:
            call = self.arguments.call._replace(reductions=(one,))
            self.later[one] = self.arguments.library.compute(call, self.arguments.filled(self.tensors))[0]
        return self.later[one]

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
        """The derivatives along tangents of results of some reductions, or all, in one pass; None for the others."""
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


def system_gradients(
    arguments: Arguments, system: System, tensors: Sequence[Any], x: Any, cotangent: Any, needed: Sequence[bool]
) -> list[Any]:
    """The gradients with respect to the tensors of the solution x with (K + alpha) x = b: the cotangent c becomes l
    with (K + alpha) l = c, that of b; K's is -l x'.
    """
    place = arguments.places().index(system.unknown)
    arrays = list(tensors)
    arrays[place] = cotangent
    solved = arguments.library.solve(system, arguments.filled(arrays))
    arrays[place] = x
    others = [one and k != place for k, one in enumerate(needed)]
    gradients = Derivative(arguments, arrays, []).backward([-solved], others)
    gradients[place] = solved if needed[place] else None
    return gradients


def system_tangent(
    arguments: Arguments, system: System, tensors: Sequence[Any], x: Any, tangents: Sequence[Any]
) -> Any:
    """The derivative x' along tangents of the solution x with (K + alpha) x = b, where (K + alpha) x' = b' - K' x; None
    where nothing moves.
    """
    place = arguments.places().index(system.unknown)
    arrays, known = list(tensors), list(tangents)
    right, known[place], arrays[place] = known[place], None, x
    (moved,) = Derivative(arguments, arrays, [x]).forward(known)
    if moved is not None:
        right = -moved if right is None else right - moved
    if right is None:
        return None
    arrays[place] = right
    return arguments.library.solve(system, arguments.filled(arrays))


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
