"""Linear systems whose matrix is a sum, as KeOps' KernelSolve has them."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any, NamedTuple, Sequence

from . import _options, _progress
from ._arrays import Arrays
from ._call import Call, plan, run_fields
from ._formula import Reduction
from ._genred import Genred, reduction_of, values_of
from ._kernel import STRUCT, Compilation, options_of
from ._library import LIBRARY, SolveOptions, produced
from .errors import UnknownNameError


class _Solver:
    """A sum compiled as the matrix of a system."""

    __slots__ = ("handle",)

    def __init__(self, reduction: Reduction, unknown: int, compilation: Compilation) -> None:
        options = options_of(compilation)
        self.handle = produced(LIBRARY.rkeops_solver_create, reduction.handle, unknown, options)

    def __del__(self, free: Any = LIBRARY.rkeops_solver_free) -> None:
        if hasattr(self, "handle"):
            free(self.handle)


_solver = lru_cache(256)(_Solver)


class System(NamedTuple):
    """(K + alpha) x = b for the matrix K of a call, a sum; b stands in the place of x among its arguments."""

    call: Call
    unknown: int
    alpha: float = 1e-10
    tolerance: float = 1e-6


def solve(library: Arrays, system: System, inputs: Sequence[Any], out: Any = None) -> Any:
    """The solution, by conjugate gradients."""
    call = system.call
    made = plan(library, call, inputs, None if out is None else [out])
    solver = _solver(call.reductions[0], system.unknown, call.compilation._replace(bits=made.bits, device=0))
    if out is None:
        shape, dtype = made.outputs[0]
        out = library.empty(shape, dtype, inputs)
    words, _held = made.words(library, inputs, [out])
    address, count = words.buffer_info()[0], len(inputs)
    how = SolveOptions(ctypes.sizeof(SolveOptions), system.alpha, system.tolerance)

    def run(options: int | None) -> int | None:
        error: int | None = LIBRARY.rkeops_solver_run(
            solver.handle, address, count, address + STRUCT * count, how, options, None
        )
        return error

    # How many iterations it takes nobody knows: as long as one that is heard.
    _progress.run(run, run_fields(call), _progress.LONG)
    return out


class KernelSolve(Genred):
    """The solution x of (K + alpha Id) x = b, where K x is the sum of a formula that is linear in the argument `varinvalias`.

    The right-hand side b is given in the place of x; K has to be symmetric and positive definite. Columns of b are systems of
    their own, unless the formula makes a column of others, as kernels do whose values are matrices.

    >>> import numpy as np
    >>> from rkeops.numpy import KernelSolve
    >>> solve = KernelSolve("Exp(-SqDist(x, y)) * b", ["x = Vi(1)", "y = Vj(1)", "b = Vj(1)"], "b", axis=1)
    >>> x = np.array([[0.0], [10.0]])
    >>> solve(x, x, np.array([[3.0], [6.0]]), alpha=0.5)
    array([[2.],
           [4.]])
    """

    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        varinvalias: str,
        axis: int = 0,
        dtype_acc: str | None = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = None,
        dtype: str | None = None,
        cuda_type: str | None = None,
        use_fast_math: bool = True,
        opt_arg: int | None = None,
        allow_tf32: bool = False,
    ) -> None:
        self.varinvalias = varinvalias
        super().__init__(
            formula, aliases, axis=axis, dtype_acc=dtype_acc, use_double_acc=use_double_acc, sum_scheme=sum_scheme,
            allow_tf32=allow_tf32,
        )  # fmt: skip

    def _prepare(self) -> None:
        self._reduction = reduction_of(self.formula, self.aliases, "Sum", self.axis, None, None)
        names = [alias.partition("=")[0].strip() for alias in self.aliases]
        if self.varinvalias not in names:
            raise UnknownNameError(f"there is no variable `{self.varinvalias}`; known: {', '.join(names)}")
        self._unknown = names.index(self.varinvalias)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_unknown"}

    def __call__(  # type: ignore[override]
        self,
        *args: Any,
        backend: str | None = "auto",
        device_id: int | str = -1,
        alpha: float = 1e-10,
        eps: float = 1e-6,
        ranges: Any = None,
    ) -> Any:
        """Solves the system; a column is solved when the root mean square of its residual is at most `eps`."""
        options = _options.of(backend=backend, device_id=device_id, ranges=ranges, **self.options)
        call = Call((self._reduction,), options.compilation, options.ranges)
        system = System(call, self._unknown, float(alpha), float(eps))
        return self._library.solve(system, values_of(self._library, args))
