"""The options of KeOps: what they mean here, and which of them mean nothing; and one more, `allow_tf32`."""

from __future__ import annotations

from typing import Any, NamedTuple

from ._kernel import ALL_DEVICES, ON_CPU, SUMMATIONS, TARGETS, Compilation
from ._ranges import Ranges
from .errors import ArgumentError

_told: set[str] = set()

#: Options of KeOps that have no meaning here.
_IGNORED = frozenset({
    "enable_chunks", "use_fast_math", "rec_multVar_highdim", "optional_flags", "cuda_type",
})  # fmt: skip
#: The target of each backend: those of the library, and KeOps' names. What is on a device is computed there by "auto", too.
_BACKENDS = {
    **TARGETS,
    **dict.fromkeys(["CPU", "CPU_1D", "CPU_2D"], ON_CPU),
    **dict.fromkeys(["GPU", "GPU_1D", "GPU_2D"], TARGETS["cuda"]),
    **dict.fromkeys(["GPU_1D_device", "GPU_1D_host", "GPU_2D_device", "GPU_2D_host"], TARGETS["cuda"]),
}
_BITS = {"auto": 0, None: 0, "float32": 32, "float": 32, "float64": 64, "double": 64}


def tell_ignored(name: str) -> None:
    """Logs, once, that something of KeOps is accepted and ignored."""
    if name not in _told:
        # Not needed by most programs, and so no part of what importing the package takes.
        import logging

        _told.add(name)
        logging.getLogger("rkeops").debug("%s has no meaning here and is ignored", name)


class Options(NamedTuple):
    """What calls are made with."""

    compilation: Compilation = Compilation()
    ranges: Ranges | None = None
    out: Any = None

    def changed(self, **options: Any) -> Options:
        """The same with some of them given anew."""
        if not options:
            return self
        new = of(**options)
        pairs = zip(self.compilation, new.compilation, Compilation())
        compilation = Compilation(*(old if value == default else value for old, value, default in pairs))
        ranges = self.ranges if new.ranges is None else new.ranges
        return Options(compilation, ranges, self.out if new.out is None else new.out)


def of(
    ranges: Any = None,
    out: Any = None,
    backend: str | None = None,
    dtype_acc: str | None = "auto",
    use_double_acc: bool = False,
    allow_tf32: bool = False,
    sum_scheme: str = "auto",
    device_id: int | str | None = -1,
    **others: Any,
) -> Options:
    """Options by KeOps' names."""
    given = (backend or "auto", dtype_acc, use_double_acc, sum_scheme, -1 if device_id is None else device_id)
    chosen = given != ("auto", "auto", False, "auto", -1) or allow_tf32 is not False
    if not (chosen or others) and ranges is None and out is None:
        return _PLAIN
    for name in others:
        if name not in _IGNORED:
            raise TypeError(f"unexpected option {name!r}; known: {', '.join(sorted(_KNOWN))}")
        tell_ignored(name)
    if sum_scheme not in SUMMATIONS:
        raise ArgumentError(f"sum_scheme is {sum_scheme!r}; expected one of {', '.join(SUMMATIONS)}")
    if use_double_acc and dtype_acc not in ("auto", None):
        raise ArgumentError(f"dtype_acc is {dtype_acc!r} and use_double_acc is true; expected one of them")
    if dtype_acc not in _BITS:
        raise ArgumentError(f"dtype_acc is {dtype_acc!r}; expected 'auto', 'float32' or 'float64'")
    if not isinstance(allow_tf32, bool):
        raise ArgumentError(f"allow_tf32 is {allow_tf32!r}; expected True or False")
    compilation = Compilation(
        accumulator_bits=64 if use_double_acc else _BITS[dtype_acc],
        summation=SUMMATIONS[sum_scheme],
        target=_target(backend),
        device=_device(device_id),
        allow_tf32=int(allow_tf32),
    )
    if ranges is not None and not isinstance(ranges, Ranges):
        ranges = Ranges(ranges)
    if out is not None and not isinstance(out, (list, tuple)):
        out = (out,)
    return Options(compilation, ranges, out)


_PLAIN = Options()
_KNOWN = _IGNORED | {"ranges", "out", "backend", "dtype_acc", "use_double_acc", "sum_scheme", "device_id", "allow_tf32"}


def _target(backend: str | None) -> int:
    target = _BACKENDS.get(backend or "auto")
    if target is None:
        raise ArgumentError(f"backend is {backend!r}; expected one of {', '.join(_BACKENDS)}")
    return target


def _device(device_id: int | str | None) -> int:
    """The number of a device, or that of all; KeOps has a negative one for the first."""
    if device_id is None:
        return 0
    if device_id == "all":
        return ALL_DEVICES
    if not isinstance(device_id, int) or device_id >= 1 << 31:
        raise ArgumentError(f"device_id is {device_id!r}; expected the number of a CUDA device, or 'all'")
    return max(device_id, 0)
