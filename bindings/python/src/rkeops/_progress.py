"""What happens while the library computes for long: interrupts are heard, and progress is shown where it was asked for."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, Callable

from ._library import Options, Progress, error_of

#: Lane operations from which on a run takes long, some 20 ms: it is worth another thread then.
LONG = 1 << 28
#: Seconds between two looks at how far a run is.
_INTERVAL = 0.05

#: A call of the library: it takes the address of options, or nothing, and returns an error, or nothing.
Call = Callable[[Any], "int | None"]

_local = threading.local()


@contextlib.contextmanager
def progress_bar(**options: Any) -> Iterator[None]:
    """Shows how far each run inside is that takes long, by tqdm, which has to be installed; `options` are for it.

    >>> import rkeops
    >>> with rkeops.progress_bar():  # doctest: +SKIP
    ...     K @ b
    """
    from tqdm.auto import tqdm  # type: ignore[import-untyped]

    before = getattr(_local, "bar", None)
    _local.bar = lambda total: tqdm(total=total, **{"unit": "pairs", "unit_scale": True, **options})
    try:
        yield
    finally:
        _local.bar = before


class _Worker:
    """A thread that makes one call after another. A new one for each would take some milliseconds of a long run: threads
    that are new are put on processors badly, and their memory is new, too.
    """

    def __init__(self) -> None:
        # Only long runs need it: importing the package does not wait for it.
        from queue import SimpleQueue

        self.calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self.work, name="rkeops", daemon=True).start()

    def work(self) -> None:
        while True:
            self.calls.get()()


#: Workers that wait for a call. A forked process has no threads but the one that forked.
_idle: deque[_Worker] = deque()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)


class _Watched:
    """A run in another thread. Python hears signals in its main thread only, and there between two instructions of its
    own: so that is where somebody has to wait, and nothing that a signal raises can get lost in a callback.
    """

    def __init__(self, call: Call, fields: dict[str, Any]) -> None:
        self.call = call
        #: Guards that no run begins once it is to stop.
        self.lock = threading.Lock()
        self.runs = self.stops = False
        self.done = self.total = 0
        self.error: int | None = None
        self.callback = Progress(self.told)
        self.options = Options(size=ctypes.sizeof(Options), progress=self.callback, **fields)
        # Not whether the thread lives: some versions of Python take it for dead where waiting for it is interrupted.
        self.ended = threading.Event()

    def told(self, done: int, total: int, user: Any) -> int:
        self.done, self.total = done, total
        return int(self.stops)

    def run(self) -> None:
        with self.lock:
            if self.stops:
                return
            self.runs = True
        try:
            self.error = self.call(ctypes.addressof(self.options))
        finally:
            self.ended.set()

    def settle(self) -> bool:
        """Stops the run, if it has begun, and waits for its end."""
        with self.lock:
            self.stops = True
        if self.runs:
            self.ended.wait()
        return True

    def wait(self) -> int | None:
        make, bar = getattr(_local, "bar", None), None
        try:
            worker = _idle.pop()
        except IndexError:
            worker = _Worker()
        try:
            worker.calls.put(self.run)
            while not self.ended.wait(_INTERVAL):
                if make is not None and self.total:
                    bar = bar or make(self.total)
                    bar.update(self.done - bar.n)
        finally:
            # Whatever has been raised here, and whatever more is: the arrays are in use until the run has ended.
            settled = False
            while not settled:
                with contextlib.suppress(BaseException):
                    settled = self.settle()
            _idle.append(worker)
            if bar is not None:
                bar.close()
        return self.error


def _shows() -> bool:
    return getattr(_local, "bar", None) is not None


def run(call: Call, fields: dict[str, Any], work: int) -> None:
    """Makes a call with fields of options for a run of so many lane operations, and raises what went wrong."""
    if work >= LONG and (_shows() or threading.current_thread() is threading.main_thread()):
        error = _Watched(call, fields).wait()
    elif not fields:
        error = call(None)
    else:
        options = Options(size=ctypes.sizeof(Options), **fields)
        error = call(ctypes.addressof(options))
    if error:
        raise error_of(error)
