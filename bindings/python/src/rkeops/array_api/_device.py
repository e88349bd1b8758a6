"""Arrays on CUDA devices, of any library that has DLPack: they are read, and results are written, where they lie."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p
from functools import lru_cache
from typing import Any, Callable, Hashable, Sequence

from .. import _call, _cuda
from .._arrays import Queue
from .._call import Call
from .._kernel import CUDA, DTYPES, Described, compact
from ..errors import DeviceError, DtypeError
from ..numpy._arrays import NumPy

_BY_CODE = {facts: name for name, facts in DTYPES.items()}
#: The default stream, as DLPack names it.
_DEFAULT_STREAM = 1


class _Tensor(ctypes.Structure):
    """DLTensor, with which a DLManagedTensor begins."""

    _fields_ = (
        ("data", c_void_p),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("rank", c_int32),
        ("code", c_uint8),
        ("bits", c_uint8),
        ("lanes", c_uint16),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("offset", c_uint64),
    )


_pointer = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


class Lent:
    """The memory of an array, which its library lends for as long as this is kept."""

    __slots__ = ("array", "address", "layout", "_capsule")

    def __init__(self, array: Any, stream: int) -> None:
        """The array is ready to be used on that stream when it is lent."""
        try:
            if array.__dlpack_device__()[0] == CUDA:
                self._capsule = array.__dlpack__(stream=stream or _DEFAULT_STREAM)
            else:
                self._capsule = array.__dlpack__()
        except (BufferError, RuntimeError, TypeError) as error:
            raise DtypeError(f"an array is a {type(array).__name__} that is not lent by DLPack: {error}") from None
        tensor = _Tensor.from_address(_pointer(self._capsule, b"dltensor"))
        name = _BY_CODE.get((tensor.code, tensor.bits))
        if name is None or tensor.lanes != 1:
            raise DtypeError(f"an array has dtype {array.dtype}; expected integers, bool, or real or complex numbers")
        axes = range(tensor.rank)
        shape = tuple(tensor.shape[axis] for axis in axes)
        # Libraries may leave the strides of compact arrays out.
        strides = tuple(tensor.strides[axis] for axis in axes) if tensor.strides else None
        self.array, self.address = array, (tensor.data or 0) + tensor.offset
        self.layout = name, shape, strides, tensor.device_type, tensor.device_id


class OnDevice(NumPy):
    """Arrays that a library lends on CUDA devices."""

    def __init__(self, namespace: Any, default_dtype: str) -> None:
        self.namespace, self._default_dtype = namespace, default_dtype

    @property
    def default_dtype(self) -> str:
        return self._default_dtype

    def layout(self, value: Lent) -> Hashable:
        return value.layout

    def described(self, layout: Any) -> Described:
        name, shape, strides, device_type, device_id = layout
        if strides is None:
            strides = compact(shape, name, None).strides
        return Described(*DTYPES[name], shape, strides, name, device_type, device_id)

    def address(self, value: Lent) -> int:
        address: int = value.address
        return address

    def empty(self, shape: tuple[int, ...], dtype: str, like: Sequence[Any]) -> Lent:
        return self._made(self.namespace.empty, shape, dtype, like)

    def numbers(self, values: tuple[float, ...], dtype: str, like: Sequence[Any]) -> Lent:
        return self._made(self.namespace.asarray, list(values), dtype, like)

    def queue(self, device: int, size: int) -> Queue:
        return Queue(self.stream(device) or 0)

    def stream(self, device: int) -> int | None:
        """The stream on which the library queues at present, 0 for the default one; None if it is not known how to ask."""
        name = self.namespace.__name__
        if name == "torch":
            return int(self.namespace.cuda.current_stream(device).cuda_stream)
        if name == "cupy":
            return int(self.namespace.cuda.get_current_stream(device).ptr)
        return None

    def lent(self, array: Any) -> Lent:
        """An array, ready for the stream on which its device is used."""
        return Lent(array, self.stream(array.__dlpack_device__()[1]) or 0)

    def _made(self, make: Callable[..., Any], what: Any, dtype: str, like: Sequence[Any]) -> Lent:
        """A new array, on the device of others."""
        other = next(value for value in like if isinstance(value, Lent))
        options = {"dtype": getattr(self.namespace, dtype)}
        try:
            made = make(what, device=other.array.device, **options)
        except TypeError:
            # A library whose functions know no devices: it makes arrays on its current one.
            made = make(what, **options)
        lent = self.lent(made)
        if lent.layout[-2:] != other.layout[-2:]:
            name, where = self.namespace.__name__, self.described(other.layout).place
            raise DeviceError(f"the arrays are {where}, where {name} makes no new ones; make it the current device")
        return lent


#: The library for a module and the dtype of results that no argument tells; it is one object, so that plans are found again.
on_device: Callable[[Any, str], OnDevice] = lru_cache(None)(OnDevice)


def compute(library: OnDevice, call: Call, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The results of a call on arrays of which some are on CUDA devices, and numbers."""
    lent = [value if type(value) is tuple else library.lent(value) for value in inputs]
    results = _call.compute(library, call, lent)
    device = results[0].layout[-1]
    if library.stream(device) is None:
        # It does not know that it would have to wait for the default stream.
        _cuda.wait(device)
    return tuple(result.array for result in results)
