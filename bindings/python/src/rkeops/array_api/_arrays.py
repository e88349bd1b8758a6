"""Arrays of any library that has DLPack, as the rest asks for them."""

from __future__ import annotations

import sys
from typing import Any, Sequence

import numpy as np

from .._call import Call
from .._host import Host, host
from .._solve import System
from ..errors import ArgumentError, DeviceError, DtypeError
from ..numpy._arrays import NumPy

#: The devices of DLPack whose memory the processor reads: its own, and what CUDA, ROCm and oneAPI share with it.
_ON_HOST = frozenset({1, 3, 11, 13})


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
        raise DeviceError(f"an array is on device {int(device)} of DLPack; this library computes on the CPU")
    try:
        try:
            return np.from_dlpack(array)
        except (BufferError, RuntimeError):
            # NumPy before 2.1 takes no memory that is only for reading by this way, and none takes bfloat16.
            return np.asarray(array)
    except (BufferError, RuntimeError, TypeError) as error:
        raise DtypeError(f"an array is a {_name(array)} that NumPy cannot read: {error}") from None


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
        return super().dtype_of(view(value))

    def without_axis(self, value: Any, axis: int) -> Any:
        return library_of(value).squeeze(value, axis)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        return library_of(value).reshape(value, shape)

    def rows(self, value: Any, places: Any) -> Any:
        return of_numpy(library_of(value), super().rows(view(value), places))

    def compute(self, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        if out is not None:
            raise ArgumentError("out: results come in new arrays here, whatever the library; expected None")
        library, computes, views = self._viewed(inputs)
        return tuple(of_numpy(library, result) for result in computes.compute(call, views))

    def solve(self, system: System, inputs: Sequence[Any]) -> Any:
        library, computes, views = self._viewed(inputs)
        return of_numpy(library, computes.solve(system, views))

    def _viewed(self, inputs: Sequence[Any]) -> tuple[Any, Host, list[Any]]:
        """The library of some arrays, what computes for it, and the arrays as NumPy's."""
        libraries = [library_of(value) for value in inputs if type(value) is not tuple] or [np]
        first = libraries[0]
        for other in libraries:
            if other is not first:
                raise ArgumentError(f"arrays of {first.__name__} and of {other.__name__} do not go together")
        default_dtype = str(first.empty(0).dtype).rpartition(".")[2]
        views = [value if type(value) is tuple else view(value) for value in inputs]
        return first, host(default_dtype), views
