"""The name that complex symbolic tensors have in KeOps. Here one class is for real and for complex numbers."""

from __future__ import annotations

from typing import Any


class ComplexMeta(type):
    """The type of a class that makes its base's instances, of complex numbers, and whose own are all that are complex.

    For complex numbers an array has to be complex, numbers are real parts where they are real, and two columns of a
    symbolic variable are one number.
    """

    def __instancecheck__(cls, instance: Any) -> bool:
        base: Any = cls.__base__
        return isinstance(instance, base) and bool(instance.is_complex)

    def __call__(cls, x: Any = None, axis: int | None = None) -> Any:
        base: Any = cls.__base__
        return base(x, axis, is_complex=True)
