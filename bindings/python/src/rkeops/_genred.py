"""Reductions of formulas that are text, as KeOps' Genred has them."""

from __future__ import annotations

from typing import Any, ClassVar, Sequence

import numpy as np

from . import _options
from ._arrays import Arrays
from ._call import Call
from ._formula import Reduction, parse, reduction
from .errors import ArgumentError


def reduction_of(
    formula: str, aliases: Sequence[str], reduction_op: str, axis: int, opt_arg: int | None, formula2: str | None
) -> Reduction:
    """The reduction of a text; `axis` is the index that is reduced, 0 for i and 1 for j."""
    if axis not in (0, 1):
        raise ArgumentError(f"axis is {axis!r}; expected 0 (reduce over i) or 1 (over j)")
    names = tuple(aliases)
    parameters = () if opt_arg is None else (opt_arg,)
    weights = None if formula2 is None else parse(formula2, names)
    return reduction(reduction_op, parse(formula, names), axis, parameters, weights)


class Genred:
    """A reduction of a formula that is text, called with an array for each of its arguments.

    `aliases` name the arguments, as "x = Vi(3)": one row for each i, three columns; `Vj` has one for each j, `Pm` is a
    parameter. `axis` is the index that is reduced: 0 for i, 1 for j. `opt_arg` is the integer of reductions such as "KMin",
    `formula2` the weights of those that have weights. With `allow_tf32` the tensor cores of a GPU may round the factors of
    float32 products to TF32.

    >>> import numpy as np
    >>> from rkeops.numpy import Genred
    >>> f = Genred("SqDist(x, y) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], axis=1)
    >>> x, y = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [3.0, 4.0]])
    >>> f(x, y, np.array([[10.0], [1.0]]))
    array([[35.],
           [23.]])
    """

    _library: ClassVar[Arrays]

    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        reduction_op: str = "Sum",
        axis: int = 0,
        dtype: str | None = None,
        opt_arg: int | None = None,
        formula2: str | None = None,
        cuda_type: str | None = None,
        dtype_acc: str | None = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = False,
        use_fast_math: bool = True,
        allow_tf32: bool = False,
    ) -> None:
        self.formula, self.aliases, self.reduction_op = formula, list(aliases), reduction_op
        self.axis, self.opt_arg, self.formula2 = axis, opt_arg, formula2
        self.options: dict[str, Any] = {
            "dtype_acc": dtype_acc, "use_double_acc": use_double_acc, "sum_scheme": sum_scheme, "allow_tf32": allow_tf32,
        }  # fmt: skip
        self._prepare()

    def _prepare(self) -> None:
        self._reduction = reduction_of(
            self.formula, self.aliases, self.reduction_op, self.axis, self.opt_arg, self.formula2
        )
        _options.of(**self.options)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_reduction"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()

    def __call__(
        self, *args: Any, backend: str | None = "auto", device_id: int | str = -1, ranges: Any = None, out: Any = None
    ) -> Any:
        """The reduction of these arrays, by position: (..., rows, columns), or (..., columns) for a parameter.

        `backend="GPU"` copies arrays in ordinary memory to the CUDA device `device_id`, and the results back, in pieces
        if they are larger than its memory; `device_id="all"` shares the work out to all devices. Arrays that are on a device
        are computed there anyway.
        """
        options = _options.of(backend=backend, device_id=device_id, ranges=ranges, out=out, **self.options)
        call = Call((self._reduction,), options.compilation, options.ranges)
        values = values_of(self._library, args)
        results = self._library.compute(call, values, options.out)
        return results[0] if len(results) == 1 else results

    def __repr__(self) -> str:
        return f"Genred({self.formula!r}, {self.aliases!r}, {self.reduction_op!r}, axis={self.axis})"


def values_of(library: Arrays, arguments: Sequence[Any]) -> list[Any]:
    """The arguments of a call: arrays, and tuples of numbers for parameters that are given as one number or several."""
    return [_value(library, position, argument) for position, argument in enumerate(arguments)]


def _value(library: Arrays, position: int, argument: Any) -> Any:
    if library.is_array(argument) and not isinstance(argument, np.generic):
        return argument
    numbers = argument if isinstance(argument, (list, tuple)) else (argument,)
    if all(isinstance(number, (int, float, np.integer, np.floating)) for number in numbers):
        return tuple(float(number) for number in numbers)
    expected = f"an array of {library.name}, a number or a list of numbers"
    raise ArgumentError(f"argument {position} is a {type(argument).__name__}; expected {expected}")


def axis_of(output: str) -> tuple[int, int]:
    """The index that is reduced, and the columns, for an output such as "a = Vi(3)"."""
    category, _, rest = output.partition("=")[2].strip().partition("(")
    axis = {"Vi": 1, "Vx": 1, "Vj": 0, "Vy": 0}.get(category)
    columns = rest.rstrip(") ").split(",")[-1]
    if axis is None or not columns.strip().isdigit():
        raise ArgumentError(f"the output is {output!r}; expected one such as 'a = Vi(3)' or 'a = Vj(3)'")
    return axis, int(columns)


class Generic:
    """The functions generic_sum, generic_logsumexp, generic_argmin and generic_argkmin of one array library."""

    def __init__(self, genred: type[Genred]) -> None:
        self.genred = genred

    def sum(self, formula: str, output: str, *aliases: str, **kwargs: Any) -> Genred:
        """A sum: generic_sum("Exp(-SqDist(x,y)) * b", "a = Vi(1)", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)")."""
        return self.genred(formula, aliases, "Sum", axis_of(output)[0], **kwargs)

    def logsumexp(self, formula: str, output: str, *aliases: str, **kwargs: Any) -> Genred:
        """A logarithm of a sum of exponentials."""
        return self.genred(formula, aliases, "LogSumExp", axis_of(output)[0], **kwargs)

    def argmin(self, formula: str, output: str, *aliases: str, **kwargs: Any) -> Genred:
        """The index of the smallest value."""
        return self.genred(formula, aliases, "ArgMin", axis_of(output)[0], **kwargs)

    def argkmin(self, formula: str, output: str, *aliases: str, **kwargs: Any) -> Genred:
        """The indices of the K smallest values, where the output has K columns.

        >>> import numpy as np
        >>> from rkeops.numpy import generic_argkmin
        >>> nearest = generic_argkmin("SqDist(x, y)", "a = Vi(2)", "x = Vi(1)", "y = Vj(1)")
        >>> nearest(np.array([[0.0], [3.0]]), np.array([[1.0], [2.0], [5.0]]))
        array([[0, 1],
               [1, 0]])
        """
        axis, columns = axis_of(output)
        return self.genred(formula, aliases, "ArgKMin", axis, opt_arg=columns, **kwargs)
