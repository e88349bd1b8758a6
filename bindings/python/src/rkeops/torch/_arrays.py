"""Tensors of PyTorch, as the rest asks for them."""

from __future__ import annotations

from typing import Any, Hashable, Sequence

import torch
from torch.autograd import forward_ad

from .._call import Call
from .._kernel import BFLOAT, BOOL, COMPLEX, FLOAT, INT, UINT, Described
from .._solve import System
from ..errors import DeviceError, DtypeError
from ._derivatives import differentiable
from ._memory import compute, solve
from ._operator import reduced
from ._systems import solution

#: The name, the code and the bits of each dtype.
_DTYPES = {
    torch.float16: ("float16", FLOAT, 16),
    torch.bfloat16: ("bfloat16", BFLOAT, 16),
    torch.float32: ("float32", FLOAT, 32),
    torch.float64: ("float64", FLOAT, 64),
    torch.complex64: ("complex64", COMPLEX, 64),
    torch.complex128: ("complex128", COMPLEX, 128),
    torch.int8: ("int8", INT, 8),
    torch.int16: ("int16", INT, 16),
    torch.int32: ("int32", INT, 32),
    torch.int64: ("int64", INT, 64),
    torch.uint8: ("uint8", UINT, 8),
    torch.bool: ("bool", BOOL, 8),
}
_HALF = ("float16", "bfloat16")
_BY_NAME = {name: dtype for dtype, (name, _, _) in _DTYPES.items()}


def _facts(dtype: Any) -> tuple[str, int, int]:
    """What is known of a dtype."""
    facts = _DTYPES.get(dtype)
    if facts is None:
        raise DtypeError(f"a tensor has dtype {dtype}; expected one of {', '.join(_BY_NAME)}")
    return facts


def _is_differentiated(inputs: Sequence[Any]) -> bool:
    """Whether somebody wants derivatives of what is computed of these, backward or forward, or maps it over a batch."""
    if forward_ad._current_level >= 0 or torch._C._are_functorch_transforms_active():
        return True
    if torch.is_grad_enabled():
        for value in inputs:
            if type(value) is not tuple and value.requires_grad:
                return True
    return False


def _widened(value: Any) -> Any:
    """A tensor of numbers of 16 bits in float32."""
    return value.float() if type(value) is not tuple and value.dtype in (torch.float16, torch.bfloat16) else value


class Torch:
    """Tensors of PyTorch on the CPU."""

    name = "torch"

    @property
    def default_dtype(self) -> str:
        return _DTYPES[torch.get_default_dtype()][0]

    def is_array(self, value: object) -> bool:
        return isinstance(value, torch.Tensor)

    def dtype_of(self, value: Any) -> str:
        name = _facts(value.dtype)[0]
        return "float32" if name in _HALF and torch.is_autocast_enabled("cpu") else name

    def layout(self, value: Any) -> Hashable:
        if value.layout is not torch.strided:
            raise DtypeError(f"a tensor has the layout {value.layout}; expected a dense one")
        return value.dtype, value.shape, value.stride(), value.device

    def described(self, layout: Any) -> Described:
        dtype, shape, strides, device = layout
        name, code, bits = _facts(dtype)
        if device.type != "cpu":
            raise DeviceError(f"a tensor is on {device}; this library computes on the CPU")
        return Described(code, bits, shape, strides, name)

    def address(self, value: Any) -> int:
        address: int = value.data_ptr()
        return address

    def empty(self, shape: tuple[int, ...], dtype: str, like: Sequence[Any]) -> Any:
        return torch.empty(shape, dtype=_BY_NAME[dtype])

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
        if torch.is_autocast_enabled("cpu"):
            inputs = [_widened(value) for value in inputs]
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
