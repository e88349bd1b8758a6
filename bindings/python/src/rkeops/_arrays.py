"""What the rest asks of an array library: how arrays are described, made and computed with. NumPy's is here."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Any, Protocol, Sequence

import numpy as np

from ._kernel import BOOL, COMPLEX, FLOAT, INT, UINT, Described
from .errors import DtypeError, StrideError

#: What is stored for the real parts of a dtype, and its complex numbers.
REAL = {"complex64": "float32", "complex128": "float64"}
COMPLEX_OF = {"float32": "complex64", "float64": "complex128"}


class Arrays(Protocol):
    """An array library."""

    #: The name that users know.
    name: str

    @property
    def default_dtype(self) -> str:
        """The dtype of results of which no argument tells one."""

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


def _known(name: str) -> tuple[str, int, int, int]:
    """The name, the code, the bits and the bytes of a dtype."""
    dtype = np.dtype(name)
    return name, _CODES[dtype.kind], 8 * dtype.itemsize, dtype.itemsize


_DTYPES = {
    np.dtype(name): _known(name)
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
        "float64", "complex64", "complex128",
    )
}  # fmt: skip


@lru_cache(4096)
def _steps(strides: tuple[int, ...], size: int) -> tuple[int, ...] | None:
    """Strides in elements, where they are whole ones."""
    return None if any(step % size for step in strides) else tuple(step // size for step in strides)


def _facts(value: Any) -> tuple[str, int, int, int]:
    """What is known of an array's dtype. Byte orders that are not the machine's are dtypes of their own."""
    facts = _DTYPES.get(value.dtype)
    if facts is None:
        raise DtypeError(f"an array has dtype {value.dtype}; expected integers, bool, or real or complex numbers")
    return facts


class NumPy:
    """Arrays of NumPy."""

    name = "numpy"

    @property
    def default_dtype(self) -> str:
        return "float64"

    def is_array(self, value: object) -> bool:
        return isinstance(value, (np.ndarray, np.generic))

    def dtype_of(self, value: Any) -> str:
        return _facts(value)[0]

    def describe(self, value: Any) -> Described:
        name, code, bits, size = _facts(value)
        steps = _steps(value.strides, size)
        if steps is None or not value.flags.aligned:
            raise StrideError(f"an array of dtype {name} is not aligned to its elements; np.copy makes one that is")
        return Described(value.__array_interface__["data"][0], code, bits, value.shape, steps, name)

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
    return Described(held.buffer_info()[0], FLOAT, bits, (len(held),), (1,), f"float{bits}"), held
