"""The operator `rkeops::reduce`, which torch.compile and torch.export keep in their graphs as it is.

Its arguments are tensors, numbers and texts, so that a graph which is stored computes the same in another process.
"""

from __future__ import annotations

import warnings
from typing import Any, Sequence

import torch

from .._call import Call, compiled, outputs_of
from .._derivatives import Arguments, Derivative, with_saved
from .._formula import argument_names, parse_reduction
from .._kernel import Compilation
from .._ranges import Ranges
from ..errors import UnsupportedError
from ._memory import compute

# It follows cached functions by what they wrap, as it should here.
warnings.filterwarnings("ignore", r"(?s)Dynamo detected a call to a `functools.lru_cache`.*rkeops", UserWarning)

torch.library.define(
    "rkeops::reduce",
    # For each input of the formula, `counts` has 0 for the next of the tensors, or how many of the numbers it takes.
    "(Tensor[] tensors, float[] numbers, int[] counts, str[] reductions, str[] arguments, int axis, int[] compilation, "
    "Tensor[] ranges) -> Tensor[]",
)


def reduced(call: Call, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The results of a call by the operator."""
    tensors, numbers, counts = [], [], []
    for value in inputs:
        is_numbers = isinstance(value, tuple)
        counts.append(len(value) if is_numbers else 0)
        if is_numbers:
            numbers += value
        else:
            tensors.append(value)
    every = with_saved(call.reductions)
    texts, names, axis = [str(one) for one in every], list(argument_names(every)), every[0].axis
    ranges = [] if call.ranges is None else [torch.as_tensor(one) for one in call.ranges.lists]
    results = torch.ops.rkeops.reduce(tensors, numbers, counts, texts, names, axis, list(call.compilation), ranges)
    return tuple(results[: sum([one.output_count for one in call.reductions])])


def _read(
    tensors: Sequence[Any],
    numbers: Sequence[float],
    counts: Sequence[int],
    reductions: Sequence[str],
    arguments: Sequence[str],
    axis: int,
    compilation: Sequence[int],
    ranges: Sequence[Any],
) -> tuple[Call, list[Any]]:
    """The call that the arguments of the operator tell, and its inputs."""
    made = tuple(parse_reduction(text, axis, tuple(arguments)) for text in reductions)
    call = Call(made, Compilation(*compilation), Ranges(ranges) if ranges else None)
    left, rest = iter(tensors), iter(numbers)
    inputs = [tuple(next(rest) for _ in range(count)) if count else next(left) for count in counts]
    return call, inputs


def register(library: Any) -> None:
    """Tells PyTorch how the operator is computed by a library of arrays, what its results look like, and its derivative."""

    def forward(*arguments: Any) -> list[Any]:
        call, inputs = _read(*arguments)
        return list(compute(library, call, inputs))

    def fake(*arguments: Any) -> list[Any]:
        call, inputs = _read(*arguments)
        tensors = [value for value in inputs if not isinstance(value, tuple)]
        computes, dtype = compiled(library, call, {library.dtype_of(tensor) for tensor in tensors})
        shapes = [(len(value),) if isinstance(value, tuple) else value.shape for value in inputs]
        outputs = outputs_of(computes, shapes, dtype, torch.broadcast_shapes)
        return [library.empty(shape, stored, tensors) for shape, stored in outputs]

    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Sequence[Any]) -> None:
        tensors, *ctx.others = inputs
        ctx.count = len(tensors)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, *output)

    def backward(ctx: Any, cotangents: Sequence[Any]) -> tuple[Any, ...]:
        tensors, results = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
        call, inputs = _read(tensors, *ctx.others)
        arguments, _ = Arguments.of(_Graphed(library), call, inputs)
        floating = [None if result.dtype == torch.int64 else one for one, result in zip(cotangents, results)]
        gradients = Derivative(arguments, tensors, results).backward(floating, ctx.needs_input_grad[0])
        return (gradients, *(_nothing(one) for one in ctx.others))

    torch.library.impl("rkeops::reduce", ("cpu", "cuda"), forward)
    torch.library.register_fake("rkeops::reduce", fake)
    torch.library.register_autograd("rkeops::reduce", backward, setup_context=setup_context)


def _nothing(argument: Any) -> Any:
    """No gradient, in the shape that PyTorch asks for: a list that is empty, or of tensors, is one of gradients."""
    is_list = isinstance(argument, (list, tuple)) and all(isinstance(one, torch.Tensor) for one in argument)
    return [None] * len(argument) if is_list else None


class _Graphed:
    """A library of arrays whose calls are all the operator's, for derivatives that are to stay in the graph."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def compute(self, call: Call, inputs: Sequence[Any], out: None = None) -> tuple[Any, ...]:
        return reduced(call, inputs)

    def solve(self, system: Any, inputs: Sequence[Any]) -> Any:
        raise UnsupportedError("a solution of a linear system cannot be part of a graph that torch.compile keeps")
