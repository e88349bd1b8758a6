"""Reductions of symbolic tensors: what becomes of all pairs of a row or of a column."""

from __future__ import annotations

from typing import Any, TypeVar

from .. import _options
from .._call import Call
from .._formula import I, J, Reduction, reduction
from ..errors import ArgumentError
from . import state
from .base import Base
from .state import Argument, Symbol

_S = TypeVar("_S", bound="Reductions")


class Reduced:
    """A reduction that waits for its call: `f()`, or `f(x, y)` with an array for each symbolic variable, by its index."""

    def __init__(self, library: Any, made: Reduction, arguments: tuple[Argument, ...], options: _options.Options) -> None:
        self._library, self.reduction, self.arguments, self.options = library, made, arguments, options
        self._call = Call((made,), options.compilation, options.ranges)
        indices = sorted({a.value.index for a in arguments if isinstance(a.value, Symbol)})
        #: What is given in a call, by the position of each argument.
        self._given = {k: indices.index(a.value.index) for k, a in enumerate(arguments) if isinstance(a.value, Symbol)}
        self._count = len(indices)
        self._values = [argument.value for argument in arguments]

    @property
    def is_symbolic(self) -> bool:
        """Whether a call has to give arrays."""
        return self._count > 0

    def _filled(self, arrays: tuple[Any, ...]) -> list[Any]:
        """The values of all arguments, with those of a call."""
        if len(arrays) != self._count:
            raise ArgumentError(f"the call got {len(arrays)} arrays; expected {self._count}, one for each symbolic variable")
        values = self._values.copy()
        for position, place in self._given.items():
            values[position] = arrays[place]
        return values

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        values = self._filled(arrays)
        call, out = self._call, self.options.out
        if options:
            chosen = self.options.changed(**options)
            call, out = Call((self.reduction,), chosen.compilation, chosen.ranges), chosen.out
        results = self._library.compute(call, values, out)
        return results[0] if len(results) == 1 else results

    def __repr__(self) -> str:
        return f"Reduced({self.reduction})"


