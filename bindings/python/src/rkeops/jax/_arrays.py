"""Arrays of JAX, as the rest asks for them."""

from __future__ import annotations

from typing import Any, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .._call import Call
from .._derivatives import Arguments
from .._host import host
from .._solve import System
from ..errors import ArgumentError
from ..numpy._arrays import NumPy
from ._primitives import reduce_p, solve_p, summed


class Jax(NumPy):
    """Arrays of JAX, and NumPy's, which JAX takes as well. What is computed is computed on NumPy's views of them."""

    name = "jax"

    @property
    def default_dtype(self) -> str:
        return str(jax.dtypes.canonicalize_dtype(float))

    def is_array(self, value: object) -> bool:
        return isinstance(value, (jax.Array, np.ndarray, np.generic))

    def dtype_of(self, value: Any) -> str:
        # Where JAX has no 64 bits, its arrays of NumPy's have none.
        return super().dtype_of(np.empty((), jax.dtypes.canonicalize_dtype(value.dtype)))

    def as_gradient(self, result: Any, array: Any, is_parameter: bool) -> Any:
        """The gradient of an array from a row for each of its uses: summed where it was broadcast.

        Products of complex cotangents and tangents have no conjugate in JAX, so cotangents are conjugated.
        """
        if is_parameter:
            result = result.sum(-2)
        elif array.ndim < 2:
            result = result[..., 0]
        if jnp.iscomplexobj(array):
            result = jax.lax.complex(result[..., ::2], -result[..., 1::2])
        return summed(result, array.shape).astype(array.dtype)

    def compute(self, call: Call, inputs: Sequence[Any], out: Sequence[Any] | None = None) -> tuple[Any, ...]:
        """The results, with derivatives."""
        if out is not None:
            raise ArgumentError("out: arrays of JAX cannot be written to; expected None")
        arguments, arrays = self._arguments(call, inputs)
        return tuple(reduce_p.bind(*arrays, arguments=arguments, library=host(self.default_dtype)))

    def solve(self, system: System, inputs: Sequence[Any]) -> Any:
        """The solution of a linear system, with derivatives."""
        arguments, arrays = self._arguments(system.call, inputs)
        return solve_p.bind(*arrays, arguments=arguments, system=system, library=host(self.default_dtype))

    def _arguments(self, call: Call, inputs: Sequence[Any]) -> tuple[Arguments, list[Any]]:
        arrays = [value if isinstance(value, (tuple, jax.Array)) else jnp.asarray(value) for value in inputs]
        return Arguments.of(self, call, arrays)
