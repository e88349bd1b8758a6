"""Solutions of linear systems, differentiated to any order: a derivative takes one more solution and one reduction."""

from __future__ import annotations

from typing import Any, Sequence

import torch

from .._derivatives import Arguments, batched, system_gradients, system_tangent
from .._solve import System
from ._memory import solve


def solution(library: Any, system: System, inputs: Sequence[Any]) -> Any:
    """The solution of a system; where one of the tensors is differentiated it is, too."""
    arguments, tensors = Arguments.of(library, system.call, inputs)
    function = _Transformed if torch._C._are_functorch_transforms_active() else _Solve
    return function.apply(arguments, system, *tensors)


def _solution(arguments: Arguments, system: System, *tensors: Any) -> Any:
    return solve(arguments.library, system, arguments.filled(tensors))


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    """Keeps what the derivatives need."""
    ctx.arguments, ctx.system, *tensors = inputs
    ctx.save_for_backward(*tensors, output)
    ctx.save_for_forward(*tensors, output)


class _Solve(torch.autograd.Function):
    """x with (K + alpha) x = b."""

    @staticmethod
    def forward(ctx: Any, arguments: Arguments, system: System, *tensors: Any) -> Any:
        x = _solution(arguments, system, *tensors)
        _keep(ctx, (arguments, system, *tensors), x)
        return x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> tuple[Any, ...]:
        *tensors, x = ctx.saved_tensors
        gradients = system_gradients(ctx.arguments, ctx.system, tensors, x, cotangent, ctx.needs_input_grad[2:])
        return (None, None, *gradients)

    @staticmethod
    def jvp(ctx: Any, _: None, __: None, *tangents: Any) -> Any:
        *tensors, x = ctx.saved_tensors
        return system_tangent(ctx.arguments, ctx.system, tensors, x, tangents)


class _Transformed(torch.autograd.Function):
    """The same for torch.func."""

    forward, setup_context = staticmethod(_solution), staticmethod(_keep)
    backward, jvp = staticmethod(_Solve.backward), staticmethod(_Solve.jvp)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], arguments: Arguments, system: System, *tensors: Any) -> Any:
        mapped = batched(arguments, in_dims[2:], tensors, lambda tensor, dim: tensor.movedim(dim, 0))
        return _Transformed.apply(arguments, system, *mapped), 0
