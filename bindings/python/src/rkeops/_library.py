"""The shared library: where it is, and its functions as rkeops.h declares them."""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint64, c_void_p
from typing import Any

from .errors import BY_CODE, Error

#: The version of the binary interface that these declarations are of.
ABI_VERSION = 1

Progress = ctypes.CFUNCTYPE(c_int32, c_uint64, c_uint64, c_void_p)
Iteration = ctypes.CFUNCTYPE(c_int32, c_uint64, c_double, c_void_p)


class Options(ctypes.Structure):
    """rkeops_options."""

    _fields_ = (
        ("size", c_size_t),
        ("dtype_bits", c_int32),
        ("target", c_int32),
        ("threads", c_int32),
        ("device", c_int32),
        ("progress", Progress),
        ("progress_user", c_void_p),
        ("ranges", c_void_p),
        ("accumulator_bits", c_int32),
        ("summation", c_int32),
        ("skipped", POINTER(c_uint64)),
        ("stream", c_void_p),
        ("workspace", c_void_p),
        ("workspace_bytes", c_size_t),
        ("allow_tf32", c_int32),
    )


class SolveOptions(ctypes.Structure):
    """rkeops_solve_options."""

    _fields_ = (
        ("size", c_size_t),
        ("alpha", c_double),
        ("tolerance", c_double),
        ("iterations", c_uint64),
        ("progress", Iteration),
        ("progress_user", c_void_p),
    )


class Solution(ctypes.Structure):
    """rkeops_solution."""

    _fields_ = (("iterations", c_uint64), ("residual", c_double))


class RangesHalf(ctypes.Structure):
    """rkeops_ranges_half."""

    _fields_ = (
        ("kept", c_void_p),
        ("slices", c_void_p),
        ("count", c_size_t),
        ("reduced", c_void_p),
        ("reduced_count", c_size_t),
    )


# What functions return: an error to check, a text that nobody frees, a number, or nothing.
_ERROR, _STRING, _INT, _NONE = c_void_p, c_char_p, c_int32, None
_HANDLE, _OUT, _LIST = c_void_p, POINTER(c_void_p), c_void_p

_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "error_code": (_INT, (_HANDLE,)),
    "error_message": (_STRING, (_HANDLE,)),
    "error_free": (_NONE, (_HANDLE,)),
    "text_data": (_STRING, (_HANDLE,)),
    "text_free": (_NONE, (_HANDLE,)),
    "abi_version": (_INT, ()),
    "version": (_STRING, ()),
    "doctor": (_ERROR, (_OUT,)),
    "set_num_threads": (_ERROR, (c_int32,)),
    "num_threads": (_INT, ()),
    "formula_variable": (_ERROR, (c_int64, c_int64, c_int32, _OUT)),
    "formula_constant": (_ERROR, (c_double, _OUT)),
    "formula_parse": (_ERROR, (c_char_p, _LIST, c_size_t, _OUT)),
    "formula_apply": (_ERROR, (c_char_p, _LIST, c_size_t, _LIST, c_size_t, _OUT)),
    "formula_renumber": (_ERROR, (_HANDLE, _LIST, c_size_t, _OUT)),
    "formula_transpose": (_ERROR, (_HANDLE, _OUT)),
    "formula_dim": (_ERROR, (_HANDLE, POINTER(c_int64))),
    "formula_is_complex": (_ERROR, (_HANDLE, POINTER(c_int32))),
    "formula_text": (_ERROR, (_HANDLE, _OUT)),
    "formula_free": (_NONE, (_HANDLE,)),
    "reduction_parse": (_ERROR, (c_char_p, _LIST, c_size_t, _OUT)),
    "reduction_create": (_ERROR, (c_char_p, _HANDLE, c_int32, _LIST, c_size_t, _HANDLE, _OUT)),
    "reduction_saved_count": (_ERROR, (_HANDLE, POINTER(c_size_t))),
    "reduction_saved": (_ERROR, (_HANDLE, c_size_t, _OUT)),
    "reduction_gradient": (_ERROR, (_HANDLE, _HANDLE, _HANDLE, _LIST, c_size_t, _OUT)),
    "reduction_directional": (_ERROR, (_HANDLE, _HANDLE, _HANDLE, _LIST, c_size_t, _OUT)),
    "reduction_dim": (_ERROR, (_HANDLE, POINTER(c_int64))),
    "reduction_output_count": (_ERROR, (_HANDLE, POINTER(c_size_t))),
    "reduction_text": (_ERROR, (_HANDLE, _OUT)),
    "reduction_free": (_NONE, (_HANDLE,)),
    "ranges_create": (_ERROR, (POINTER(RangesHalf), POINTER(RangesHalf), _OUT)),
    "ranges_free": (_NONE, (_HANDLE,)),
    "kernel_compile": (_ERROR, (_LIST, c_size_t, POINTER(Options), _OUT)),
    "kernel_run": (_ERROR, (_HANDLE, _LIST, c_size_t, _LIST, c_size_t, c_void_p)),
    "kernel_workspace": (_ERROR, (_HANDLE, _LIST, c_size_t, _LIST, c_size_t, c_void_p, POINTER(c_size_t))),
    "kernel_input_count": (_ERROR, (_HANDLE, POINTER(c_size_t))),
    "kernel_input": (_ERROR, (_HANDLE, c_size_t, POINTER(c_int64), POINTER(c_int32))),
    "kernel_output_count": (_ERROR, (_HANDLE, POINTER(c_size_t))),
    "kernel_output": (_ERROR, (_HANDLE, c_size_t, POINTER(c_int64), POINTER(c_int32), POINTER(c_int32))),
    "kernel_axis": (_ERROR, (_HANDLE, POINTER(c_int32))),
    "kernel_operations": (_ERROR, (_HANDLE, POINTER(c_int64))),
    "kernel_explain": (_ERROR, (_HANDLE, _OUT)),
    "kernel_free": (_NONE, (_HANDLE,)),
    "solver_create": (_ERROR, (_HANDLE, c_size_t, POINTER(Options), _OUT)),
    "solver_run": (
        _ERROR,
        (_HANDLE, _LIST, c_size_t, _LIST, POINTER(SolveOptions), c_void_p, POINTER(Solution)),
    ),
    "solver_free": (_NONE, (_HANDLE,)),
}


