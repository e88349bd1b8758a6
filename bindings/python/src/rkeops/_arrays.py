"""What the rest asks of an array library: how arrays are described, made and computed with. NumPy's is here."""

from __future__ import annotations

import ctypes
from typing import Any, Hashable, Protocol, Sequence

import numpy as np

from ._kernel import BFLOAT, BOOL, COMPLEX, FLOAT, INT, UINT, Described
from .errors import DtypeError, StrideError

#: What is stored for the real parts of a dtype, and its complex numbers.
REAL = {"complex64": "float32", "complex128": "float64"}
COMPLEX_OF = {"float32": "complex64", "float64": "complex128"}


class Arrays(Protocol):
    """An array library."""

    #: The name that users know.
    name: str

    def __hash__(self) -> int:
        """Plans are remembered for each library."""

    @property
    def default_dtype(self) -> str:
        """The dtype of results of which no argument tells one."""

    def is_array(self, value: object) -> bool:
        """Whether a value is one of this library's arrays."""

    def dtype_of(self, value: Any) -> str:
        """The name of an array's dtype, such as "float32"."""

    def layout(self, value: Any) -> Hashable:
        """All that is known of an array but its entries and where they lie; equal layouts are described alike."""

    def described(self, layout: Any) -> Described:
        """How an array of this layout lies in memory."""

    def address(self, value: Any) -> int:
        """Where an array lies. The array has to be kept."""

    def empty(self, shape: tuple[int, ...], dtype: str, like: Sequence[Any]) -> Any:
        """A new array, on the device of others."""

    def without_axis(self, value: Any, axis: int) -> Any:
        """A view without an axis of one entry."""

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        """An array with the same entries in another shape, of which one extent may be -1, for what remains."""

    def rows(self, value: Any, places: Any) -> Any:
        """The rows of an array (..., rows, columns) at places that NumPy has in an array of one axis."""

    def compute(self, call: Any, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        """The results of a call on these arrays, with derivatives where the library has them."""

    def solve(self, system: Any, inputs: Sequence[Any]) -> Any:
        """The solution of a linear system."""


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

    def without_axis(self, value: Any, axis: int) -> Any:
        return value.squeeze(axis)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        return value.reshape(shape)

    def rows(self, value: Any, places: Any) -> Any:
        return value[..., places, :]

    def compute(self, call: Any, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        from ._call import compute

        return compute(self, call, inputs, out)

    def solve(self, system: Any, inputs: Sequence[Any]) -> Any:
        from ._solve import solve

        return solve(self, system, inputs)
