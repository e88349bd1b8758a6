"""Calls on tensors as they are in memory: none that is only said to be conjugated or negated is read without that."""

from __future__ import annotations

from typing import Any, Sequence

from .. import _call, _solve
from .._arrays import Queue
from .._call import Call
from .._solve import System


def compute(library: Any, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """The results of a call on tensors and numbers, in new tensors or in those of the caller."""
    return _call.compute(library, call, [_plain(value) for value in inputs], out)


def solve(library: Any, system: System, inputs: Sequence[Any]) -> Any:
    """The solution of a linear system. Tensors of a CUDA device are copied to ordinary memory, and the solution back: there
    is no solver on devices yet, but its products with the matrix are computed there.
    """
    plain = [_plain(value) for value in inputs]
    device = _call.plan(library, system.call, plain).device
    if device is None:
        return _solve.solve(library, system, plain)
    copies = [value if type(value) is tuple else value.cpu() for value in plain]
    return _solve.solve(library, system._replace(call=_call.on_device(system.call, device)), copies).to(f"cuda:{device}")


def queued(torch: Any, device: int, size: int) -> Queue:
    """Where a run on a CUDA device is queued: PyTorch's stream, in memory of PyTorch's, which that stream may use again after
    the run.
    """
    stream = torch.cuda.current_stream(device).cuda_stream
    if size == 0:
        return Queue(stream)
    memory = torch.empty(size, dtype=torch.uint8, device=f"cuda:{device}")
    return Queue(stream, memory.data_ptr(), memory)


def _plain(value: Any) -> Any:
    if type(value) is not tuple and (value.is_conj() or value.is_neg()):
        return value.resolve_conj().resolve_neg()
    return value
