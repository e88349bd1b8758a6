"""Long runs: interrupts, progress, and threads."""

import _thread
import threading
import time

import numpy as np
import pytest

import rkeops
from rkeops.numpy import Vi, Vj


def long_run(n=60_000):
    x = np.random.default_rng(0).normal(size=(n, 3))
    return (((Vi(x) - Vj(x)) ** 2).sum(-1) + 1).log().tanh().sum(axis=1)


def test_an_interrupt_stops_a_run():
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        long_run(1_000_000)
    # The process is healthy: the next run is right.
    x = np.ones((3, 1))
    np.testing.assert_array_equal((Vi(x) * Vj(x)).sum(axis=1), np.full((3, 1), 3.0))


def test_the_interpreter_is_free_during_a_run():
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    long_run(20_000)
    stop.set()
    thread.join()
    assert len(ticks) > 5


def test_progress_is_shown(capsys):
    with rkeops.progress_bar(mininterval=0):
        long_run(30_000)
    assert "pairs" in capsys.readouterr().err


def test_threads_share_a_kernel():
    x = np.random.default_rng(0).normal(size=(300, 3))
    expected = long_run(300)
    results = [None] * 16

    def work(k):
        results[k] = (((Vi(x) - Vj(x)) ** 2).sum(-1) + 1).log().tanh().sum(axis=1)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_any_number_of_threads_gives_the_same():
    before = rkeops.num_threads()
    results = []
    for count in (1, 2, 5):
        rkeops.set_num_threads(count)
        results.append(long_run(3_000))
    rkeops.set_num_threads(0)
    assert rkeops.num_threads() == before
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
