"""Reductions as functions that PyTorch differentiates: backward to any order, forward, and mapped over a batch.

A derivative of a reduction is a reduction, so each is computed by the same function again.
"""

from __future__ import annotations

from typing import Any, Sequence

import torch

from .._call import Call
from .._derivatives import Arguments, Derivative, batched, with_saved
from ._memory import compute


def differentiable(library: Any, call: Call, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The results of a call, with derivatives."""
    arguments, tensors = Arguments.of(library, call._replace(reductions=with_saved(call.reductions)), inputs)
    function = _Transformed if torch._C._are_functorch_transforms_active() else _Reduce
    results: tuple[Any, ...] = function.apply(arguments, *tensors)
    return results[: sum([one.output_count for one in call.reductions])]


def _results(arguments: Arguments, *tensors: Any) -> tuple[Any, ...]:
    return compute(arguments.library, arguments.call, arguments.filled(tensors))


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
    """Keeps what the derivatives need."""
    arguments, *tensors = inputs
    ctx.arguments, ctx.count = arguments, len(tensors)
    ctx.set_materialize_grads(False)
    ctx.mark_non_differentiable(*[result for result in output if result.dtype == torch.int64])
    ctx.save_for_backward(*tensors, *output)
    ctx.save_for_forward(*tensors, *output)


class _Reduce(torch.autograd.Function):
    """Reductions of tensors: the results of all of them, one after the other."""

    @staticmethod
    def forward(ctx: Any, arguments: Arguments, *tensors: Any) -> tuple[Any, ...]:
        results = _results(arguments, *tensors)
        _keep(ctx, (arguments, *tensors), results)
        return results

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> tuple[Any, ...]:
        tensors, results = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
        needed = ctx.needs_input_grad[1:]
        return (None, *Derivative(ctx.arguments, tensors, results).backward(cotangents, needed))

    @staticmethod
    def jvp(ctx: Any, _: None, *tangents: Any) -> tuple[Any, ...]:
        tensors, results = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
        return Derivative(ctx.arguments, tensors, results).forward(tangents)


class _Transformed(torch.autograd.Function):
    """The same for torch.func, which asks for another form, one that takes longer to be called."""

    forward, setup_context = staticmethod(_results), staticmethod(_keep)
    backward, jvp = staticmethod(_Reduce.backward), staticmethod(_Reduce.jvp)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], arguments: Arguments, *tensors: Any) -> Any:
        mapped = batched(arguments, in_dims[1:], tensors, lambda tensor, dim: tensor.movedim(dim, 0))
        results = _Transformed.apply(arguments, *mapped)
        return results, (0,) * len(results)
