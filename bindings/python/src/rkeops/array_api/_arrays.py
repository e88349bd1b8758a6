"""Arrays of any library that has DLPack, as the rest asks for them."""

from __future__ import annotations

import sys
from typing import Any, Sequence

import numpy as np

from .._arrays import readable
from .._call import Call, on_device
from .._host import host
from .._kernel import CUDA, DTYPES
from .._solve import System
from ..errors import ArgumentError, DeviceError, DtypeError
from ..numpy._arrays import NumPy
from . import _device

#: The devices of DLPack whose memory the processor reads: its own, and what CUDA, ROCm and oneAPI share with it.
_ON_HOST = frozenset({1, 3, 11, 13})
#: Libraries whose arrays nobody may write to, new ones neither: on a device they are computed with by copies.
_IMMUTABLE = frozenset({"jax"})


def library_of(array: Any) -> Any:
    """The module of an array's library, as the array API has it; PyTorch's arrays do not tell it themselves."""
    if isinstance(array, (np.ndarray, np.generic)):
        return np
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    module = sys.modules[type(array).__module__.partition(".")[0]]
    if not hasattr(module, "from_dlpack"):
        raise ArgumentError(f"an array is a {_name(array)}; expected one whose library has the function from_dlpack")
    return module


def view(array: Any) -> Any:
    """NumPy's view of an array's memory; None where that is a CUDA device's."""
    if isinstance(array, (np.ndarray, np.generic)):
        return np.asarray(array)
    device = array.__dlpack_device__()[0]
    if device == CUDA:
        return None
    if device not in _ON_HOST:
        message = f"an array is on device {int(device)} of DLPack; this library computes on the CPU and on CUDA devices"
        raise DeviceError(message)
    try:
        try:
            return np.from_dlpack(array)
        except (BufferError, RuntimeError):
            # NumPy before 2.1 takes no memory that is only for reading by this way, and none takes bfloat16.
            return np.asarray(array)
    except (BufferError, RuntimeError, TypeError) as error:
        raise DtypeError(f"an array is a {_name(array)} that NumPy cannot read: {error}") from None


def device_of(array: Any) -> int | None:
    """The number of the CUDA device that an array is on, if it is on one."""
    if isinstance(array, (np.ndarray, np.generic)):
        return None
    device, number = array.__dlpack_device__()
    return int(number) if device == CUDA else None


def copied_back(library: Any, array: Any, like: Any) -> Any:
    """A copy of one of NumPy's arrays on the device of another library's."""
    try:
        return library.asarray(array, device=like.device)
    except TypeError:
        return library.asarray(array)


def of_numpy(library: Any, array: Any) -> Any:
    """A new array of NumPy as one of another library, in the same memory where that library can."""
    if library is np:
        return array
    try:
        return library.from_dlpack(array)
    except BufferError:
        return library.asarray(array)


def _name(array: Any) -> str:
    return f"{type(array).__module__}.{type(array).__qualname__}"


class ArrayApi(NumPy):
    """Arrays of any library that has DLPack; those of a call are of one library, which results come back in."""

    name = "a library with DLPack"

    def is_array(self, value: object) -> bool:
        return hasattr(value, "__dlpack__") or isinstance(value, np.generic)

    def dtype_of(self, value: Any) -> str:
        viewed = view(value)
        if viewed is not None:
            return super().dtype_of(viewed)
        name = _dtype_name(value)
        if name not in DTYPES:
            raise DtypeError(f"an array has dtype {value.dtype}; expected integers, bool, or real or complex numbers")
        return name

    def without_axis(self, value: Any, axis: int) -> Any:
        return library_of(value).squeeze(value, axis)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        return library_of(value).reshape(value, shape)

    def rows(self, value: Any, places: Any) -> Any:
        library = library_of(value)
        viewed = view(value)
        if viewed is not None:
            return of_numpy(library, super().rows(viewed, places))
        return value[..., copied_back(library, places, value), :]

    def compute(self, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        if out is not None:
            raise ArgumentError("out: results come in new arrays here, whatever the library; expected None")
        library, default_dtype = self._library(inputs)
        views = [value if type(value) is tuple else view(value) for value in inputs]
        if not any(one is None for one in views):
            return tuple(of_numpy(library, result) for result in host(default_dtype).compute(call, views))
        if library.__name__.partition(".")[0] not in _IMMUTABLE:
            return _device.compute(_device.on_device(library, default_dtype), call, inputs)
        call, copies, like = _copied(call, inputs)
        return tuple(copied_back(library, result, like) for result in host(default_dtype).compute(call, copies))

    def solve(self, system: System, inputs: Sequence[Any]) -> Any:
        """The solution of a linear system. Arrays on a CUDA device are copied to ordinary memory, and the solution back: there
        is no solver on devices yet, but its products with the matrix are computed there.
        """
        library, default_dtype = self._library(inputs)
        views = [value if type(value) is tuple else view(value) for value in inputs]
        if not any(one is None for one in views):
            return of_numpy(library, host(default_dtype).solve(system, views))
        call, copies, like = _copied(system.call, inputs)
        return copied_back(library, host(default_dtype).solve(system._replace(call=call), copies), like)

    def _library(self, inputs: Sequence[Any]) -> tuple[Any, str]:
        """The library of some arrays, and the dtype of its results of which none tells one."""
        libraries = [library_of(value) for value in inputs if type(value) is not tuple] or [np]
        first = libraries[0]
        for other in libraries:
            if other is not first:
                raise ArgumentError(f"arrays of {first.__name__} and of {other.__name__} do not go together")
        return first, _dtype_name(first.empty(0))


def _dtype_name(array: Any) -> str:
    return str(array.dtype).rpartition(".")[2]


def _copied(call: Call, inputs: Sequence[Any]) -> tuple[Call, list[Any], Any]:
    """A call of arrays on a CUDA device for copies in ordinary memory, these among the numbers, and one of the arrays."""
    arrays = [(position, value) for position, value in enumerate(inputs) if type(value) is not tuple]
    first, like = arrays[0]
    device = device_of(like)
    for position, value in arrays:
        if device_of(value) != device:
            message = f"argument {position} is on another device than argument {first}; all have to be in one place"
            raise DeviceError(message)
    assert device is not None
    copies = [value if type(value) is tuple else np.asarray(readable(value)) for value in inputs]
    return on_device(call, device), copies, like
