"""Runs a row: everybody is compared with the dense evaluation first, and timed in turn after that."""

import os
from pathlib import Path

from peers.ours import kernel
from problem import Wrong, check
from report import compared, troubled
from rkeops_abi import Library
from row import Missing
from timing import Contestant, in_turn


class Run:
    """How this run measures, and where things are."""

    def __init__(self, quick, spoil=False):
        self.quick, self.spoil, self.rounds = quick, spoil, 3 if quick else 7
        self.bench, self.library_path = Path(os.environ["RKEOPS_BENCH"]), Path(os.environ["RKEOPS_LIBRARY"])
        self.library = Library(self.library_path)


def results_of(row, run):
    """One result for each comparison of a row. Who computes something else is told, and not timed."""
    work = row.made(run.quick)

    def ours():
        call = kernel(work, run, row.target)
        return contestant("rkeops", spoiled(call) if run.spoil else call, work, True)

    rkeops, trouble = attempt((row.title, "the dense evaluation", 1.0), ours)
    if trouble:
        yield trouble
        return
    if run.spoil:
        yield troubled(row.title, "the dense evaluation", None, "BELIEVED")
        return
    found = []
    for against in row.against:
        labels = (row.title, against.name, against.least)
        contestants, trouble = attempt(labels, challengers, against, work, run)
        if trouble:
            yield trouble
        else:
            found.append((against, contestants))
    in_turn([rkeops, *(one for _, contestants in found for one in contestants)], run.rounds)
    for against, contestants in found:
        yield compared(row.title, rkeops, min(contestants, key=Contestant.rate), against.least)


def attempt(labels, make, *arguments):
    """What `make` gives, and no trouble; or nothing, and the result that tells the trouble. Its labels: work, against,
    required.

    Whatever a peer fails with, the other rows go on; the status of the run tells.
    """
    try:
        return make(*arguments), None
    except Wrong as wrong:
        return None, troubled(*labels, f"WRONG RESULT: {wrong}", wrong=True)
    except Missing as missing:
        reason = str(missing)
    except ImportError as error:
        reason = f"{error}; benches/run.sh installs what benches/requirements*.txt name"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    return None, troubled(*labels, f"NOT MEASURED: {reason}")


def contestant(name, made, work, checked):
    """Something that can be timed, after its results have been compared with the dense evaluation."""
    call, results = made if isinstance(made, tuple) else (made, lambda result: result)
    returned = call()
    if checked:
        check(name, work, results(returned))
    return Contestant(name, call, work.pairs)


def challengers(against, work, run):
    """The contestants of a comparison; more than one where the slowest counts."""
    changed = against.changed(work).share(against.share)
    first = contestant(against.name, against.make(changed, run), changed, against.checked)
    return [first, *(one for other in against.or_slower for one in challengers(other, work, run))]


def spoiled(call):
    """A call whose results are a little wrong: nobody may believe them."""

    def wrong():
        results = [result.copy() for result in call()]
        for result in results:
            result.flat[0] += 1 if result.dtype.kind == "i" else abs(result).max() * 1e-3
        return results

    return wrong
