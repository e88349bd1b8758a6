"""What the rest asks of an array library: how arrays are described, made and computed with."""

from __future__ import annotations

from typing import Any, Hashable, NamedTuple, Protocol, Sequence

from ._kernel import Described

#: What is stored for the real parts of a dtype, and its complex numbers.
REAL = {"complex64": "float32", "complex128": "float64"}
COMPLEX_OF = {"float32": "complex64", "float64": "complex128"}


def readable(values: Any) -> Any:
    """What NumPy can read: arrays of PyTorch and CuPy on a device, which make no copies without being asked, are copied."""
    if hasattr(values, "cpu"):
        return values.cpu()
    return values.get() if hasattr(values, "__cuda_array_interface__") and hasattr(values, "get") else values


class Queue(NamedTuple):
    """Where a run on a CUDA device is queued."""

    #: The stream, 0 for the default one.
    stream: int = 0
    #: The address of memory to work in, which is free again in the order of the stream; 0 leaves it to the library.
    workspace: int = 0
    #: What has to be kept until the run is queued.
    held: Any = None


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

    def numbers(self, values: tuple[float, ...], dtype: str, like: Sequence[Any]) -> Any:
        """An array of numbers, on the CUDA device of others."""

    def queue(self, device: int, size: int) -> Queue:
        """Where a run on a CUDA device is queued that works in so many bytes."""

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
