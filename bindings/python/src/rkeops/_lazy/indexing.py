"""Parts of a matrix by `[]`, with the rules of NumPy and those of KeOps."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from .._arrays import readable
from .._formula import PARAMETER, I, J
from ..errors import ArgumentError, IndexingError
from .functions import Functions
from .indices import WHOLE, Index, count, is_whole, normalized, rows_of
from .matrix import Matrix
from .state import Argument, Sizes, Symbol

_S = TypeVar("_S", bound="Indexing")


class Indexing(Functions, Matrix):
    """Indices of a matrix."""

    def __getitem__(self: _S, key: Any) -> Any:
        """A part of the matrix, as NumPy chooses it from `K.dense()`.

        Where rows and columns are chosen each for itself the part is a smaller symbolic tensor: `K[2:10, :]`,
        `K[:, places]`, `K[mask, :]`, `K[np.ix_(rows, columns)]`. Rows, columns and entries are arrays: `K[3]`,
        `K[:, 5]`, `K[3, 5]`, and `K[[0, 2], [1, 3]]`, which is the entries (0, 1) and (2, 3).

        `K[..., k]` and `K[..., a:b]` are components of the vectors, and so are `K[:, :, k]` and `K[:, :, a:b]`. As in
        KeOps, a number or a slice alone chooses components, too, unless the tensor is a matrix of numbers: there it
        chooses rows.

        Raises IndexingError where an index is out of range or means nothing here.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x = np.array([[0.0], [1.0], [3.0]])
        >>> K = Vi(x) - Vj(x)
        >>> K[2]
        array([3., 2., 0.])
        >>> float(K[2, 1])
        2.0
        >>> K[1:, :].shape
        (2, 3)
        """
        *batch, i, j, component = self._indices(key)
        part = self._components(component)._of_batch(batch)
        if np.ndim(i) == np.ndim(j) == 2 and np.shape(i)[1] == np.shape(j)[0] == 1:
            # What numpy.ix_ makes of rows and columns.
            return part._block(np.ravel(i), np.ravel(j))
        if isinstance(i, slice) or isinstance(j, slice):
            block = part._block(_line(i), _line(j))
            if _line(i) is i and _line(j) is j:
                return block
            # One of them is an integer, or an array of several axes.
            rows, columns = block._shape[-3:-1]
            return part._shaped(block.dense(), _extents(i, rows) + _extents(j, columns))
        i, j = np.broadcast_arrays(i, j)
        return part._shaped(part.entries(np.ravel(i), np.ravel(j)), i.shape)

    def _indices(self, key: Any) -> list[Any]:
        """An index for each axis of `_shape`."""
        indices = list(key) if isinstance(key, tuple) else [key]
        is_matrix = self.ndim == 1 and None not in (self.ni, self.nj)
        if len(indices) == 1 and _is_simple(indices[0]) and not is_matrix:
            indices.insert(0, Ellipsis)
        is_component = len(indices) == 2 and indices[0] is Ellipsis and _is_simple(indices[1])
        indices = [part for index in indices for part in self._without_mask(index)]
        whole = [place for place, index in enumerate(indices) if index is Ellipsis] or [len(indices)]
        given = sum(index is not Ellipsis for index in indices)
        axes = len(self._shape if is_component or given > len(self.shape) else self.shape)
        if len(whole) > 1 or given > axes:
            raise IndexingError(f"the index {key!r} does not fit a tensor of shape {self.shape}")
        indices[whole[0] : whole[0] + 1] = [WHOLE] * (axes - given)
        if axes < len(self._shape):
            indices.append(WHOLE)
        names = [f"axis {axis}" for axis in range(self.nbatchdims)] + ["axis i", "axis j", "components"]
        return [normalized(*one) for one in zip(indices, self._shape, names)]

    def _without_mask(self, index: Any) -> list[Any]:
        """A mask of the matrix as the places of its rows and columns; any other index as it is."""
        if isinstance(index, (slice, type(Ellipsis))) or len(getattr(index, "shape", ())) != 2:
            return [index]
        mask = np.asarray(readable(index))
        if mask.dtype != bool:
            return [index]
        if mask.shape != self._shape[-3:-1]:
            raise IndexingError(f"the mask has shape {mask.shape}; expected {self._shape[-3:-1]}")
        return list(mask.nonzero())

    def _components(self: _S, index: Any) -> _S:
        """Components of the vectors."""
        if isinstance(index, int):
            return self.elem(index)
        if is_whole(index):
            return self
        if isinstance(index, slice) and index.step == 1 and index.start < index.stop:
            return self.extract(index.start, index.stop - index.start)
        raise IndexingError(f"the index of components is {index}; expected an integer, or a slice of step 1, not empty")

    def _of_batch(self: _S, batch: list[Any]) -> _S:
        """Some of the matrices of a batch; integers take their axes away."""
        if all(is_whole(index) for index in batch):
            return self
        if any(isinstance(index, np.ndarray) or isinstance(index, slice) and (index.step or 1) < 0 for index in batch):
            raise IndexingError("the index of an axis of the batch has to be an integer, or a slice that steps forward")
        extents = self._state.sizes.batch

        def part(argument: Argument) -> Any:
            own = argument.value.shape[: -1 if argument.category == PARAMETER else -2]
            last = len(extents) - len(own)
            # What is of one entry is the same for all of the batch.
            of_one = [0 if isinstance(index, int) else WHOLE for index in batch[last:]]
            chosen = zip(own, extents[last:], batch[last:], of_one)
            return argument.value[tuple(index if extent == full else one for extent, full, index, one in chosen)]

        left = [count(index, extent) for index, extent in zip(batch, extents) if isinstance(index, slice)]
        return self._part(part, self._state.sizes._replace(batch=tuple(left)))

    def _block(self: _S, i: Any, j: Any) -> _S:
        """The rows and columns that slices, or arrays of one axis, choose."""
        if is_whole(i) and is_whole(j):
            return self
        sizes, chosen = self._state.sizes, {I: i, J: j}
        rows = []
        for name, index, extent in (("i", i, sizes.rows_i), ("j", j, sizes.rows_j)):
            rows.append(count(index, 1 if extent is None else extent))
            if extent is None and rows[-1] != 1:
                raise IndexingError(f"the tensor does not depend on {name}: got {rows[-1]} places there, expected one")

        def part(argument: Argument) -> Any:
            index = chosen.get(argument.category, WHOLE)
            return rows_of(self._library, argument.value, index)

        made = (None if extent is None else row for extent, row in zip(sizes[1:], rows))
        return self._part(part, Sizes(sizes.batch, *made))

    def _part(self: _S, part: Any, sizes: Sizes) -> _S:
        """The tensor of parts of its arrays."""
        if self._ranges is not None:
            raise ArgumentError("the tensor has ranges, which are of all its rows; expected none where some are chosen")
        if self.symbolic_variables:
            raise ArgumentError("the tensor has symbolic variables, of which no rows are known")
        arguments = tuple(
            one if isinstance(one.value, tuple) else Argument(part(one), one.dim, one.category)
            for one in self._state.arguments
        )
        return self._new(self._state._replace(arguments=arguments, sizes=sizes))

    def _shaped(self, values: Any, extents: tuple[int, ...]) -> Any:
        """Values with these axes between those of the batch and the components; of no axes at all a number."""
        components = () if self.ndim == 1 else (self.ndim,)
        shape = (*self._state.sizes.batch, *extents, *components)
        shaped = self._library.reshape(values, shape)
        return shaped if shape else shaped[()]


def _is_simple(index: Any) -> bool:
    """Whether an index is a number or a slice."""
    return isinstance(index, (int, np.integer, slice)) and not isinstance(index, bool)


def _line(index: Any) -> Any:
    """An index of places along one axis."""
    return index if isinstance(index, slice) or np.ndim(index) == 1 else np.reshape(index, -1)


def _extents(index: Any, chosen: int) -> tuple[int, ...]:
    """The axes that an index leaves."""
    return (chosen,) if isinstance(index, slice) else np.shape(index)
