"""Sparse matrices of the entries that matter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .indexing import Indexing
from .linear_operator import LinearOperator

#: The numbers of neighbours that are ranked; a row that has more is looked at as a whole.
_RANKED = (4, 8, 16, 32, 64, 128)
#: How many entries of whole rows are looked at together.
_BLOCK = 1 << 20


class Sparse(Indexing, LinearOperator):
    """Parts of a matrix that are stored."""

    def radius_neighbors_graph(self, radius: float) -> Any:
        """The entries that are at most `radius`, as a `scipy.sparse.csr_matrix` of shape (M, N) with the tensor's dtype.

        For a matrix of distances it is the weighted graph of neighbours which scikit-learn calls so with mode="distance".
        Entries are stored where they are 0, too. Memory is taken for what is found, not for the whole matrix.

        Raises ArgumentError unless the tensor is one real matrix without ranges and `radius` is finite, and
        ModuleNotFoundError without SciPy.

        >>> import numpy as np
        >>> from rkeops.numpy import Vi, Vj
        >>> x = np.array([[0.0], [1.0], [3.0]])
        >>> graph = (Vi(x) - Vj(x)).abs().radius_neighbors_graph(1.5)
        >>> graph.toarray()
        array([[0., 1., 0.],
               [1., 0., 0.],
               [0., 0., 0.]])
        >>> graph.nnz
        5
        """
        from scipy.sparse import csr_matrix

        if len(self.shape) != 2 or self.is_complex or self._ranges is not None:
            raise ArgumentError(f"radius_neighbors_graph: expected one real matrix without ranges; got {self!r}")
        if not math.isfinite(radius):
            raise ArgumentError(f"radius_neighbors_graph: radius is {radius}; expected a finite number")
        found = zip(*self._of_numpy()._within(float(radius)))
        rows, columns, values = (np.concatenate(parts) for parts in found)
        return csr_matrix((values, (rows, columns)), shape=self.shape)

    def _within(self, radius: float) -> Iterator[tuple[Any, Any, Any]]:
        """The entries that are at most the radius: their rows, their columns, and they themselves, part by part."""
        counts = self._with("LessOrEqual", radius).sum(axis=1)[:, 0]
        nowhere = np.empty(0, np.int64)
        yield nowhere, nowhere, np.empty(0, counts.dtype)
        rows, (_, width) = counts.nonzero()[0], self.shape
        # One more than was counted, so that a row is known to have no more.
        wanted = counts[rows] + 1
        for k in (k for k in _RANKED if k < width):
            here = rows[wanted <= k]
            values, columns = self[here, :].Kmin_argKmin(k, axis=1)
            kept = values <= radius
            has_more = kept[:, -1]
            kept[has_more] = False
            yield np.repeat(here, kept.sum(axis=1)), columns[kept], values[kept]
            # The count may have been of other rounding: nothing hangs on it.
            is_later = wanted > k
            is_later[wanted <= k] = has_more
            rows, wanted = rows[is_later], np.maximum(wanted[is_later], k + 1)
        step = max(1, _BLOCK // max(1, width))
        for start in range(0, len(rows), step):
            here = rows[start : start + step]
            values = self[here, :].dense()
            found, columns = (values <= radius).nonzero()
            yield here[found], columns, values[found, columns]