class Reductions(Base):
    """Reductions over i or j. `axis` (or `dim`, as PyTorch has it) is the number of batch axes for i, one more for j."""

    def reduction(
        self,
        reduction_op: str,
        other: Any = None,
        opt_arg: int | None = None,
        axis: int | None = None,
        dim: int | None = None,
        call: bool = True,
        is_complex: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """The reduction of this name, with the weights `other` or the integer `opt_arg` where it takes them.

        With `call=False`, or where variables are symbolic, what comes back is to be called.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> f = (Vi(0, 1) * Vj(1, 1)).reduction("Sum", axis=1)
        >>> f(np.array([[2.0]]), np.array([[3.0], [4.0]]))
        array([[14.]])
        """
        index = self._index(reduction_op, axis, dim)
        states = [self._state] if other is None else [self._state, self._lazy(other)._state]
        formulas, arguments, _, _ = state.joined(reduction_op, states)
        parameters = () if opt_arg is None else (opt_arg,)
        weights = formulas[1] if other is not None else None
        made = reduction(reduction_op, formulas[0], index, parameters, weights)
        ranges = kwargs.pop("ranges", None)
        ranges = self._ranges if ranges is None else ranges
        backend = kwargs.pop("backend", None) or self._backend
        options = _options.of(ranges=ranges, backend=backend, **kwargs)
        reduced = Reduced(self._library, made, arguments, options)
        return reduced if reduced.is_symbolic or not call else reduced()

    def _index(self, name: str, axis: int | None, dim: int | None) -> int:
        """The index that an axis is."""
        axis = dim if axis is None else axis
        index = None if axis is None else axis - self.nbatchdims
        if index not in (I, J):
            first = self.nbatchdims
            raise ArgumentError(f"{name}: the axis is {axis}; expected {first} (reduce over i) or {first + 1} (over j)")
        return index

    def _is_inner(self, axis: int | None, dim: int | None) -> bool:
        axis = dim if axis is None else axis
        return axis in (-1, self.nbatchdims + 2)

    def _either(self: _S, operation: str, name: str, axis: int | None, dim: int | None, kwargs: Any) -> Any:
        """The operation on the vectors for the last axis, else the reduction; `dim` goes before `axis`, which has a default."""
        axis = axis if dim is None else dim
        if self._is_inner(axis, None):
            return self._applied(operation)
        return self.reduction(name, axis=axis, **kwargs)

    def sum(self, axis: int = -1, dim: int | None = None, **kwargs: Any) -> Any:
        """The sum: of the components for the last axis, else over an index.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> (Vi(x) * Vj(y)).sum(axis=1)
        array([[0.],
               [3.],
               [9.]])
        >>> (Vi(x) * Vj(y)).sum(axis=0)
        array([[4.],
               [8.]])
        """
        return self._either("ComplexSum" if self.is_complex else "Sum", "Sum", axis, dim, kwargs)

    def min(self, axis: int = -1, dim: int | None = None, **kwargs: Any) -> Any:
        """The smallest component, or the smallest value over an index."""
        return self._either("Min", "Min", axis, dim, kwargs)

    def max(self, axis: int = -1, dim: int | None = None, **kwargs: Any) -> Any:
        """The largest component, or the largest value over an index."""
        return self._either("Max", "Max", axis, dim, kwargs)

    def argmin(self, axis: int = -1, dim: int | None = None, **kwargs: Any) -> Any:
        """The place of the smallest component, or the index of the smallest value; the first of equal ones.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> ((Vi(x) - Vj(y)) ** 2).sum(-1).argmin(axis=1)
        array([[0],
               [0],
               [1]])
        """
        return self._either("ArgMin", "ArgMin", axis, dim, kwargs)

    def argmax(self, axis: int = -1, dim: int | None = None, **kwargs: Any) -> Any:
        """The place of the largest component, or the index of the largest value; the first of equal ones."""
        return self._either("ArgMax", "ArgMax", axis, dim, kwargs)

    def __min__(self, **kwargs: Any) -> Any:
        return self.min(**kwargs)

    def __max__(self, **kwargs: Any) -> Any:
        return self.max(**kwargs)

    def sum_reduction(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The sum over an index."""
        return self.reduction("Sum", axis=axis, dim=dim, **kwargs)

    def min_reduction(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The smallest value over an index."""
        return self.reduction("Min", axis=axis, dim=dim, **kwargs)

    def max_reduction(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The largest value over an index."""
        return self.reduction("Max", axis=axis, dim=dim, **kwargs)

    def argmin_reduction(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The index of the smallest value."""
        return self.reduction("ArgMin", axis=axis, dim=dim, **kwargs)

    def argmax_reduction(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The index of the largest value."""
        return self.reduction("ArgMax", axis=axis, dim=dim, **kwargs)

    def min_argmin(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The smallest value over an index, and where it is.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> least, where = ((Vi(x) - Vj(y)) ** 2).sum(-1).min_argmin(axis=0)
        >>> least[:, 0], where[:, 0]
        (array([0., 1.]), array([1, 1]))
        """
        return self.reduction("Min_ArgMin", axis=axis, dim=dim, **kwargs)

    def max_argmax(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The largest value over an index, and where it is."""
        return self.reduction("Max_ArgMax", axis=axis, dim=dim, **kwargs)

    min_argmin_reduction = min_argmin
    max_argmax_reduction = max_argmax

    def Kmin(self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The K smallest values over an index, ascending: shape (M, K), or (M, K, D) for vectors."""
        return self._ranked("KMin", K, axis, dim, kwargs)

    def argKmin(self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """Where the K smallest values are.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> ((Vi(y) - Vj(x)) ** 2).sum(-1).argKmin(2, axis=1)
        array([[1, 0],
               [1, 2]])
        """
        return self._ranked("ArgKMin", K, axis, dim, kwargs)

    def Kmin_argKmin(self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The K smallest values, and where they are."""
        return self._ranked("KMin_ArgKMin", K, axis, dim, kwargs)

    Kmin_reduction, argKmin_reduction, Kmin_argKmin_reduction = Kmin, argKmin, Kmin_argKmin

    def _ranked(self, name: str, K: int, axis: int | None, dim: int | None, kwargs: Any) -> Any:
        results = self.reduction(name, opt_arg=K, axis=axis, dim=dim, **kwargs)
        if self.ndim == 1 or isinstance(results, Reduced):
            return results
        several = results if isinstance(results, tuple) else (results,)
        shaped = tuple(self._library.reshape(one, (*one.shape[:-1], K, self.ndim)) for one in several)
        return shaped if isinstance(results, tuple) else shaped[0]

    def logsumexp(self, axis: int | None = None, dim: int | None = None, weight: Any = None, **kwargs: Any) -> Any:
        """The logarithm of the sum of exponentials, of `weight` times exponentials where it is given.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> (Vi(x) + Vj(y) + 1000).logsumexp(axis=1).round(3)
        array([[1002.313],
               [1003.313],
               [1005.313]])
        """
        weight = kwargs.pop("other", weight)
        if self._is_inner(axis, dim) and weight is None:
            return self._applied("LogSumExp")
        name = "LogSumExp" if weight is None else "LogSumExpWeight"
        return self.reduction(name, other=weight, axis=axis, dim=dim, **kwargs)

    logsumexp_reduction = logsumexp

    def sumsoftmaxweight(self, weight: Any, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The mean of `weight` with softmax weights: what attention computes.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> (100 * Vi(x - 1.0) * Vj(y)).sumsoftmaxweight(Vj(y), axis=1)
        array([[1. ],
               [1.5],
               [2. ]])
        """
        return self.reduction("SumSoftMaxWeight", other=weight, axis=axis, dim=dim, **kwargs)

    sumsoftmaxweight_reduction = sumsoftmaxweight

    def __matmul__(self, v: Any, **kwargs: Any) -> Any:
        """The product with a vector (N,), or a matrix (..., N, E) of columns, in the index j.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> K = Vi(x) * Vj(y)
        >>> K @ np.array([1.0, 1.0])
        array([0., 3., 9.])
        >>> K @ np.array([[1.0, 0.0], [1.0, 1.0]])
        array([[0., 0.],
               [3., 2.],
               [9., 6.]])
        """
        is_vector = len(v.shape) == 1
        columns = v[:, None] if is_vector else v
        key = (columns.shape[-1], self._library.dtype_of(columns))
        # The product is made once for all vectors of a kind.
        product = None if kwargs else self._products.get(key)
        if product is None:
            product = self._product(*key, **kwargs)
            if not kwargs:
                self._products[key] = product
        result = product(columns)
        return self._library.reshape(result, (-1,)) if is_vector else result

    def _product(self, columns: int, dtype: str, **kwargs: Any) -> Reduced:
        """The product with so many columns of a dtype, which waits for them."""
        is_complex = dtype.startswith("complex")
        right = state.symbol(0, columns * (1 + is_complex), J)._replace(dtype=dtype)
        if is_complex:
            right = right.applied("AsComplex")
        product = self._with("Mult", self._new_plain(right))
        reduced: Reduced = product.reduction("Sum", axis=product.nbatchdims + 1, call=False, **kwargs)
        return reduced
