"""Arrays of NumPy, as the rest asks for them."""

from __future__ import annotations

import ctypes
from typing import Any, Hashable, Sequence

import numpy as np

from .._arrays import Queue
from .._call import compute
from .._kernel import BFLOAT, BOOL, COMPLEX, FLOAT, INT, UINT, Described
from .._solve import solve
from ..errors import DeviceError, DtypeError, StrideError

_CODES = {"i": INT, "u": UINT, "f": FLOAT, "c": COMPLEX, "b": BOOL}
_NAMES = {
    np.dtype(name): name
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
        "float64", "complex64", "complex128",
    )
}  # fmt: skip
#: NumPy has this dtype by the package ml_dtypes, which JAX and TensorFlow bring along.
_BFLOAT16 = "bfloat16"


class _ArrayInterface(ctypes.Structure):
    """PyArrayInterface of NumPy's array interface protocol, up to where the data is."""

    _fields_ = (
        ("two", ctypes.c_int),
        ("axes", ctypes.c_int),
        ("kind", ctypes.c_char),
        ("item_size", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
    )


# This way to an array's address takes a quarter of the time that `ctypes.data` and `__array_interface__` take.
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_data, _offset = ctypes.c_void_p, _ArrayInterface.data.offset


class NumPy:
    """Arrays of NumPy."""

    name = "numpy"

    @property
    def default_dtype(self) -> str:
        return "float64"

    def is_array(self, value: object) -> bool:
        return isinstance(value, (np.ndarray, np.generic))

    def dtype_of(self, value: Any) -> str:
        name = _NAMES.get(value.dtype)
        if name is None and value.dtype.name == _BFLOAT16:
            return _BFLOAT16
        if name is None:
            # Byte orders that are not the machine's are dtypes of their own.
            raise DtypeError(f"an array has dtype {value.dtype}; expected integers, bool, or real or complex numbers")
        return name

    def layout(self, value: Any) -> Hashable:
        return self.dtype_of(value), value.shape, value.strides

    def described(self, layout: Any) -> Described:
        name, shape, strides = layout
        dtype = np.dtype(name)
        size = dtype.itemsize
        if any(step % size for step in strides):
            message = f"an array of dtype {name} has strides of {strides} bytes; expected multiples of {size}"
            raise StrideError(message)
        code = BFLOAT if name == _BFLOAT16 else _CODES[dtype.kind]
        return Described(code, 8 * size, shape, tuple(step // size for step in strides), name)

    def address(self, value: Any) -> int:
        capsule = value.__array_struct__
        address: int | None = _data.from_address(_pointer(capsule, None) + _offset).value
        return address or 0

    def empty(self, shape: tuple[int, ...], dtype: str, like: Sequence[Any]) -> Any:
        return np.empty(shape, dtype)

    def numbers(self, values: tuple[float, ...], dtype: str, like: Sequence[Any]) -> Any:
        raise DeviceError("arrays of NumPy are on no device")

    def queue(self, device: int, size: int) -> Queue:
        raise DeviceError("arrays of NumPy are on no device")

    def without_axis(self, value: Any, axis: int) -> Any:
        return value.squeeze(axis)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        return value.reshape(shape)

    def rows(self, value: Any, places: Any) -> Any:
        return value[..., places, :]

    def compute(self, call: Any, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        return compute(self, call, inputs, out)

    def solve(self, system: Any, inputs: Sequence[Any]) -> Any:
        return solve(self, system, inputs)
