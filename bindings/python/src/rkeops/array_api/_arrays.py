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
    """NumPy's view of an array's memory."""
    if isinstance(array, (np.ndarray, np.generic)):
        return np.asarray(array)
    device = array.__dlpack_device__()[0]
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


def copied(array: Any) -> Any:
    """A copy of an array on a device as one of NumPy's."""
    return np.asarray(readable(array))


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
        if device_of(value) is None:
            return super().dtype_of(view(value))
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
        if device_of(value) is None:
            return of_numpy(library, super().rows(view(value), places))
        return value[..., copied_back(library, places, value), :]

    def compute(self, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        if out is not None:
            raise ArgumentError("out: results come in new arrays here, whatever the library; expected None")
        library, default_dtype = self._library(inputs)
        on_devices = _on_devices(inputs)
        if not on_devices:
            views = [value if type(value) is tuple else view(value) for value in inputs]
            return tuple(of_numpy(library, result) for result in host(default_dtype).compute(call, views))
        if library.__name__.partition(".")[0] not in _IMMUTABLE:
            return _device.compute(_device.on_device(library, default_dtype), call, inputs)
        call = on_device(call, on_devices[0][1])
        results = host(default_dtype).compute(call, _copies(inputs))
        return tuple(copied_back(library, result, on_devices[0][0]) for result in results)

    def solve(self, system: System, inputs: Sequence[Any]) -> Any:
        """The solution of a linear system. Arrays on a CUDA device are copied to ordinary memory, and the solution back: there
        is no solver on devices yet, but its products with the matrix are computed there.
        """
        library, default_dtype = self._library(inputs)
        on_devices = _on_devices(inputs)
        if not on_devices:
            views = [value if type(value) is tuple else view(value) for value in inputs]
            return of_numpy(library, host(default_dtype).solve(system, views))
        system = system._replace(call=on_device(system.call, on_devices[0][1]))
        return copied_back(library, host(default_dtype).solve(system, _copies(inputs)), on_devices[0][0])

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


def _on_devices(inputs: Sequence[Any]) -> list[tuple[Any, int]]:
    """The arrays that are on CUDA devices, and the numbers of these."""
    found = [(value, device_of(value)) for value in inputs if type(value) is not tuple]
    return [(value, number) for value, number in found if number is not None]


def _copies(inputs: Sequence[Any]) -> list[Any]:
    """The numbers and the arrays of a call, these in ordinary memory."""
    arrays = (value if type(value) is tuple or device_of(value) is None else copied(value) for value in inputs)
    return [value if type(value) is tuple else view(value) for value in arrays]
