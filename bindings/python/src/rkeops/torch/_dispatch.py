"""What PyTorch's own functions and operators do with symbolic tensors."""

from __future__ import annotations

from typing import Any, cast

import torch

from .._lazy.functions import UNARY
from ..errors import UnsupportedError

_T = torch.Tensor
#: The methods of the symbolic tensor on the right for operators of a tensor on the left.
_COMPARED = (
    (_T.lt, "__gt__"), (_T.le, "__ge__"), (_T.gt, "__lt__"), (_T.ge, "__le__"), (_T.eq, "__eq__"), (_T.ne, "__ne__"),
)  # fmt: skip
_OPERATORS = (
    (_T.add, "__radd__"), (_T.sub, "__rsub__"), (_T.mul, "__rmul__"), (_T.div, "__rtruediv__"), (_T.pow, "__rpow__"),
    (_T.__or__, "__ror__"),
    # What torch.compile makes of a symbolic tensor on the left and a tensor on the right.
    (_T.__radd__, "__add__"), (_T.__rsub__, "__sub__"), (_T.__rmul__, "__mul__"), (_T.__rdiv__, "__truediv__"),
    (_T.__rpow__, "__pow__"),
)  # fmt: skip


class Dispatched:
    """`torch.exp(K)` is `K.exp()`, and so for each function of one tensor that both have; an operator with a tensor on the
    left is that of the symbolic tensor on the right.
    """

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        if isinstance(args[0], Dispatched):
            name: str = func.__name__
            is_known = (name in UNARY or name == "abs") and len(args) == 1 and not kwargs
            return getattr(args[0], name)() if is_known else NotImplemented
        if len(args) != 2 or kwargs or not isinstance(args[1], Dispatched):
            return NotImplemented
        tensor, symbolic = args[0], cast("Any", args[1])
        if torch.compiler.is_compiling():
            if any(func is known for known, _ in _COMPARED):
                # This is called for K < t as it is for t < K.
                raise UnsupportedError("torch.compile cannot compare a tensor with a symbolic one: make it symbolic, too")
            if func is _T.matmul:
                # So it is for K @ t, which is defined, and for t @ K, which outside of torch.compile is a TypeError.
                return symbolic.__matmul__(tensor)
        # By identity: functions that torch.compile follows are not found in a dictionary.
        for known, method in (*_COMPARED, *_OPERATORS):
            if func is known:
                return getattr(symbolic, method)(tensor)
        return NotImplemented
