"""Who a process is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import psutil
import pytest

from xdomain.core.process import host_identity, process_started


def test_a_machine_is_named_with_its_boot() -> None:
    host, boot, *_ = host_identity().split("/")
    assert host == socket.gethostname()
    assert boot


def test_a_process_has_a_start_until_it_ends() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = process_started(child.pid)
    assert started is not None
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.time()
    assert abs(started - since_boot) < 60
    assert started >= (process_started(os.getpid()) or 0)
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet reaped: a zombie
    assert process_started(child.pid) is None
    child.wait()
    assert process_started(child.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system keeps the time of the clock")
def test_a_clock_that_is_set_does_not_move_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's time of boot is the clock minus the time since boot, so it moves with the clock."""
    before = process_started(os.getpid())
    boot = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + 1)
    assert psutil.Process().create_time() == pytest.approx((before or 0) + boot + 1)
    assert process_started(os.getpid()) == before
