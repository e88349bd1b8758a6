"""Timing in turn, the rows of the table, and the JSON file. Knows nothing of what is compared."""

import json
import os
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Optional

PAUSE = 0.02  # seconds between two contestants, for threads to go to sleep
CORES = len(os.sched_getaffinity(0))


class Clock:
    """Wall time; or, on a machine that others use, processor time as if all cores had shared it evenly."""

    busy = False

    def __call__(self):
        return time.process_time() / CORES if self.busy else time.perf_counter()


CLOCK = Clock()


@dataclass
class Contestant:
    """Something that computes: a call, and the number of pairs that one call goes through."""

    name: str
    call: object
    pairs: float
    seconds: float = 0.0  # median, filled by in_turn

    def rate(self):
        """Pairs per second."""
        return self.pairs / self.seconds


class Quiet:
    """How much of the processors other processes took while this one measured: `with quiet:`, then `quiet.others`.

    Where that is more than a few per cent, times say little: work that is split evenly waits for its slowest thread.
    """

    def __init__(self):
        self.others = 0.0

    def __enter__(self):
        self._start = self._ticks()

    def __exit__(self, *_):
        busy, own, everything = (after - before for after, before in zip(self._ticks(), self._start))
        if everything > 0:
            self.others = max(self.others, (busy - own) / everything)

    @staticmethod
    def _ticks():
        second = os.sysconf("SC_CLK_TCK")
        with open("/proc/stat", encoding="ascii") as lines:
            ticks = [int(field) for field in lines.readline().split()[1:9]]
        mine = os.times()
        return sum(ticks) - ticks[3] - ticks[4], (mine.user + mine.system) * second, sum(ticks)


QUIET = Quiet()


def in_turn(contestants, rounds):
    """Runs all contestants once unmeasured, then round-robin: what disturbs the machine disturbs each of them alike."""
    with QUIET:
        times = _in_turn(contestants, rounds)
    for contestant, measured in zip(contestants, times):
        contestant.seconds = statistics.median(measured)


def _in_turn(contestants, rounds):
    times = [[] for _ in contestants]
    for round_number in range(-1, rounds):
        for contestant, measured in zip(contestants, times):
            time.sleep(PAUSE)
            start = CLOCK()
            contestant.call()
            if round_number >= 0:
                measured.append(CLOCK() - start)
    return times


@dataclass
class Row:
    """One comparison. `ratio` is how many times better than the peer, or than the limit where the row has one."""

    work: str
    against: str
    ratio: float
    seconds: Optional[float] = None
    peer_seconds: Optional[float] = None  # scaled to the same number of pairs
    required: Optional[float] = None  # least ratio
    value: str = ""  # what is shown for rkeops
    peer_value: str = ""

    def passed(self):
        """None where nothing is required."""
        return None if self.required is None else self.ratio >= self.required


def rate(pairs_per_second):
    """In words."""
    return f"{pairs_per_second / 1e9:.3f} Gpair/s"


def compared(work, ours, peer, required=None):
    """The row of two contestants by their rates: a slow peer may have run on fewer rows of x."""
    note = "" if peer.pairs == ours.pairs else f" (on 1/{ours.pairs / peer.pairs:.0f} of the rows)"
    return Row(
        work,
        peer.name + note,
        ours.rate() / peer.rate(),
        ours.seconds,
        ours.pairs / peer.rate(),
        required,
        rate(ours.rate()),
        rate(peer.rate()),
    )


def limited(work, limit_text, ratio, value, seconds=None, required=1.0):
    """The row of a number that has a limit: `ratio` is limit / number."""
    return Row(work, "limit " + limit_text if required else limit_text, ratio, seconds, None, required, value)


def machine():
    """This machine in a line."""
    fields = {}
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    flags = [flag for flag in ("avx2", "fma", "avx512f", "avx512dq") if flag in fields.get("flags", "").split()]
    family = "family {cpu family} model {model}".format_map(fields) if "cpu family" in fields else ""
    return f"{fields.get('model name', 'unknown processor')} ({family}), {CORES} cores, {' '.join(flags)}"


HEADER = f"{'work':<58} {'rkeops':>15}  {'against':<39} {'peer':>15} {'ratio':>10} {'required':>9}"


def line(row):
    """A row of the table."""
    mark = {None: "", True: "pass", False: "FAIL"}[row.passed()]
    required = "" if row.required is None else f"{row.required:.3g}"
    ratio = f"{row.ratio:.2f}" if row.ratio < 1000 else f"{row.ratio:.3g}"
    return f"{row.work:<58} {row.value:>15}  {row.against:<39} {row.peer_value:>15} {ratio:>10} {required:>9} {mark}"


def write(path, rows):
    """The JSON file of the design: machine and rows, with what was required and whether it was met."""
    content = {"machine": machine(), "clock": "processor" if CLOCK.busy else "wall", "others": round(QUIET.others, 3)}
    content["rows"] = [{**asdict(row), "passed": row.passed()} for row in rows]
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
