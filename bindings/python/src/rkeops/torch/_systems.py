"""Solutions of linear systems, differentiated to any order: a derivative takes one more solution and one reduction."""

from __future__ import annotations

from typing import Any, Sequence

import torch

from .._derivatives import Arguments, system_gradients
from .._solve import System, solve


def solution(library: Any, system: System, inputs: Sequence[Any]) -> Any:
    """The solution of a system; where one of the tensors is differentiated it is, too."""
    arguments, tensors = Arguments.of(library, system.call, inputs)
    return _Solve.apply(arguments, system, *tensors)


class _Solve(torch.autograd.Function):
    """x with (K + alpha) x = b."""

    @staticmethod
    def forward(ctx: Any, arguments: Arguments, system: System, *tensors: Any) -> Any:
        x = solve(arguments.library, system, arguments.filled([tensor.detach() for tensor in tensors]))
        ctx.arguments, ctx.system = arguments, system
        ctx.save_for_backward(*tensors, x)
        return x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> tuple[Any, ...]:
        *tensors, x = ctx.saved_tensors
        gradients = system_gradients(ctx.arguments, ctx.system, tensors, x, cotangent, ctx.needs_input_grad[2:])
        return (None, None, *gradients)