def _load() -> ctypes.CDLL:
    name = {"darwin": "librkeops.dylib", "win32": "rkeops.dll"}.get(sys.platform, "librkeops.so")
    path = os.environ.get("RKEOPS_LIBRARY") or os.path.join(os.path.dirname(__file__), name)
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"the shared library of rkeops cannot be loaded: {error}") from error
    for function, (result, arguments) in _FUNCTIONS.items():
        try:
            declared = getattr(library, f"rkeops_{function}")
        except AttributeError:
            raise ImportError(f"{path} has no rkeops_{function}; expected a library of this version") from None
        declared.restype, declared.argtypes = result, arguments
    if (version := library.rkeops_abi_version()) < ABI_VERSION:
        raise ImportError(f"{path} has the binary interface {version}; expected {ABI_VERSION} or a newer one")
    return library


LIBRARY = _load()


def error_of(pointer: int) -> Error:
    """The exception of an error that the library made, which is freed."""
    code = LIBRARY.rkeops_error_code(pointer)
    message = LIBRARY.rkeops_error_message(pointer).decode()
    LIBRARY.rkeops_error_free(pointer)
    return BY_CODE.get(code, Error)(message)


def check(pointer: int | None) -> None:
    """Raises the error that a call returned, if it did."""
    if pointer:
        raise error_of(pointer)


def produced(function: Any, *arguments: Any) -> int:
    """The handle that a call writes through its last argument."""
    out = c_void_p()
    check(function(*arguments, out))
    assert out.value is not None
    return out.value


def text_of(function: Any, *arguments: Any) -> str:
    """The text that a call makes, which is freed."""
    handle = produced(function, *arguments)
    text: bytes = LIBRARY.rkeops_text_data(handle)
    LIBRARY.rkeops_text_free(handle)
    return text.decode()


def number(function: Any, kind: Any, *arguments: Any) -> int:
    """The number that a call writes through its last argument."""
    out = kind()
    check(function(*arguments, ctypes.byref(out)))
    value: int = out.value
    return value


def pointers(handles: tuple[int, ...]) -> Any:
    """Handles as a list that a call reads."""
    return (c_void_p * len(handles))(*handles) if handles else None


def integers(values: tuple[int, ...]) -> Any:
    """Integers as a list that a call reads."""
    return (c_int64 * len(values))(*values) if values else None


def strings(texts: tuple[str, ...]) -> Any:
    """Texts as a list that a call reads."""
    return (c_char_p * len(texts))(*(text.encode() for text in texts)) if texts else None
