"""A call: reductions over one index, how they are compiled, and on which blocks of pairs they run."""

from __future__ import annotations

import ctypes
from array import array
from functools import lru_cache, partial
from typing import Any, Callable, NamedTuple, Sequence

import numpy as np

from . import _cuda, _progress
from ._arrays import COMPLEX_OF, REAL, Arrays
from ._formula import PARAMETER, Reduction
from ._kernel import (
    ALL_DEVICES, COMPLEX, CPU, INT, ON_CPU, STRUCT, TARGETS, Compilation, Described, Kernel, Structs, compact, kernel,
)  # fmt: skip
from ._library import LIBRARY, Options, check, number
from ._ranges import Ranges
from .errors import ArgumentError, DeviceError, ShapeError

#: Dtypes that results may have, from the widest; what is narrower than float32 is computed in float32.
_FLOATING = ("float64", "float32", "bfloat16", "float16")


class Call(NamedTuple):
    """What is computed of some arrays."""

    reductions: tuple[Reduction, ...]
    compilation: Compilation = Compilation()
    ranges: Ranges | None = None


class Plan(NamedTuple):
    """What a call of arrays of some layouts takes: it is made once for all calls whose arrays are alike."""

    kernel: Kernel
    structs: Structs
    #: The positions of numbers among the inputs.
    numbers: tuple[int, ...]
    #: The bits of the numbers with which it computes.
    bits: int
    #: The shape of each output and its dtype.
    outputs: tuple[tuple[tuple[int, ...], str], ...]
    #: About how many lane operations a run takes.
    work: int
    #: The CUDA device of all arrays; None where they are in ordinary memory.
    device: int | None
    #: The bytes that a run on all pairs works in on that device: one number, once it is known.
    workspace: list[int]

    def words(self, library: Arrays, inputs: Sequence[Any], out: Sequence[Any]) -> tuple[Any, list[Any]]:
        """The structs of these arrays, and what has to be kept with them and with the arrays."""
        held = []
        if self.numbers:
            given, inputs = [*inputs, *out], list(inputs)
            for position in self.numbers:
                if self.device is None:
                    held.append(_memory(inputs[position], self.bits))
                    inputs[position] = held[-1].buffer_info()[0]
                else:
                    inputs[position] = library.numbers(inputs[position], f"float{self.bits}", given)
                    held.append(inputs[position])
        address = library.address
        addresses = [value if type(value) is int else address(value) for value in inputs]
        return self.structs.at([*addresses, *map(address, out)]), held


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
    compilation = call.compilation._replace(bits=64 if dtype == "float64" else 32, device=0)
    return kernel(call.reductions, compilation), dtype


def outputs_of(
    computes: Kernel, inputs: Sequence[Sequence[int]], dtype: str, broadcast: Callable[..., Any] = np.broadcast_shapes
) -> tuple[tuple[tuple[int, ...], str], ...]:
    """The shape and the dtype of each result, for inputs of these shapes. That they fit is for the library to say."""
    batches, rows = [], 1
    for (_, category), shape in zip(computes.inputs, inputs):
        inner = 1 if category == PARAMETER else 2
        if len(shape) > inner:
            batches.append(tuple(shape[:-inner]))
        if category == 1 - computes.axis and shape:
            # The axis of one column may be left out where there is no batch.
            rows = shape[-2:][0]
    try:
        batch = tuple(broadcast(*batches)) if batches else ()
    except (ValueError, RuntimeError):
        shown = ", ".join(map(str, batches))
        raise ShapeError(f"the axes of the batch do not fit together: {shown}") from None
    dtypes = {INT: "int64", COMPLEX: COMPLEX_OF.get(dtype, "complex64")}
    return tuple(((*batch, rows, output.dim), dtypes.get(output.code, dtype)) for output in computes.outputs)


@lru_cache(4096)
def _memory(values: tuple[float, ...], bits: int) -> Any:
    """Numbers in memory, for reading."""
    return array("f" if bits == 32 else "d", values)


@lru_cache(4096)
def _plan(
    library: Arrays,
    reductions: tuple[Reduction, ...],
    compilation: Compilation,
    inputs: tuple[Any, ...],
    out: tuple[Any, ...] | None,
    default_dtype: str,
) -> Plan:
    """The plan for inputs of these layouts, or of so many numbers, and for outputs of these, or new ones. The default dtype is
    the library's, which a program may change.
    """
    numbers = tuple(position for position, layout in enumerate(inputs) if isinstance(layout, int))
    arrays = {k: library.described(layout) for k, layout in enumerate(inputs) if k not in numbers}
    computes, dtype = compiled(library, Call(reductions, compilation), {one.dtype for one in arrays.values()})
    bits = 64 if dtype == "float64" else 32
    given = [] if out is None else [library.described(layout) for layout in out]
    named = [(f"argument {position}", one) for position, one in arrays.items()]
    device = _device(named + [(f"output {position}", one) for position, one in enumerate(given)], compilation)
    for position in numbers:
        arrays[position] = compact((inputs[position],), f"float{bits}", device)
    described = [arrays[position] for position in range(len(inputs))]
    shapes = [array.shape for array in described]
    outputs = outputs_of(computes, shapes, dtype)
    if out is not None:
        _check(given, outputs)
    written = [compact(shape, stored, device) for shape, stored in outputs] if out is None else given
    work = computes.work(shapes, outputs[0][0][:-2])
    return Plan(computes, Structs([*described, *written]), numbers, bits, outputs, work, device, [])


