"""Timing in turn, the rows of the table, and the JSON file. Knows nothing of what is compared."""

import json
import os
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Optional

PAUSE = 0.02  # seconds between two contestants, for threads to go to sleep


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


def in_turn(contestants, rounds):
    """Runs all contestants once unmeasured, then round-robin: what disturbs the machine disturbs each of them alike."""
    times = [[] for _ in contestants]
    for round_number in range(-1, rounds):
        for contestant, measured in zip(contestants, times):
            time.sleep(PAUSE)
            start = time.perf_counter()
            contestant.call()
            if round_number >= 0:
                measured.append(time.perf_counter() - start)
    for contestant, measured in zip(contestants, times):
        contestant.seconds = statistics.median(measured)


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
    cores = len(os.sched_getaffinity(0))
    return f"{fields.get('model name', 'unknown processor')} ({family}), {cores} cores, {' '.join(flags)}"


HEADER = f"{'work':<58} {'rkeops':>15}  {'against':<39} {'peer':>15} {'ratio':>10} {'required':>9}"


def line(row):
    """A row of the table."""
    mark = {None: "", True: "pass", False: "FAIL"}[row.passed()]
    required = "" if row.required is None else f"{row.required:.3g}"
    ratio = f"{row.ratio:.2f}" if row.ratio < 1000 else f"{row.ratio:.3g}"
    return f"{row.work:<58} {row.value:>15}  {row.against:<39} {row.peer_value:>15} {ratio:>10} {required:>9} {mark}"


def write(path, rows):
    """The JSON file of the design: machine and rows, with what was required and whether it was met."""
    content = {"machine": machine(), "rows": [{**asdict(row), "passed": row.passed()} for row in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
