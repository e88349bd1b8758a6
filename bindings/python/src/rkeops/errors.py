"""What calls raise: an exception for each code of the library, each also one of Python's own."""

from __future__ import annotations


class Error(Exception):
    """A call failed; the message says what is wrong, where, and what would be right."""


class FormulaSyntaxError(Error, ValueError):
    """A text is not a formula; a caret in the message shows the place."""


class UnknownNameError(Error, NameError, ValueError):
    """An operation, a reduction or a variable has no such name."""


class ArityError(Error, TypeError, ValueError):
    """An operation got too few or too many operands or parameters."""


class DimensionError(Error, ValueError):
    """The dimensions of operands do not fit together."""


class ArgumentError(Error, ValueError):
    """An argument has a value that is not allowed."""


class DtypeError(Error, TypeError, ValueError):
    """An array has a number format that does not fit."""


class ShapeError(Error, ValueError):
    """An array has a rank or an extent that does not fit."""


class StrideError(Error, ValueError):
    """The strides or the alignment of an array cannot be used."""


class DeviceError(Error, RuntimeError):
    """The device of an array is missing or cannot be used here."""


class OverlapError(Error, ValueError):
    """An output shares memory with another array of the call."""


class SizeError(Error, OverflowError, ValueError):
    """A size overflows what can be addressed."""


class CancelledError(Error, RuntimeError):
    """Something asked the run to stop."""


class UnsupportedError(Error, NotImplementedError):
    """The request makes sense, but this library or this machine cannot do it."""


class InternalError(Error, RuntimeError):
    """A defect of the library; please report it with the message."""


class CountError(Error, TypeError, ValueError):
    """The number of arrays is wrong."""


class HandleError(Error, RuntimeError):
    """A handle was freed before, or is a handle of another type."""


class IndexingError(Error, IndexError, ValueError):
    """An index is out of range, or chooses what cannot be chosen."""


class ConvergenceError(Error, RuntimeError):
    """A solver did not reach its tolerance."""


#: The exception of each RKEOPS_ERROR_ code, by the code.
BY_CODE: dict[int, type[Error]] = dict(
    enumerate(
        [
            FormulaSyntaxError,
            UnknownNameError,
            ArityError,
            DimensionError,
            ArgumentError,
            DtypeError,
            ShapeError,
            StrideError,
            DeviceError,
            OverlapError,
            SizeError,
            CancelledError,
            UnsupportedError,
            InternalError,
            CountError,
            HandleError,
            ConvergenceError,
        ],
        start=1,
    )
)
