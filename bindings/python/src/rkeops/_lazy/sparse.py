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
#: How many entries are looked at together.
_BLOCK = 1 << 20


class Sparse(Indexing, LinearOperator):
    """Parts of a matrix that are stored."""

    def radius_neighbors_graph(self, radius: float) -> Any:
        """The entries that are at most `radius`, as a `scipy.sparse.csr_matrix` of shape (M, N).

        For a matrix of distances it is the graph of neighbours that scikit-learn has by this name with mode="distance".
        Entries are stored where they are 0, too. Memory is taken for what is found, not for the whole matrix.

        Raises ArgumentError unless the tensor is one real matrix of arrays, without ranges, and `radius` is finite, and
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

        if len(self.shape) != 2 or self.is_complex or self._ranges is not None or self.symbolic_variables:
            raise ArgumentError(f"radius_neighbors_graph: got {self!r}; expected a real matrix, no ranges")
        if not math.isfinite(radius):
            raise ArgumentError(f"radius_neighbors_graph: radius is {radius}; expected a finite number")
        parts = zip(*self._of_numpy()._within(float(radius)))
        rows, counts, columns, values = (np.concatenate(part) for part in parts)
        starts = np.concatenate([[0], counts.cumsum()])
        graph = csr_matrix((values, columns, starts), shape=self.shape)[np.argsort(rows)]
        graph.sort_indices()
        return graph

    def _within(self, radius: float) -> Iterator[tuple[Any, Any, Any, Any]]:
        """The entries that are at most the radius, some rows at a time: these, how many entries each has, their
        columns, and the entries, row after row.
        """
        counts = self._with("LessOrEqual", radius).sum(axis=1)[:, 0]
        index = np.int32 if self.shape[1] < 2**31 else np.int64
        nothing = (counts == 0).nonzero()[0]
        yield nothing, np.zeros(len(nothing), np.int64), np.empty(0, index), np.empty(0, counts.dtype)
        rows = counts.nonzero()[0]
        for k in (k for k in _RANKED if k < self.shape[1]):
            # One more than was counted, so that a row is known to have no more, however its count was rounded.
            few, rows = rows[counts[rows] < k], rows[counts[rows] >= k]
            for here in _chunks(few, k):
                values, columns = self[here, :].Kmin_argKmin(k, axis=1)
                kept = values <= radius
                has_more = kept[:, -1].copy()
                kept[has_more] = False
                yield here[~has_more], kept[~has_more].sum(axis=1), columns[kept].astype(index), values[kept]
                rows = np.append(rows, here[has_more])
                counts[here[has_more]] = k
        for here in _chunks(rows, self.shape[1]):
            values = self[here, :].dense()
            kept = values <= radius
            yield here, kept.sum(axis=1), kept.nonzero()[1].astype(index), values[kept]


def _chunks(rows: Any, width: int) -> Iterator[Any]:
    """Numbers of rows, as many together as are of a block of entries."""
    step = max(1, _BLOCK // max(1, width))
    return (rows[start : start + step] for start in range(0, len(rows), step))
