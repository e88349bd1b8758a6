"""Functions of symbolic tensors: methods by the names that KeOps and NumPy give them."""

from __future__ import annotations

import math
from typing import Any, Callable, Sequence, TypeVar

from ..errors import ArgumentError
from .base import Base

_S = TypeVar("_S", bound="Functions")

def _unary(operation: str) -> Callable[[_S], _S]:
    """A method that applies an operation."""

    def method(self: _S) -> _S:
        return self._applied(operation)

    method.__doc__ = f"The operation `{operation}`, component by component or of the vector, as docs/language.md has it."
    return method


def _binary(operation: str) -> Callable[[_S, Any], _S]:
    """A method that applies an operation of this tensor and another."""

    def method(self: _S, other: Any) -> _S:
        return self._with(operation, other)

    method.__doc__ = f"The operation `{operation}` of this tensor and another, as docs/language.md has it."
    return method


class Functions(Base):
    """Operations that have no operator."""

    exp, exp2, expm1, log = _unary("Exp"), _unary("Exp2"), _unary("Expm1"), _unary("Log")
    log1p, xlogx, sin, cos = _unary("Log1p"), _unary("XLogX"), _unary("Sin"), _unary("Cos")
    tan, asin, acos, atan = _unary("Tan"), _unary("Asin"), _unary("Acos"), _unary("Atan")
    sinh, cosh, tanh, asinh = _unary("Sinh"), _unary("Cosh"), _unary("Tanh"), _unary("Asinh")
    acosh, atanh, sinxdivx, sqrt = _unary("Acosh"), _unary("Atanh"), _unary("SinXDivX"), _unary("Sqrt")
    rsqrt, square, sign, step = _unary("Rsqrt"), _unary("Square"), _unary("Sign"), _unary("Step")
    relu, sigmoid, softplus, floor = _unary("ReLU"), _unary("Sigmoid"), _unary("Softplus"), _unary("Floor")
    erf, erfc, lgamma, digamma = _unary("Erf"), _unary("Erfc"), _unary("Lgamma"), _unary("Digamma")
    sqnorm2, norm2, normalize, softmax = _unary("SqNorm2"), _unary("Norm2"), _unary("Normalize"), _unary("Softmax")
    real2complex, imag2complex, exp1j = _unary("Real2Complex"), _unary("Imag2Complex"), _unary("ComplexExp1j")
    conj, angle, auto_factorize = _unary("Conj"), _unary("ComplexAngle"), _unary("AutoFactorize")
    atan2, power, sqdist, matvecmult = _binary("Atan2"), _binary("Powf"), _binary("SqDist"), _binary("MatVecMult")
    vecmatmult, tensorprod = _binary("VecMatMult"), _binary("TensorProd")
    concat, factorize = _binary("Concat"), _binary("Factorize")

    def abs(self: _S) -> _S:
        """The absolute value."""
        return self._applied("ComplexAbs" if self.is_complex else "Abs")

    def sinc(self: _S) -> _S:
        """sin(pi x) / (pi x), and 1 at 0, as NumPy has it."""
        return self._with("Mult", math.pi)._applied("SinXDivX")

    def norm(self: _S, dim: int = -1) -> _S:
        """The Euclidean norm of the vectors."""
        self._check_last("norm", dim)
        return self._applied("Norm2")

    def clamp(self: _S, other1: Any, other2: Any) -> _S:
        """This tensor between two bounds."""
        if isinstance(other1, int) and isinstance(other2, int):
            return self._applied("ClampInt", other1, other2)
        return self._with("Clamp", other1, other2)

    def ifelse(self: _S, other1: Any, other2: Any) -> _S:
        """`other1` where this tensor is 0 or more, else `other2`."""
        return self._with("IfElse", other1, other2)

    def where(self: _S, a: Any, b: Any) -> _S:
        """`a` where this tensor, a condition, is not 0, else `b`.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[1.0], [2.0]])
        >>> (Vi(x) < Vj(y)).where(10, -Vj(y)).dense()
        array([[10., 10.],
               [-1., 10.],
               [-1., -2.]])
        """
        return self._with("Equal", 0)._applied("Minus").ifelse(a, b)

    def mod(self: _S, modulus: Any, offset: Any = 0) -> _S:
        """This tensor moved by multiples of `modulus` to the interval from `offset` on."""
        return self._with("Mod", modulus, offset)

    def round(self: _S, other: int = 0) -> _S:
        """Rounded to `other` decimal digits."""
        return self._applied("Round", other)

    def weightedsqnorm(self: _S, other: Any) -> _S:
        """The squared norm with the weights `other`: one, one for each component, or a matrix."""
        return self._after("WeightedSqNorm", other)

    def weightedsqdist(self: _S, g: Any, s: Any) -> _S:
        """The squared distance to `g` with weights `s`."""
        return self._combined("WeightedSqDist", [self._lazy(s), self, self._lazy(g)], ())

    def difference_matrix(self: _S, other: Any) -> _S:
        """The differences of all components of this tensor and all of another, row after row."""
        columns = [self.elem(k)._with("Subtract", other) for k in range(self.ndim)]
        return self._combined_in_turn("Concat", columns)

    def softdtw_sqdist(self: _S, other: Any, gamma: Any) -> _S:
        """Soft dynamic time warping of sequences with squared differences as costs."""
        return self._with("SoftDTW_SqDist", other, gamma)

    def keops_tensordot(
        self: _S,
        other: Any,
        dimfa: Sequence[int],
        dimfb: Sequence[int],
        contfa: Sequence[int],
        contfb: Sequence[int],
        *permutation: Sequence[int],
    ) -> _S:
        """Tensors of these shapes summed over pairs of axes; `permutation` tells where what remains goes."""
        places = list(permutation[0]) if permutation else []
        lists = [list(dimfa), list(dimfb), list(contfa), list(contfb), places]
        return self._with("TensorDot", other, parameters=_with_lengths(lists))

    def keops_kron(self: _S, other: Any, dimfself: Sequence[int], dimfother: Sequence[int]) -> _S:
        """The Kronecker product of tensors of these shapes."""
        return self._with("Kron", other, parameters=_with_lengths([list(dimfself), list(dimfother)]))

    def elem(self: _S, i: int) -> _S:
        """Component `i`, a scalar."""
        return self._applied("Elem", i)

    def extract(self: _S, i: int, d: int) -> _S:
        """The `d` components from `i` on."""
        return self._applied("Extract", i, d)

    def one_hot(self: _S, D: int) -> _S:
        """A vector of dimension `D` with 1 at the place that this scalar tells."""
        return self._applied("OneHot", D)

    def bspline(self: _S, x: Any, k: int = 0) -> _S:
        """Basis splines of degree `k` for these knots at the scalar `x`."""
        return self._with("BSpline", x, parameters=(k,))

    @staticmethod
    def concatenate(tuple_of_lt: Sequence[Any], axis: int = -1) -> Any:
        """The components of several tensors, one after the other; `axis` is the last one."""
        first, *rest = tuple_of_lt
        first._check_last("concatenate", axis)
        return first._combined_in_turn("Concat", [first, *rest])

    @staticmethod
    def cat(tuple_of_lt: Sequence[Any], dim: int) -> Any:
        """As `concatenate`, by PyTorch's name."""
        return Functions.concatenate(tuple_of_lt, dim)

    def grad(self: _S, other: Any, gradin: Any) -> _S:
        """The gradient with respect to a variable for the cotangent `gradin`."""
        return self._calculus("Grad", other, gradin)

    def diff(self: _S, other: Any, diffin: Any) -> _S:
        """The derivative where a variable changes along `diffin`."""
        return self._calculus("Diff", other, diffin)

    def grad_matrix(self: _S, other: Any) -> _S:
        """The gradients of all components with respect to a variable, one after the other."""
        return self._calculus("GradMatrix", other)

    def divergence(self: _S, var: Any) -> _S:
        """The divergence with respect to a variable."""
        return self._calculus("Divergence", var)

    def laplacian(self: _S, var: Any) -> _S:
        """The Laplacian of a scalar with respect to a variable."""
        return self._calculus("Laplacian", var)

    def trace_operator(self: _S, var: Any) -> _S:
        """The trace of what is linear in a variable."""
        return self._calculus("TraceOperator", var)

    @property
    def real(self: _S) -> _S:
        """The real parts."""
        return self._applied("ComplexReal") if self.is_complex else self

    @property
    def imag(self: _S) -> _S:
        """The imaginary parts."""
        if not self.is_complex:
            raise ArgumentError("imag: the tensor is real; expected a complex one")
        return self._applied("ComplexImag")

    def _check_last(self, name: str, axis: int) -> None:
        last = self.nbatchdims + 2
        if axis not in (-1, last):
            raise ArgumentError(f"{name}: the axis is {axis}; expected -1 or {last}, that of the vectors")

    def _combined_in_turn(self: _S, name: str, operands: Sequence[Any]) -> _S:
        made = self._lazy(operands[0])
        for other in operands[1:]:
            made = made._with(name, other)
        return made

    def _calculus(self: _S, name: str, v: Any, *others: Any) -> _S:
        arguments = v._state.arguments if isinstance(v, Base) else ()
        if len(arguments) != 1 or not any(arguments[0].is_same(known) for known in self._state.arguments):
            raise ArgumentError(f"{name}: the second tensor is not a variable of the first")
        return self._with(name, v, *others)


def _with_lengths(lists: Sequence[list[int]]) -> tuple[int, ...]:
    """Lists as the parameters of an operation: each after its length."""
    return tuple(number for one in lists for number in (len(one), *one))


#: The methods of no argument that are made above.
UNARY: set[str] = set()
for _name, _method in vars(Functions).items():
    if getattr(_method, "__name__", "") == "method":
        _method.__name__, _method.__qualname__ = _name, f"Functions.{_name}"
        if _method.__code__.co_argcount == 1:
            UNARY.add(_name)