def _device(arrays: Sequence[tuple[str, Described]], compilation: Compilation) -> int | None:
    """The CUDA device of all arrays of a call, each with its name; None where they are in ordinary memory."""
    if not arrays:
        return None
    first_name, first = arrays[0]
    for name, other in arrays:
        if other[-2:] != first[-2:]:
            raise DeviceError(f"{name} is {other.place}, but {first_name} is {first.place}; all have to be in one place")
    if first.device_type == CPU:
        return None
    _check_target(compilation, first.device_id)
    _cuda.prepare()
    return first.device_id


def _check_target(compilation: Compilation, device: int) -> None:
    """An error if arrays of a CUDA device are not to be computed with on it."""
    target = compilation.target
    if compilation.device == ALL_DEVICES:
        raise DeviceError(f"device_id is 'all', but the arrays are on CUDA device {device}, where they are computed with")
    if target not in (TARGETS["auto"], TARGETS["cuda"]):
        backend = "CPU" if target == ON_CPU else next(name for name, known in TARGETS.items() if known == target)
        raise DeviceError(f"backend is {backend!r}, but the arrays are on CUDA device {device}; expected 'auto' or 'GPU'")


def on_device(call: Call, device: int) -> Call:
    """A call of arrays on a CUDA device for copies of them in ordinary memory: it is computed on that device."""
    _check_target(call.compilation, device)
    return call._replace(compilation=call.compilation._replace(target=TARGETS["cuda"], device=device))


def plan(library: Arrays, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> Plan:
    """The plan of a call for arrays, or tuples of numbers."""
    layout = library.layout
    layouts = tuple([len(value) if type(value) is tuple else layout(value) for value in inputs])
    written = None if out is None else tuple(map(layout, out))
    return _plan(library, call.reductions, call.compilation, layouts, written, library.default_dtype)


def compute(library: Arrays, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """The results of a call on arrays, in new ones or in those of the caller."""
    made = plan(library, call, inputs, out)
    if out is None:
        out = [library.empty(shape, dtype, inputs) for shape, dtype in made.outputs]
    words, _held = made.words(library, inputs, out)
    address, count = words.buffer_info()[0], len(inputs)
    arrays = (made.kernel.handle, address, count, address + STRUCT * count, len(out))
    if made.device is None:
        _progress.run(partial(LIBRARY.rkeops_kernel_run, *arrays), run_fields(call), made.work)
    else:
        _queue(library, call, made, arrays)
    return tuple(out)


def run_fields(call: Call) -> dict[str, Any]:
    """The fields of the options of a run that a call tells."""
    fields: dict[str, Any] = {}
    if call.ranges is not None:
        fields["ranges"] = call.ranges.handle
    if call.compilation.device:
        fields["device"] = call.compilation.device
    return fields


def _queue(library: Arrays, call: Call, made: Plan, arrays: tuple[Any, ...]) -> None:
    """Queues a run on arrays of a CUDA device."""
    assert made.device is not None
    options = Options(size=ctypes.sizeof(Options), **run_fields(call))
    if call.ranges is None and made.workspace:
        size = made.workspace[0]
    else:
        size = number(LIBRARY.rkeops_kernel_workspace, ctypes.c_size_t, *arrays, ctypes.addressof(options))
        if call.ranges is None:
            made.workspace.append(size)
    queue = library.queue(made.device, size)
    options.stream = queue.stream
    if queue.workspace:
        options.workspace, options.workspace_bytes = queue.workspace, size
    check(LIBRARY.rkeops_kernel_run(*arrays, ctypes.addressof(options)))


def _check(out: Sequence[Described], expected: Sequence[tuple[tuple[int, ...], str]]) -> None:
    """An error if an array cannot take a result."""
    if len(out) != len(expected):
        raise ArgumentError(f"out has {len(out)} arrays; expected {len(expected)}")
    for array, (shape, dtype) in zip(out, expected):
        if tuple(array.shape) != shape or array.dtype != dtype:
            came = f"shape {tuple(array.shape)} and dtype {array.dtype}"
            raise ShapeError(f"out has {came}; expected shape {shape} and dtype {dtype}")
