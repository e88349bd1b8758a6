"""Reductions and solutions of systems as functions that TensorFlow differentiates, to any order.

A derivative of a reduction is a reduction, so each is computed by the same function again. TensorFlow does not tell
which gradients it wants: all are computed, and a graph leaves out those over an index that nobody uses.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np
import tensorflow as tf

from .._derivatives import Arguments, Derivative, system_gradients
from .._host import host, results_of
from .._solve import System

#: What computes on NumPy's views of tensors.
_HOST = host("float32")


def reduced(arguments: Arguments, tensors: Sequence[Any], known: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """The results of a call, with derivatives; they are not computed where they are known."""
    tensors = _here(tensors)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def function(*tensors: Any) -> Any:
        def compute(*arrays: Any) -> tuple[Any, ...]:
            return _HOST.compute(arguments.call, arguments.filled(arrays))

        results = _on_host(compute, arguments, tensors) if known is None else _here(known)

        def gradient(*cotangents: Any) -> list[Any]:
            # The same results, as functions of the tensors, for derivatives of this one.
            again = reduced(arguments, tensors, results)
            known = [cotangent if wanted else None for cotangent, wanted in zip(cotangents, _vary(results))]
            return Derivative(arguments, tensors, again).backward(known, _vary(tensors))

        return results, gradient

    return tuple(function(*tensors))


def solved(arguments: Arguments, system: System, tensors: Sequence[Any], known: Any = None) -> Any:
    """The solution of a system, with derivatives; it is not computed where it is known."""
    tensors = _here(tensors)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def function(*tensors: Any) -> Any:
        def compute(*arrays: Any) -> tuple[Any, ...]:
            return (_HOST.solve(system, arguments.filled(arrays)),)

        (x,) = _on_host(compute, arguments, tensors) if known is None else _here([known])

        def gradient(cotangent: Any) -> list[Any]:
            again = solved(arguments, system, tensors, x)
            return system_gradients(arguments, system, tensors, again, cotangent, _vary(tensors))

        return x, gradient

    return function(*tensors)


def _vary(tensors: Sequence[Any]) -> list[bool]:
    """Which tensors have derivatives: those of real and complex numbers."""
    return [tensor.dtype.is_floating or tensor.dtype.is_complex for tensor in tensors]


def _here(tensors: Sequence[Any]) -> list[Any]:
    """The same tensors in the present graph: a derivative may be in another one, and that one's own in a third."""
    return list(tensors) if tf.executing_eagerly() else [tf.identity(tensor) for tensor in tensors]


def _on_host(compute: Callable[..., Any], arguments: Arguments, tensors: Sequence[Any]) -> list[Any]:
    """What is computed of NumPy's views of tensors: now, or where the graph is run."""
    if tf.executing_eagerly():
        return [tf.convert_to_tensor(result) for result in compute(*map(np.asarray, tensors))]
    shapes = [tuple(1 if extent is None else extent for extent in tensor.shape) for tensor in tensors]
    dtypes = [tensor.dtype.as_numpy_dtype for tensor in tensors]
    expected = results_of(_HOST, arguments, list(zip(shapes, dtypes)))
    results = tf.numpy_function(compute, tensors, [tf.as_dtype(dtype) for _, dtype in expected], stateful=False)
    unknown = any(None in tensor.shape for tensor in tensors)
    for result, (shape, _) in zip(results, expected):
        result.set_shape([None] * (len(shape) - 1) + [shape[-1]] if unknown else shape)
    return list(results)
