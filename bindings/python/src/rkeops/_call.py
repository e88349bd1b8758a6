"""A call: reductions over one index, how they are compiled, and on which blocks of pairs they run."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence, cast

import numpy as np

from ._arrays import COMPLEX_OF, REAL, Arrays, numbers
from ._formula import PARAMETER, Reduction
from ._kernel import COMPLEX, INT, Compilation, Described, Kernel, kernel
from ._ranges import Ranges
from .errors import ArgumentError, ShapeError

#: Dtypes that results may have, from the widest; what is narrower than float32 is computed in float32.
_FLOATING = ("float64", "float32", "bfloat16", "float16")


class Call(NamedTuple):
    """What is computed of some arrays."""

    reductions: tuple[Reduction, ...]
    compilation: Compilation = Compilation()
    ranges: Ranges | None = None


class Prepared(NamedTuple):
    """A call whose arrays are known: the kernel, what it reads, and what it writes."""

    kernel: Kernel
    inputs: list[Described]
    held: list[Any]
    #: The shape of each output and its dtype.
    outputs: list[tuple[tuple[int, ...], str]]


def real_dtype(library: Arrays, found: set[str]) -> str:
    """The dtype of results: the widest one of floating-point arrays. Where there is none, the library's own."""
    if len(found) == 1:
        (only,) = found
        if only in _FLOATING:
            return only
    found = {REAL.get(dtype, dtype) for dtype in found}
    floating = [dtype for dtype in _FLOATING if dtype in found]
    if floating[-2:] == ["bfloat16", "float16"]:
        return floating[0] if len(floating) > 2 else "float32"
    return floating[0] if floating else library.default_dtype


def compiled(library: Arrays, call: Call, found: set[str]) -> tuple[Kernel, str]:
    """The kernel of a call for arrays of these dtypes, and the dtype of its results."""
    dtype = real_dtype(library, found)
    return kernel(call.reductions, call.compilation._replace(bits=64 if dtype == "float64" else 32)), dtype


def prepare(library: Arrays, call: Call, inputs: Sequence[Any]) -> Prepared:
    """Compiles a call for arrays, or numbers, and tells what its results will be."""
    described = [None if isinstance(value, tuple) else library.describe(value) for value in inputs]
    computes, dtype = compiled(library, call, {array.dtype for array in described if array is not None})
    bits = 64 if dtype == "float64" else 32
    held: list[Any] = []
    for k, value in enumerate(inputs):
        if isinstance(value, tuple):
            described[k], memory = numbers(value, bits)
            held.append(memory)
    arrays = cast("list[Described]", described)
    batch, rows = sizes(computes, arrays)
    outputs = []
    for output in computes.outputs:
        stored = "int64" if output.code == INT else COMPLEX_OF.get(dtype, "complex64") if output.code == COMPLEX else dtype
        outputs.append(((*batch, rows, output.dim), stored))
    return Prepared(computes, arrays, held, outputs)


def sizes(computes: Kernel, described: Sequence[Described]) -> tuple[tuple[int, ...], int]:
    """The batch of a call, and the rows of its results. That arrays fit together otherwise is for the library to say."""
    batches, rows = [], 1
    for (_, category), array in zip(computes.inputs, described):
        inner = 1 if category == PARAMETER else 2
        shape = tuple(array.shape)
        if len(shape) > inner:
            batches.append(shape[:-inner])
        if category == 1 - computes.axis and shape:
            # The axis of one column may be left out where there is no batch.
            rows = shape[-2:][0]
    if not batches:
        return (), rows
    try:
        return tuple(np.broadcast_shapes(*batches)), rows
    except ValueError:
        shown = ", ".join(map(str, batches))
        raise ShapeError(f"the axes of the batch do not fit together: {shown}") from None


def compute(library: Arrays, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """The results of a call on arrays, in new ones or in those of the caller."""
    prepared = prepare(library, call, inputs)
    if out is None:
        out = [library.empty(shape, dtype, inputs) for shape, dtype in prepared.outputs]
    else:
        _check(library, out, prepared)
    described = [library.describe(array) for array in out]
    prepared.kernel.run(prepared.inputs, described, call.ranges.handle if call.ranges else None)
    return tuple(out)


def _check(library: Arrays, out: Sequence[Any], prepared: Prepared) -> None:
    """An error if an array cannot take a result."""
    if len(out) != len(prepared.outputs):
        raise ArgumentError(f"out has {len(out)} arrays; expected {len(prepared.outputs)}")
    for array, (shape, dtype) in zip(out, prepared.outputs):
        if tuple(array.shape) != shape or library.dtype_of(array) != dtype:
            came = f"shape {tuple(array.shape)} and dtype {library.dtype_of(array)}"
            raise ShapeError(f"out has {came}; expected shape {shape} and dtype {dtype}")
