"""Who a process is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from xdomain.core.process import host_identity, process_started


def test_a_machine_is_named_with_its_boot() -> None:
    host, boot, *_ = host_identity().split("/")
    assert host == socket.gethostname()
    assert boot


def test_a_process_has_a_start_until_it_ends() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = process_started(child.pid)
    assert started is not None
    assert abs(started - time.time()) < 60
    assert started >= (process_started(os.getpid()) or 0)
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet reaped: a zombie
    assert process_started(child.pid) is None
    child.wait()
    assert process_started(child.pid) is None
