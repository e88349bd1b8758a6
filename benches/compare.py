"""Compares rkeops with its peers and with the yardsticks, all contestants of a row in turn in one run.

Called by run.sh, which builds everything; prints a table, and writes a JSON file and a plot for each family into the
bench folder. Medians of the rounds; ratios are of pairs per second. Exits with 1 where a required ratio is missed or
could not be measured, and with 2 where a contestant computed something wrong.
"""

import argparse
import importlib
import sys

import families
from contest import Run, attempt, results_of
from report import HEADER, line, machine, peers, plot, write
from timing import CLOCK, QUIET


def family_results(name, run):
    """Prints the lines of a family as they come, and writes its files."""
    family, results = importlib.import_module(f"families.{name}"), []
    print(f"\n{name}: {family.__doc__.splitlines()[0]}")
    for row in family.ROWS:
        for result in limits_of(row, run) if callable(row) else results_of(row, run):
            results.append(result)
            print(line(result, judged=not run.quick), flush=True)
    if not run.spoil:
        write(run.bench / f"{name}.json", results, run.quick)
        lacking = plot(run.bench / f"{name}.svg", family.__doc__.splitlines()[0], results, judged=not run.quick)
        print(f"  {name}.json, {lacking or f'{name}.svg'}")
    return results


def limits_of(function, run):
    """The results of a function, or what it failed with."""
    results, trouble = attempt((function.__name__, "its limits", 1.0), lambda: list(function(run)))
    return [trouble] if trouble else results


def verdict(results, run):
    """Says what the whole run came to; the exit status."""
    wrong = [r for r in results if r.wrong]
    unmeasured = [r for r in results if r.trouble and not r.wrong and r.required]
    missed = [] if run.quick else [r for r in results if r.passed() is False and not r.trouble]
    if QUIET.others > 0.05 and not CLOCK.busy:
        print(f"\nOthers took up to {100 * QUIET.others:.0f} % of the processors: measure again on a quiet machine.")
    required = sum(r.required is not None for r in results)
    print(f"\n{len(results)} results, {required} with a requirement.{' Quick: none is judged.' * run.quick}")
    print(f"{len(missed)} missed, {len(unmeasured)} not measured, {len(wrong)} wrong.")
    for r in (*missed, *unmeasured, *wrong):
        print(f"  {r.work}, against {r.against}: {r.trouble or f'{r.ratio:.2f} of {r.required:.3g}'}")
    return 2 if wrong else 1 if missed or unmeasured else 0


def believed(results):
    """With spoiled results every row has to be found wrong; the exit status."""
    blind = [result for result in results if not result.wrong]
    print(f"\n{len(results)} rows with spoiled results, {len(blind)} of which were believed.")
    for result in blind:
        print(f"  {result.work}, against {result.against}")
    return 2 if blind else 0


def main():
    """All families, or those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = families.NAMES
    for name, text in (
        ("--quick", "small sizes, fewer rounds, no verdicts: does every row still work?"),
        ("--busy", "rates by processor time: for a machine that others use"),
        ("--spoil", "our results are spoiled and nothing is timed: is every wrong result noticed?"),
    ):
        parser.add_argument(name, action="store_true", help=text)
    parser.add_argument("--only", action="append", choices=names, metavar="FAMILY", help=", ".join(names))
    options = parser.parse_args()
    run, CLOCK.busy = Run(options.quick or options.spoil, options.spoil), options.busy

    print(machine())
    print(peers())
    print(f"medians of {run.rounds} rounds{', quick' if run.quick else ''}{', processor time' if CLOCK.busy else ''}\n")
    print(HEADER)
    names = options.only or [name for name in names if not (options.spoil and name == "limits")]
    results = [result for name in names for result in family_results(name, run)]
    sys.exit(believed(results) if options.spoil else verdict(results, run))


if __name__ == "__main__":
    main()
