"""Run code from users, such as templates and patterns, within limits of time and memory."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

STATISTICS = "/proc/self/statm"
HAS_STATISTICS = os.path.exists(STATISTICS)
PAGE_BYTES = resource.getpagesize()
REPEATED_SECONDS = 0.25
"""Time between further checks of the limit. They are needed because a stopped or waiting process uses no computing
time, and because Python drops an exception that is raised in a destructor."""
MEMORY_LOCK = threading.RLock()
"""Lock for the memory limit, which applies to the whole process."""


class LimitExceeded(Exception):
    """The code exceeds its limit of time, memory or recursion. The message is the predicate of a sentence."""


@contextmanager
def limited(seconds: float, mebibytes: int) -> Iterator[None]:
    """Limit the code inside the `with` block. The memory limit works only on Linux.

    In the main thread, an alarm interrupts the code, also inside regular expressions. In other threads, only Python
    code is interrupted.

    Args:
        seconds: Limit of the thread's computing time. It does not depend on how busy the machine is.
        mebibytes: Limit of the additional memory.

    Raises:
        LimitExceeded: A limit is exceeded, or calls are nested too deeply.
    """
    clock = _alarm if threading.current_thread() is threading.main_thread() else _traced
    try:
        with _memory(mebibytes * 2**20), clock(seconds):
            yield
    except MemoryError:
        raise LimitExceeded(f"needs more than {mebibytes} MiB") from None
    except RecursionError:
        raise LimitExceeded("calls itself too deeply") from None


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    end = time.thread_time() + seconds

    def stop(_number: int, _frame: FrameType | None) -> None:
        if time.thread_time() >= end:
            raise LimitExceeded(f"takes longer than {seconds:g} seconds")

    handler = signal.signal(signal.SIGALRM, stop)
    began = time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds, REPEATED_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:  # an alarm that the caller had set
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 1e-3))


@contextmanager
def _traced(seconds: float) -> Iterator[None]:
    end = time.thread_time() + seconds

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        if time.thread_time() >= end:
            raise LimitExceeded(f"takes longer than {seconds:g} seconds")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@contextmanager
def _memory(size: int) -> Iterator[None]:
    if not HAS_STATISTICS:
        yield
        return
    with MEMORY_LOCK:
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _mapped_bytes() + size
        if soft == resource.RLIM_INFINITY or wanted < soft:
            resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _mapped_bytes() -> int:
    """Return the size of the process's address space."""
    descriptor = os.open(STATISTICS, os.O_RDONLY)  # a file object takes twice as long, and this runs for every row
    try:
        return int(os.read(descriptor, 100).split(maxsplit=1)[0]) * PAGE_BYTES
    finally:
        os.close(descriptor)
