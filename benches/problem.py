"""What is computed: reductions in KeOps' language, the data of their arguments, and what they mean in plain NumPy."""

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Callable, NamedTuple, Optional

import numpy as np


class Argument(NamedTuple):
    """An alias such as "x=Vi(3)" in its parts."""

    name: str
    category: str  # Vi, Vj or Pm
    columns: int


@dataclass(frozen=True)
class Problem:
    """A reduction over j, in the words that rkeops and pykeops share.

    `exact` gives one row of the result from arrays by the names of the arguments: of an i-variable that one row, of a
    j-variable all rows. Where the reduction gives indices it gives the values of the formula at all j instead.
    """

    formula: str
    aliases: tuple
    exact: Callable
    reduction: str = "Sum"
    number: Optional[int] = None  # of neighbours
    weights: str = ""  # the second formula of some reductions
    gradient: bool = False  # in x, with the cotangent e
    draw: dict = field(default_factory=dict)  # how the data of an argument is made, unless uniformly in [0, 1)
    rounding: float = 1.0  # how many times the usual error is allowed

    @property
    def arguments(self):
        """The aliases in their parts."""
        pattern = re.compile(r"(\w+)=(Vi|Vj|Pm)\((\d+)\)")
        return [Argument(m[1], m[2], int(m[3])) for m in map(pattern.fullmatch, self.aliases)]

    @property
    def text(self):
        """The reduction as rkeops reads it."""
        parts = [
            self.formula,
            *([str(self.number)] if self.number else []),
            "0",
            *([self.weights] if self.weights else []),
        ]
        text = f"{self.reduction}_Reduction({','.join(parts)})"
        return f"Grad({text},x,e)" if self.gradient else text

    @property
    def gives_indices(self):
        """Whether results are numbers of rows."""
        return self.reduction.startswith("Arg")

    def arrays(self, m, n, dtype, batch=(), seed=0):
        """Data for m rows of i and n rows of j; an argument is the same for all problems that have it."""
        rows = {"Vi": (*batch, m), "Vj": (*batch, n), "Pm": ()}
        made = {}
        for name, category, columns in self.arguments:
            rng = np.random.default_rng([seed, *name.encode()])
            draw = self.draw.get(name, lambda rng, shape: rng.random(shape))
            made[name] = np.asarray(draw(rng, (*rows[category], columns))).astype(dtype)
        return made


@dataclass(frozen=True)
class Blocks:
    """Which pairs are kept: `count` blocks of rows of i, each of which meets one block of as many of j."""

    m: int
    n: int
    count: int

    @cached_property
    def meets(self):
        """The block of j that each block of i meets."""
        return np.random.default_rng(self.count).permutation(self.count)

    def edges(self, rows):
        """Start and end of each block of so many rows."""
        cuts = np.arange(self.count + 1) * rows // self.count
        return np.stack([cuts[:-1], cuts[1:]], axis=1)

    def of_row(self, i):
        """The rows of j that row i meets."""
        block = np.searchsorted(self.edges(self.m)[:, 1], i, side="right")
        return slice(*self.edges(self.n)[self.meets[block]])

    @property
    def pairs(self):
        """How many pairs are kept."""
        sizes_i, sizes_j = (np.diff(self.edges(rows))[:, 0] for rows in (self.m, self.n))
        return int(sizes_i @ sizes_j[self.meets])


@dataclass(frozen=True)
class Work:
    """Problems that are computed in one pass, and the arrays that they are computed of."""

    problems: tuple
    arrays: dict
    blocks: Optional[Blocks] = None

    @property
    def problem(self):
        """The only problem, or the last one: it has all the arguments."""
        return self.problems[-1]

    @property
    def inputs(self):
        """The arrays in the order of the arguments."""
        return [self.arrays[argument.name] for argument in self.problem.arguments]

    @property
    def dtype(self):
        """The format of the numbers."""
        return self.inputs[0].dtype

    def leading(self, category="Vi"):
        """The shape of an array of this category without its columns."""
        name = next(a.name for a in self.problem.arguments if a.category == category)
        return self.arrays[name].shape[:-1]

    @property
    def pairs(self):
        """Pairs (i, j) of all problems of a batch."""
        if self.blocks:
            return self.blocks.pairs
        return int(np.prod(self.leading())) * self.leading("Vj")[-1]

    def share(self, part):
        """The same with the first of `part` parts of the rows of i."""
        rows = max(1, self.leading()[-1] // part)
        cut = {a.name: self.arrays[a.name][..., :rows, :].copy() for a in self.problem.arguments if a.category == "Vi"}
        return self if part == 1 else replace(self, arrays={**self.arrays, **cut})

    def exact(self, problem, row, kind=np.float64):
        """A row of the result (or what Problem.exact gives instead) in the number format `kind`; rows are counted
        through all problems of a batch."""
        *batch, i = np.unravel_index(row, self.leading())
        kept = self.blocks.of_row(i) if self.blocks else slice(None)
        of_category = {"Vi": (*batch, i), "Vj": (*batch, kept), "Pm": ()}
        return problem.exact(
            **{a.name: self.arrays[a.name][of_category[a.category]].astype(kind) for a in problem.arguments}
        )


class Wrong(Exception):
    """A contestant computes something else."""


def check(name, work, results, rows=8):
    """Compares rows of the results, the first and the last among them, with the dense evaluation in float64."""
    usual = 2e-5 if work.dtype == np.float32 else 1e-12
    for problem, result in zip(work.problems, results, strict=True):
        flat = np.asarray(result).reshape(int(np.prod(work.leading())), -1)
        chosen = np.unique(np.linspace(0, len(flat) - 1, rows).astype(int))
        exact = np.array([np.atleast_1d(work.exact(problem, row)) for row in chosen])
        found = flat[chosen]
        if problem.gives_indices:
            found, exact, scale = _values_at(name, problem, exact, found)
        else:
            scale = np.abs(exact).max()
        if found.shape != exact.shape:
            raise Wrong(f"{name} gives {found.shape[1]} columns instead of {exact.shape[1]}")
        error, allowed = np.abs(found - exact).max(), usual * problem.rounding * scale
        if not error <= allowed:
            raise Wrong(
                f"{name} computes another {problem.text} in {work.dtype}: off by {error:.1e}, {allowed:.1e} is allowed"
            )


def _values_at(name, problem, values, indices):
    """The values that the indices stand for and those that they should stand for: indices of ties may differ."""
    count, columns = problem.number or 1, values.shape[1]
    if indices.shape[1] != count or not ((indices >= 0) & (indices < columns)).all():
        raise Wrong(f"{name} gives {indices.shape[1]} indices, {count} from 0 to {columns - 1} were asked for")
    if any(len(np.unique(row)) < count for row in indices):
        raise Wrong(f"{name} gives an index twice")
    return np.take_along_axis(values, indices, axis=1), np.sort(values, axis=1)[:, :count], np.abs(values).max()
