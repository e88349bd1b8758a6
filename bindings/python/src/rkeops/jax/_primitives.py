"""Reductions and solutions of systems as primitives of JAX: how they are differentiated, mapped over a batch, compiled.

The derivative of a reduction along tangents is a reduction that is linear in them; JAX asks for its transpose where it
goes backward, which is a reduction again. So there is no order at which derivatives end.
"""

from __future__ import annotations

from typing import Any, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from .._derivatives import Arguments, Derivative, batched, system_tangent, with_saved
from .._host import Host, results_of
from .._solve import System


def summed(value: Any, shape: tuple[int, ...]) -> Any:
    """A value that is summed over the axes along which an array of this shape was broadcast."""
    value = value.sum(tuple(range(value.ndim - len(shape))))
    axes = tuple(axis for axis, extent in enumerate(shape) if extent == 1 != value.shape[axis])
    return value.sum(axes, keepdims=True) if axes else value


def _dense(array: Any) -> Any:
    """NumPy's view of an array's memory; a copy where that is a GPU's."""
    return np.asarray(array)


def _devices(arrays: Sequence[Any]) -> list[Any]:
    """The devices of arrays that are not in ordinary memory."""
    devices = [device for array in arrays for device in getattr(array, "devices", set)()]
    return [device for device in devices if device.platform != "cpu"]


def _stored(values: Sequence[Any]) -> list[Any]:
    """Results with the dtypes that JAX has: it may have no 64 bits."""
    return [value.astype(jax.dtypes.canonicalize_dtype(value.dtype), copy=False) for value in values]


def _known(linear: Sequence[Any]) -> list[Any]:
    """Tangents or cotangents, with None for those that are zero."""
    return [None if isinstance(value, ad.Zero) else value for value in linear]


def _zero_tangent(result: Any) -> Any:
    return ad.Zero(jax.typeof(result).to_tangent_aval())


# Reductions.


def _reduce_on_host(*arrays: Any, arguments: Arguments, library: Host) -> list[Any]:
    return _stored(library.compute(arguments.call, arguments.filled([_dense(array) for array in arrays])))


def _reduce_shapes(*arrays: Any, arguments: Arguments, library: Host) -> list[Any]:
    results = results_of(library, arguments, [(array.shape, array.dtype) for array in arrays])
    return [jax.core.ShapedArray(shape, jax.dtypes.canonicalize_dtype(dtype)) for shape, dtype in results]


def _reduce_along(primals: Any, tangents: Any, *, arguments: Arguments, library: Host) -> tuple[Any, Any]:
    """The results, and their derivatives along tangents."""
    reductions = arguments.call.reductions
    arguments = arguments._replace(call=arguments.call._replace(reductions=with_saved(reductions)))
    results = reduce_p.bind(*primals, arguments=arguments, library=library)
    count = sum(one.output_count for one in reductions)
    along = Derivative(arguments, primals, results).forward(_known(tangents), reductions)[:count]
    results = results[:count]
    return results, [_zero_tangent(result) if one is None else one for result, one in zip(results, along)]


def _reduce_transposed(cotangents: Any, *values: Any, arguments: Arguments, library: Host) -> list[Any]:
    """What cotangents of the results become for the arrays in which a reduction is linear."""
    needed = [isinstance(value, ad.UndefinedPrimal) for value in values]
    # A derivative does not depend on that in which the reduction is linear, so zeros may stand in its place.
    arrays = [
        jnp.zeros(value.aval.shape, value.aval.dtype) if linear else value for value, linear in zip(values, needed)
    ]
    known = [None if one is None else jnp.conj(one) for one in _known(cotangents)]
    gradients = Derivative(arguments, arrays, []).backward(known, needed)
    return [
        ad.Zero(value.aval) if linear and gradient is None else gradient
        for value, linear, gradient in zip(values, needed, gradients)
    ]


# Systems: the solution x of (K + alpha) x = b is linear in b, and K is its own transpose.


def _solve_on_host(*arrays: Any, arguments: Arguments, system: System, library: Host) -> Any:
    (solution,) = _stored([library.solve(system, arguments.filled([_dense(array) for array in arrays]))])
    return solution


def _solve_shape(*arrays: Any, arguments: Arguments, system: System, library: Host) -> Any:
    return _reduce_shapes(*arrays, arguments=arguments, library=library)[0]


def _solve_along(
    primals: Any, tangents: Any, *, arguments: Arguments, system: System, library: Host
) -> tuple[Any, Any]:
    """The solution, and its derivative along tangents."""
    x = solve_p.bind(*primals, arguments=arguments, system=system, library=library)
    along = system_tangent(arguments, system, primals, x, _known(tangents))
    return x, _zero_tangent(x) if along is None else along


def _solve_transposed(
    cotangent: Any, *values: Any, arguments: Arguments, system: System, library: Host
) -> list[Any]:
    """What a cotangent of the solution becomes for the right-hand side."""
    place = arguments.places().index(system.unknown)
    gradients, arrays = [None] * len(values), list(values)
    right = values[place].aval
    arrays[place] = jnp.conj(cotangent)
    solution = jnp.conj(solve_p.bind(*arrays, arguments=arguments, system=system, library=library))
    gradients[place] = summed(solution.reshape((*solution.shape[:-2], *right.shape[-2:])), right.shape)
    return gradients


# What both have alike.


def _primitive(name: str, on_host: Any, shapes: Any, along: Any, transposed: Any, several: bool) -> Any:
    """A primitive of these rules: how it is computed, its results' shapes, its derivative, and that one's transpose."""
    made: Any = Primitive(name)
    made.multiple_results = several

    def eager(*arrays: Any, **parameters: Any) -> Any:
        devices = _devices(arrays)
        with jax.default_device(jax.local_devices(backend="cpu")[0]):
            results = jax.tree.map(jnp.asarray, on_host(*arrays, **parameters))
        return jax.device_put(results, devices[0]) if devices else results

    def traced(*arrays: Any, **parameters: Any) -> Any:
        results = shapes(*map(jax.typeof, arrays), **parameters)
        return jax.pure_callback(lambda *known: on_host(*known, **parameters), results, *arrays)

    def mapped(arrays: Any, axes: Any, *, arguments: Arguments, **parameters: Any) -> tuple[Any, Any]:
        moved = batched(arguments, axes, arrays, lambda array, axis: jnp.moveaxis(array, axis, 0))
        results = made.bind(*moved, arguments=arguments, **parameters)
        return results, [0] * len(results) if several else 0

    made.def_impl(eager)
    made.def_abstract_eval(shapes)
    ad.primitive_jvps[made] = along
    ad.primitive_transposes[made] = transposed
    batching.primitive_batchers[made] = mapped
    mlir.register_lowering(made, mlir.lower_fun(traced, multiple_results=several))
    return made


reduce_p = _primitive("rkeops_reduce", _reduce_on_host, _reduce_shapes, _reduce_along, _reduce_transposed, True)
solve_p = _primitive("rkeops_solve", _solve_on_host, _solve_shape, _solve_along, _solve_transposed, False)
