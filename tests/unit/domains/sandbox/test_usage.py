"""Memory of guests as another process sees it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from xdomain.domains.sandbox.usage import Usage, descendants, send, stop, usage_of

HOLD = "x = b'x' * (50 << 20)\nprint(flush=True)\ninput()"
FORK = f"import os\nif os.fork() or os.fork():\n    os.wait()\nelse:\n    exec({HOLD!r})"
HIDE = (
    "import ctypes, threading, time, os\nthreading.Thread(target=input).start()\nx = b'x' * (50 << 20)\n"
    "print(flush=True)\nctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)"
)

FORKING = (
    "import os, time\nheld = bytearray(b'x') * (200 << 20)\nprint(flush=True)\nfor _ in range(100):\n"
    "    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)"
)
"""Copies so many page tables in each fork that a signal mostly comes during one."""


def held_by(code: str) -> tuple[int, int]:
    """Return what a program holds at its first line of output, in MiB, and how many processes it has."""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        found = usage_of(child.pid, None)
        child.stdin.close()
        if code is HIDE:
            child.kill()
    return sum(found.processes.values()) >> 20, len(found.processes)


def test_memory_of_a_program() -> None:
    held, processes = held_by(HOLD)
    assert 50 <= held < 100
    assert processes == 1


def test_memory_of_what_it_started() -> None:
    held, processes = held_by(FORK)
    assert 50 <= held < 150
    assert processes == 3


def test_memory_of_a_program_whose_first_thread_ended() -> None:
    assert 50 <= held_by(HIDE)[0] < 100


def test_memory_of_a_process_that_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert usage_of(child.pid, 1 << 20) == Usage({}, 0, 0)


def test_a_child_of_a_fork_in_progress_is_stopped_too() -> None:
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", FORKING], stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            parent.stdout.readline()
            time.sleep(0.05)
            stopped = stop(parent.pid)
            time.sleep(0.1)
            found = set(descendants(parent.pid))
            send(found, signal.SIGKILL)
        assert len(stopped) > 1
        assert found == stopped
