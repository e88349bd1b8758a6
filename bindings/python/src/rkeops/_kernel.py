"""Compiled kernels, and how arrays are described to them."""

from __future__ import annotations

import ctypes
import os
from array import array
from ctypes import c_int32, c_int64, c_size_t
from functools import lru_cache
from math import prod
from typing import Any, Callable, NamedTuple, Sequence

from . import _cuda
from ._formula import PARAMETER, Reduction, inputs_of
from ._library import LIBRARY, Options, check, number, pointers, produced, text_of

#: The dtype codes of DLPack, which the library uses.
INT, UINT, FLOAT, BFLOAT, COMPLEX, BOOL = 0, 1, 2, 4, 5, 6
#: Its device types.
CPU, CUDA = 1, 2

#: The code and the bits of dtypes, by their names.
DTYPES = {
    **{f"int{bits}": (INT, bits) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (UINT, bits) for bits in (8, 16, 32, 64)},
    **{f"float{bits}": (FLOAT, bits) for bits in (16, 32, 64)},
    **{"bool": (BOOL, 8), "bfloat16": (BFLOAT, 16), "complex64": (COMPLEX, 64), "complex128": (COMPLEX, 128)},
}

#: Ways of adding, by KeOps' names.
SUMMATIONS = {"auto": 0, "direct_sum": 1, "block_sum": 2, "kahan_scheme": 3}
#: Targets, by the names of RKEOPS_TARGET.
TARGETS = {"auto": 0, "portable": 1, "avx2": 2, "avx512": 3, "cuda": 4}
#: As "auto", but only for arrays in ordinary memory: for those on a device an error is wanted. The library does not know it.
ON_CPU = -1
#: In place of the number of a device: all of them.
ALL_DEVICES = -1


class Described(NamedTuple):
    """How an array lies in memory and what it holds: the fields of rkeops_array but its address."""

    code: int
    bits: int
    shape: Sequence[int]
    strides: Sequence[int]
    #: The name of the dtype.
    dtype: str
    device_type: int = CPU
    device_id: int = 0

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return "in ordinary memory" if self.device_type == CPU else f"on CUDA device {self.device_id}"


def compact(shape: Sequence[int], dtype: str, device: int | None) -> Described:
    """A new array: row-major, on a CUDA device if one is told."""
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    where = (CPU, 0) if device is None else (CUDA, device)
    return Described(*DTYPES[dtype], shape, strides, dtype, *where)


class Compilation(NamedTuple):
    """The options of a compilation, and where it computes."""

    bits: int = 32
    accumulator_bits: int = 0
    summation: int = 0
    target: int = 0
    #: The CUDA device that arrays in ordinary memory are copied to, or ALL_DEVICES. It matters to runs alone, as kernels are for all devices.
    device: int = 0
    #: 1 if factors on tensor cores may be rounded to TF32: a number, as graphs that are stored keep all of this as numbers.
    allow_tf32: int = 0


class Output(NamedTuple):
    """What a kernel writes: columns and the dtype of an element."""

    dim: int
    code: int
    bits: int


def options_of(compilation: Compilation) -> Options:
    """The options as the library reads them."""
    options = Options(size=ctypes.sizeof(Options))
    options.dtype_bits, options.accumulator_bits = compilation.bits, compilation.accumulator_bits
    options.summation, options.target = compilation.summation, max(compilation.target, TARGETS["auto"])
    options.allow_tf32 = compilation.allow_tf32
    if TARGETS["cuda"] in (compilation.target, TARGETS.get(os.environ.get("RKEOPS_TARGET", ""))):
        _cuda.prepare()
    return options


class Kernel:
    """One or several reductions over one index, compiled into one pass."""

    __slots__ = ("handle", "axis", "inputs", "outputs", "operations")

    def __init__(self, reductions: tuple[Reduction, ...], compilation: Compilation) -> None:
        handles = pointers(tuple(reduction.handle for reduction in reductions))
        options = options_of(compilation)
        self.handle = produced(LIBRARY.rkeops_kernel_compile, handles, len(reductions), options)
        #: The index that is reduced, 0 for i and 1 for j.
        self.axis = reductions[0].axis
        #: The dimension and the category of each input.
        self.inputs = inputs_of(self.handle)
        count = number(LIBRARY.rkeops_kernel_output_count, c_size_t, self.handle)
        self.outputs = [self._output(k) for k in range(count)]
        #: Operations for each pair.
        self.operations = number(LIBRARY.rkeops_kernel_operations, c_int64, self.handle)

    def __del__(self, free: Any = LIBRARY.rkeops_kernel_free) -> None:
        if hasattr(self, "handle"):
            free(self.handle)

    def _output(self, position: int) -> Output:
        dim, code, bits = c_int64(), c_int32(), c_int32()
        check(LIBRARY.rkeops_kernel_output(self.handle, position, dim, code, bits))
        return Output(dim.value, code.value, bits.value)

    def explain(self) -> str:
        """How the kernel works, in words."""
        return text_of(LIBRARY.rkeops_kernel_explain, self.handle)

    def work(self, inputs: Sequence[Sequence[int]], batch: Sequence[int]) -> int:
        """About how many lane operations a run on inputs of these shapes takes. That they fit is for the library to say."""
        rows = [1, 1]
        for (_, category), shape in zip(self.inputs, inputs):
            if category != PARAMETER and shape:
                rows[category] = shape[-2:][0]
        return self.operations * prod([*rows, *batch])


#: The bytes of a struct rkeops_array, which is six words.
STRUCT = 48


class Structs:
    """The structs rkeops_array of some arrays, without their addresses."""

    __slots__ = ("words", "extents")

    def __init__(self, arrays: Sequence[Described]) -> None:
        numbers: list[int] = []
        for described in arrays:
            numbers += described.shape
            numbers += described.strides
        #: The extents and strides that the structs refer to.
        self.extents = array("q", numbers)
        place = self.extents.buffer_info()[0]
        words: list[int] = []
        for code, bits, shape, _, _, device_type, device_id in arrays:
            rank = len(shape)
            words += (0, code | bits << 32, device_type | device_id << 32, rank, place, place + 8 * rank)
            place += 16 * rank
        self.words = array("q", words)

    def at(self, addresses: Sequence[int]) -> array[int]:
        """The structs of arrays at these addresses. Theirs are good while this is alive."""
        words = self.words[:]
        words[::6] = array("q", addresses)
        return words


#: The kernel of some reductions and options. The library has a cache of its own; this one spares the way to it.
kernel: Callable[[tuple[Reduction, ...], Compilation], Kernel] = lru_cache(1024)(Kernel)
