"""A row of the comparison: what is computed, by whom else, and what is required of us."""

from dataclasses import dataclass
from typing import Callable, Optional, Union

from problem import Blocks, Problem, Work

QUICK_ROWS, QUICK_BATCH = 3_000, 40


class Missing(Exception):
    """A contestant that cannot run here, and what it lacks."""


@dataclass(frozen=True)
class Against:
    """A contestant. Ratios are of pairs per second, so that a slow one may go through a share of the rows of i.

    `make` gets a Work, already cut to its share, and the Run; it gives a call without arguments, or a call and a
    function that finds the results (one for each problem) in what the call gives. It may import what may be missing.
    """

    name: str
    make: Callable
    least: Optional[float] = None  # the ratio that we must reach
    share: int = 1
    checked: bool = True  # whether it computes the problems at all
    changed: Callable = lambda work: work  # a contestant may do other work, counted by its own pairs
    or_slower: tuple = ()  # others: we are rated against the slowest


@dataclass(frozen=True)
class Row:
    """What rkeops computes, and against whom."""

    work: str
    problems: Union[Problem, tuple]  # several: computed in one pass
    rows_i: int
    rows_j: int
    against: list
    dtype: str = "float32"
    batch: int = 0  # how many problems of this size
    blocks: int = 0  # how many blocks of rows, each of which meets one of as many
    target: str = "auto"
    one_array: bool = False  # y is x, and passed as such

    def made(self, quick):
        """The work, with its arrays; small where it has to be quick."""
        m, n = (min(rows, QUICK_ROWS) if quick else rows for rows in (self.rows_i, self.rows_j))
        batch = (min(self.batch, QUICK_BATCH) if quick else self.batch,) if self.batch else ()
        problems = self.problems if isinstance(self.problems, tuple) else (self.problems,)
        arrays = problems[-1].arrays(m, n, self.dtype, batch)
        if self.one_array:
            arrays["y"] = arrays["x"]
        return Work(problems, arrays, Blocks(m, n, self.blocks) if self.blocks else None)

    @property
    def title(self):
        """What the table says."""
        target = "" if self.target == "auto" else f", target {self.target}"
        return f"{self.work}, {self.dtype}{target}"
