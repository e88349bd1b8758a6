"""Tensors of TensorFlow, as the rest asks for them."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import tensorflow as tf

from .._call import Call
from .._derivatives import Arguments
from .._solve import System
from ..errors import ArgumentError
from ..numpy._arrays import NumPy
from ._derivatives import reduced, solved


class TensorFlow(NumPy):
    """Tensors and variables of TensorFlow, and arrays of NumPy, which it takes as well."""

    name = "tensorflow"

    @property
    def default_dtype(self) -> str:
        return "float32"

    def is_array(self, value: object) -> bool:
        return isinstance(value, (tf.Tensor, tf.Variable, np.ndarray, np.generic))

    def dtype_of(self, value: Any) -> str:
        return super().dtype_of(np.empty((), tf.as_dtype(value.dtype).as_numpy_dtype))

    def without_axis(self, value: Any, axis: int) -> Any:
        return tf.squeeze(value, axis)

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        # What a graph does not know yet is left open.
        return tf.reshape(value, [-1 if extent is None else extent for extent in shape])

    def rows(self, value: Any, places: Any) -> Any:
        return tf.gather(value, places, axis=-2)

    def as_gradient(self, result: Any, tensor: Any, is_parameter: bool) -> Any:
        """The gradient of a tensor from a row for each of its uses: summed where it was broadcast."""
        if is_parameter:
            result = tf.reduce_sum(result, -2)
        elif tensor.shape.rank < 2:
            result = result[..., 0]
        if tensor.dtype.is_complex:
            result = tf.complex(result[..., ::2], result[..., 1::2])
        shape = tf.shape(tensor)
        broadcast = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(result), s1=shape).r1
        return tf.cast(tf.reshape(tf.reduce_sum(result, broadcast), shape), tensor.dtype)

    def compute(self, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        """The results, with derivatives."""
        if out is not None:
            raise ArgumentError("out: tensors of TensorFlow cannot be written to; expected None")
        return reduced(*self._arguments(call, inputs))

    def solve(self, system: System, inputs: Sequence[Any]) -> Any:
        """The solution of a linear system, with derivatives."""
        arguments, tensors = self._arguments(system.call, inputs)
        return solved(arguments, system, tensors)

    def _arguments(self, call: Call, inputs: Sequence[Any]) -> tuple[Arguments, list[Any]]:
        tensors = [value if type(value) is tuple else tf.convert_to_tensor(value) for value in inputs]
        return Arguments.of(self, call, tensors)
