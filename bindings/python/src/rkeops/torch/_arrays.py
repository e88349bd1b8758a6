"""Tensors of PyTorch, as the rest asks for them."""

from __future__ import annotations

from typing import Any, Hashable, Sequence

import torch
from torch.autograd import forward_ad

from .._arrays import Queue
from .._call import Call
from .._kernel import CPU, CUDA, DTYPES, Described
from .._solve import System
from ..errors import DeviceError, DtypeError
from ._derivatives import differentiable
from ._memory import compute, queued, solve
from ._operator import reduced
from ._systems import solution

_HALF = ("float16", "bfloat16")
_BY_NAME = {
    name: getattr(torch, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128", "int8", "int16", "int32", "int64", "uint8",
        "bool",
    )
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _BY_NAME.items()}
#: The devices whose tensors are computed with, by PyTorch's names.
_DEVICES = {"cpu": CPU, "cuda": CUDA}


def _name(dtype: Any) -> str:
    """The name of a dtype."""
    name = _NAMES.get(dtype)
    if name is None:
        raise DtypeError(f"a tensor has dtype {dtype}; expected one of {', '.join(_BY_NAME)}")
    return name


def _is_differentiated(inputs: Sequence[Any]) -> bool:
    """Whether somebody wants derivatives of what is computed of these, backward or forward, or maps it over a batch."""
    if forward_ad._current_level >= 0 or torch._C._are_functorch_transforms_active():
        return True
    if torch.is_grad_enabled():
        for value in inputs:
            if type(value) is not tuple and value.requires_grad:
                return True
    return False


def _is_widened(tensor: Any) -> bool:
    """Whether a tensor of numbers of 16 bits is in a region of autocast of its device."""
    kind = tensor.device.type
    return kind in _DEVICES and torch.is_autocast_enabled(kind) and tensor.dtype in (torch.float16, torch.bfloat16)


class Torch:
    """Tensors of PyTorch, on the CPU and on CUDA devices."""

    name = "torch"

    @property
    def default_dtype(self) -> str:
        return _NAMES[torch.get_default_dtype()]

    def is_array(self, value: object) -> bool:
        return isinstance(value, torch.Tensor)

    def dtype_of(self, value: Any) -> str:
        name = _name(value.dtype)
        return "float32" if name in _HALF and _is_widened(value) else name

    def layout(self, value: Any) -> Hashable:
        if value.layout is not torch.strided:
            raise DtypeError(f"a tensor has the layout {value.layout}; expected a dense one")
        return value.dtype, value.shape, value.stride(), value.device

    def described(self, layout: Any) -> Described:
        dtype, shape, strides, device = layout
        name = _name(dtype)
        if device.type not in _DEVICES:
            raise DeviceError(f"a tensor is on {device}; this library computes on the CPU and on CUDA devices")
        return Described(*DTYPES[name], shape, strides, name, _DEVICES[device.type], device.index or 0)

    def address(self, value: Any) -> int:
        address: int = value.data_ptr()
        return address

    def empty(self, shape: tuple[int, ...], dtype: str, like: Sequence[Any]) -> Any:
        for value in like:
            if type(value) is not tuple:
                return torch.empty(shape, dtype=_BY_NAME[dtype], device=value.device)
        return torch.empty(shape, dtype=_BY_NAME[dtype], device="cpu")

    def numbers(self, values: tuple[float, ...], dtype: str, like: Sequence[Any]) -> Any:
        made = self.empty((len(values),), dtype, like)
        for position, value in enumerate(values):
            # Numbers that kernels bring along: copies would wait for the device, and have no place in a graph of CUDA.
            made[position].fill_(value)
        return made

    def queue(self, device: int, size: int) -> Queue:
        return queued(torch, device, size)

    def without_axis(self, value: Any, axis: int) -> Any:
        return value.squeeze(axis)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        return value.reshape(shape)

    def rows(self, value: Any, places: Any) -> Any:
        return value[..., places, :]

    def as_gradient(self, result: Any, tensor: Any, is_parameter: bool) -> Any:
        """The gradient of a tensor from a row for each of its uses: summed where it was broadcast."""
        if is_parameter:
            result = result.sum(-2)
        elif tensor.dim() < 2:
            result = result[..., 0]
        if tensor.is_complex():
            result = torch.view_as_complex(result.reshape(*result.shape[:-1], -1, 2))
        return result.sum_to_size(tensor.shape)

    def compute(self, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        """The results; where one of the tensors is differentiated they are, too.

        In a region of autocast, numbers of 16 bits are made float32 and results are float32, as those of PyTorch's own sums
        and distances are.
        """
        if torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled("cuda"):
            inputs = [value.float() if type(value) is not tuple and _is_widened(value) else value for value in inputs]
        if torch.compiler.is_compiling():
            return reduced(call, inputs)
        if _is_differentiated(inputs):
            results = differentiable(self, call, inputs)
            if out is None:
                return results
            raise DtypeError("out= takes no result that is differentiated; detach the inputs")
        return compute(self, call, inputs, out)

    def solve(self, system: System, inputs: Sequence[Any]) -> Any:
        """The solution of a linear system; where one of the tensors is differentiated it is, too."""
        if _is_differentiated(inputs):
            return solution(self, system, inputs)
        return solve(self, system, inputs)
