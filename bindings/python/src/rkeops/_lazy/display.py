"""What a symbolic tensor shows of itself: in a terminal, in a notebook, and of the kernel that computes it."""

from __future__ import annotations

import contextlib
from typing import Any

from .._call import Call, compiled
from .._formula import PARAMETER, I, J
from .._kernel import Kernel
from ..errors import Error
from .matrix import Matrix
from .reductions import Reduced, Reductions
from .state import Argument, Symbol

_CATEGORIES = {I: "a row for each i", J: "a row for each j", PARAMETER: "a parameter"}


class Display(Matrix, Reductions):
    """Texts about a tensor."""

    def __repr__(self) -> str:
        """The formula, the shape, the dtype, the operations per pair, and the memory of the whole matrix."""
        formula, *facts = self._facts()
        return f"{self._name}({', '.join([formula[1], *(f'{name}={value}' for name, value in facts)])})"

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        # Few programs need it, and it would be a part of what importing the package takes.
        from html import escape

        rows = (
            f'<tr><th style="text-align: left">{name}</th><td style="text-align: left">{escape(value)}</td></tr>'
            for name, value in self._facts()
        )
        return f"<table><caption>{self._name}</caption>{''.join(rows)}</table>"

    def explain(self, reduction_op: str = "Sum", axis: int | None = None, **options: Any) -> str:
        """How a reduction of this tensor is computed: the formula, its arguments, and the compiled kernel step by step.

        `reduction_op` and `options` are those of `reduction`; `axis` is the one over j where it is not given. Raises
        what `reduction` raises.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x = np.ones((10, 1))
        >>> print((Vi(x) - Vj(x)).explain("Min"))  # doctest: +ELLIPSIS
        LazyTensor
          formula: Var(0,1,0)-Var(1,1,1)
          shape: (10, 10)
          dtype: float64
          operations: 2 per pair
          dense: 800 B
        Var(0,1,0): (10, 1) float64, a row for each i
        Var(1,1,1): (10, 1) float64, a row for each j
        <BLANKLINE>
        Min_Reduction(Var(0,1,0)-Var(1,1,1),0)
        ...
        """
        axis = self.nbatchdims + 1 if axis is None else axis
        reduced = self.reduction(reduction_op, axis=axis, call=False, **options)
        facts = [f"  {name}: {value}" for name, value in self._facts()]
        arguments = [self._argument(argument, place) for place, argument in enumerate(reduced.arguments)]
        return "\n".join([self._name, *facts, *arguments, "", str(reduced.reduction), self._kernel(reduced).explain()])

    @property
    def _name(self) -> str:
        """The name that KeOps gives the tensor's class."""
        return "ComplexLazyTensor" if self.is_complex else "LazyTensor"

    def _facts(self) -> list[tuple[str, str]]:
        """What there is to say, by name."""
        facts = [("formula", self.formula), ("shape", str(self.shape))]
        if self.dtype:
            facts.append(("dtype", self.dtype))
        if self.symbolic_variables:
            facts.append(("symbolic", str(self.symbolic_variables)))
        # What cannot be compiled can be shown all the same.
        with contextlib.suppress(Error):
            reduced = self.reduction("Sum", axis=self.nbatchdims + 1, call=False)
            facts.append(("operations", f"{self._kernel(reduced).operations} per pair"))
        facts.append(("dense", _bytes(self.size_in_bytes)))
        return facts

    def _kernel(self, reduced: Reduced) -> Kernel:
        """The kernel of a reduction for the arrays that are known."""
        dtypes = {self._library.dtype_of(one.value) for one in reduced.arguments if self._library.is_array(one.value)}
        return compiled(self._library, Call((reduced.reduction,), reduced.options.compilation), dtypes)[0]

    def _argument(self, argument: Argument, place: int) -> str:
        """What is known of an argument of a reduction."""
        value = argument.value
        if isinstance(value, Symbol):
            what = f"array {value.index} of a call"
        elif isinstance(value, tuple):
            what = f"the numbers {value}"
        else:
            what = f"{tuple(value.shape)} {self._library.dtype_of(value)}"
        return f"Var({place},{argument.dim},{argument.category}): {what}, {_CATEGORIES[argument.category]}"


def _bytes(count: float) -> str:
    """A number of bytes that a person can read."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024 or unit == "TiB":
            break
        count /= 1024
    return f"{count:.3g} {unit}"
