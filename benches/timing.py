"""Timing in turn. Knows nothing of what is compared."""

import os
import statistics
import time
from dataclasses import dataclass

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
