"""Limits of time and memory for code that others wrote."""

from __future__ import annotations

import re
import resource
import signal
import threading
import time

import pytest

from xdomain.core.limits import LimitExceeded, limited


def endless() -> None:
    while True:
        pass


def test_a_limit_of_time_ends_python_code_and_regular_expressions() -> None:
    began = time.monotonic()
    with pytest.raises(LimitExceeded, match=r"takes longer than 0.2 seconds"), limited(0.2, 100):
        endless()
    with pytest.raises(LimitExceeded), limited(0.2, 100):
        re.search("(a+)+$", "a" * 60 + "!")
    assert time.monotonic() - began < 5


def test_a_limit_of_memory_ends_one_large_text_and_many_small_ones() -> None:
    with pytest.raises(LimitExceeded, match="needs more than 100 MiB"), limited(10, 100):
        "a".center(10**9)
    with pytest.raises(LimitExceeded, match="needs more than 100 MiB"), limited(10, 100):
        _ = [bytes(10**6) for _ in range(10**4)]


def test_endless_recursion_is_refused() -> None:
    def again() -> None:
        again()

    with pytest.raises(LimitExceeded, match="calls itself too deeply"), limited(10, 100):
        again()


def test_afterwards_everything_is_as_before() -> None:
    memory, handler = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)
    with limited(5, 100):
        assert resource.getrlimit(resource.RLIMIT_AS) != memory
    assert resource.getrlimit(resource.RLIMIT_AS) == memory
    assert signal.getsignal(signal.SIGALRM) == handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_alarm_that_somebody_else_set_still_comes() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _frame: heard.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with limited(5, 100):
            pass
        time.sleep(0.3)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert heard == [signal.SIGALRM]


def test_a_limit_of_time_holds_in_another_thread() -> None:
    ended: list[str] = []

    def work() -> None:
        try:
            with limited(0.2, 100):
                endless()
        except LimitExceeded as error:
            ended.append(str(error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(10)
    assert ended == ["takes longer than 0.2 seconds"]
