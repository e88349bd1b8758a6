"""The dense kernel matrices that programs compare with, for any array library that has NumPy's functions."""

from __future__ import annotations

from typing import Any, Callable

from rkeops.errors import ArgumentError

_Function = Callable[[Any, Any], Any]

#: Each kernel as a function of the squared distance in units of the scale: its value, its logarithm and its derivative.
_KERNELS: dict[str, tuple[_Function, _Function, _Function]] = {
    "gaussian": (
        lambda lib, q: lib.exp(-q),
        lambda lib, q: -q,
        lambda lib, q: -lib.exp(-q),
    ),
    "laplacian": (
        lambda lib, q: lib.exp(-lib.sqrt(q)),
        lambda lib, q: -lib.sqrt(q),
        lambda lib, q: -lib.exp(-lib.sqrt(q)) / (2 * lib.sqrt(q)),
    ),
    "cauchy": (
        lambda lib, q: 1 / (1 + q),
        lambda lib, q: -lib.log1p(q),
        lambda lib, q: -1 / (1 + q) ** 2,
    ),
    "inverse_multiquadric": (
        lambda lib, q: 1 / lib.sqrt(1 + q),
        lambda lib, q: -lib.log1p(q) / 2,
        lambda lib, q: -1 / (2 * (1 + q) ** 1.5),
    ),
}


def squared_distances(x: Any, y: Any) -> Any:
    """The squared distances (M, N) of points (M, D) and (N, D), none of which is negative."""
    squares = (x**2).sum(1).reshape(-1, 1) + (y**2).sum(1).reshape(1, -1) - 2 * (x @ y.T)
    return squares.clip(0)


def _applied(part: int, library: Any, x: Any, y: Any, s: Any, kernel: str) -> Any:
    if kernel not in _KERNELS:
        raise ArgumentError(f"kernel is {kernel!r}; expected one of {', '.join(_KERNELS)}")
    return _KERNELS[kernel][part](library, squared_distances(x, y) / (s * s))


def values(library: Any, x: Any, y: Any, s: Any, kernel: str) -> Any:
    """The kernel matrix (M, N) of the scale `s`."""
    return _applied(0, library, x, y, s, kernel)


def logarithms(library: Any, x: Any, y: Any, s: Any, kernel: str) -> Any:
    """The logarithms of the kernel matrix."""
    return _applied(1, library, x, y, s, kernel)


def derivatives(library: Any, x: Any, y: Any, s: Any, kernel: str) -> Any:
    """The derivatives of the kernel matrix with respect to the squared distances."""
    return _applied(2, library, x, y, s, kernel) / (s * s)
