"""What the rest asks of an array library: how arrays are described, made and computed with. NumPy's is here."""

from __future__ import annotations

from array import array
from typing import Any, Protocol, Sequence

import numpy as np

from ._kernel import BOOL, COMPLEX, FLOAT, INT, UINT, Described
from .errors import DtypeError

#: What is stored for the real parts of a dtype, and its complex numbers.
REAL = {"complex64": "float32", "complex128": "float64"}
COMPLEX_OF = {"float32": "complex64", "float64": "complex128"}


class Arrays(Protocol):
    """An array library."""

    #: The name that users know.
    name: str
    #: The dtype of results of which no argument tells one.
    default_dtype: str

    def is_array(self, value: object) -> bool:
        """Whether a value is one of this library's arrays."""

    def dtype_of(self, value: Any) -> str:
        """The name of an array's dtype, such as "float32"."""

    def describe(self, value: Any) -> Described:
        """Where an array lies. The array has to be kept."""

    def empty(self, shape: tuple[int, ...], dtype: str, like: Sequence[Any]) -> Any:
        """A new array, on the device of others."""

    def without_axis(self, value: Any, axis: int) -> Any:
        """A view without an axis of one entry."""

    def compute(self, call: Any, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        """The results of a call on these arrays, with derivatives where the library has them."""

    def solve(self, system: Any, inputs: Sequence[Any]) -> Any:
        """The solution of a linear system."""


_CODES = {"i": INT, "u": UINT, "f": FLOAT, "c": COMPLEX, "b": BOOL}


class NumPy:
    """Arrays of NumPy."""

    name = "numpy"
    default_dtype = "float64"

    def is_array(self, value: object) -> bool:
        return isinstance(value, (np.ndarray, np.generic))

    def dtype_of(self, value: Any) -> str:
        return str(value.dtype.name)

    def describe(self, value: Any) -> Described:
        dtype = value.dtype
        size = dtype.itemsize
        strides = value.strides
        if not dtype.isnative or any(step % size for step in strides):
            raise DtypeError(f"an array has {dtype!r} elements that are not native or not aligned to their size")
        code = _CODES.get(dtype.kind)
        if code is None:
            raise DtypeError(f"an array has dtype {dtype.name}; expected integers, bool, or real or complex numbers")
        address: int = value.__array_interface__["data"][0]
        return Described(address, code, 8 * size, value.shape, [step // size for step in strides])

    def empty(self, shape: tuple[int, ...], dtype: str, like: Sequence[Any]) -> Any:
        return np.empty(shape, dtype)

    def without_axis(self, value: Any, axis: int) -> Any:
        return value.squeeze(axis)

    def compute(self, call: Any, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        from ._call import compute

        return compute(self, call, inputs, out)

    def solve(self, system: Any, inputs: Sequence[Any]) -> Any:
        from ._solve import solve

        return solve(self, system, inputs)


def numbers(values: Sequence[float], bits: int) -> tuple[Described, Any]:
    """A parameter of Python's numbers, and what holds it."""
    held = array("f" if bits == 32 else "d", values)
    return Described(held.buffer_info()[0], FLOAT, bits, (len(held),), (1,)), held
