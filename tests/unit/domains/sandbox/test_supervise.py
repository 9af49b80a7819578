"""Watching guests: fed, read up to a cap, and ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from xdomain.domains.sandbox.base import Guest, Limits
from xdomain.domains.sandbox.supervise import REACTION_SECONDS, Growth, Watched, watch


def watched(code: str, given: bytes = b"", **limits: float) -> tuple[Watched, bytes, int]:
    (stdin_read, stdin_write), (stdout_read, stdout_write) = os.pipe(), os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=stdin_read, stdout=stdout_write, start_new_session=True
    )
    os.close(stdin_read)
    os.close(stdout_write)
    found = watch([Guest(child)], [stdout_read], {stdin_write: given}, Limits(**limits))  # type: ignore[arg-type]
    return found, found.outputs[stdout_read], child.pid


SHARED = """
import os, time
held = bytearray(b"x") * (60 << 20)
wait, end = os.pipe()
children = []
for _ in range(5):
    if (child := os.fork()) == 0:
        os.close(end)
        os.read(wait, 1)
        os._exit(0 if held[-1] else 1)
    children.append(child)
time.sleep(0.2)
CHANGE
ended = []
for _ in children:  # one by one: the others take over its share, which looks like growth
    os.write(end, b".")
    ended.append(os.wait()[1])
    time.sleep(0.1)
print(ended)
"""


def test_memory_that_processes_share_counts_once() -> None:
    found, output, _ = watched(SHARED.replace("CHANGE", ""), memory_mib=128, wall_seconds=30.0)
    assert (found.ending, output) == ("exited", b"[0, 0, 0, 0, 0]\n")
    at_once = SHARED.replace("CHANGE", "os.write(end, b'.....')")
    found, output, _ = watched(at_once, memory_mib=128, wall_seconds=30.0)
    assert (found.ending, output) == ("exited", b"[0, 0, 0, 0, 0]\n")
    change = "for place in range(0, len(held), 4096):\n    held[place] = 2\ntime.sleep(30)"
    assert watched(SHARED.replace("CHANGE", change), memory_mib=96, wall_seconds=30.0)[0].ending == "memory"


def test_memory_that_passes_from_one_process_to_others_is_no_growth() -> None:
    growth = Growth()
    growth.coming({1: 100, 2: 100, 3: 100}, 1.0)
    assert growth.coming({1: 150, 2: 150}, 2.0) == 0.0
    assert growth.coming({1: 250, 2: 250}, 3.0) == pytest.approx(200 * REACTION_SECONDS)
    assert growth.coming({1: 250, 2: 450}, 4.0) == 0.0, "a single process has its own limit"


def test_each_guest_has_the_whole_limit() -> None:
    code = "x = b'x' * (70 << 20); import time; time.sleep(0.3)"
    children = [subprocess.Popen([sys.executable, "-c", code], start_new_session=True) for _ in range(2)]
    found = watch([Guest(child) for child in children], [], {}, Limits(memory_mib=120))
    assert (found.ending, found.exit_code) == ("exited", 0)


def guest(code: str, told: bytes) -> Guest:
    """A guest that has written `told` about its start."""
    ready, write = os.pipe()
    os.write(write, told)
    os.close(write)
    return Guest(subprocess.Popen([sys.executable, "-c", code], start_new_session=True), ready=ready)


def test_a_guest_may_still_be_starting_when_the_first_is_done() -> None:
    found = watch([guest("", b"1"), guest("import time; time.sleep(60)", b"")], [], {}, Limits())
    assert (found.ending, found.exit_code) == ("exited", 0)
    assert found.seconds < 60


@pytest.mark.parametrize("order", [1, -1])
def test_a_guest_that_ended_before_its_program_ran_is_an_error(order: int) -> None:
    slow, failed = guest("import time; time.sleep(1)", b"1"), guest("", b"")
    with pytest.raises(OSError, match="it ended before the program ran"):
        watch([slow, failed][::order], [], {}, Limits())


def test_more_than_a_pipe_holds_goes_in_and_out() -> None:
    given = b"x" * 500_000
    found, output, _ = watched("import sys; sys.stdout.write(sys.stdin.read())", given)
    assert (found.ending, found.exit_code, output) == ("exited", 0, given)


@pytest.mark.parametrize(
    ("code", "limits", "ending"),
    [
        ("import time; time.sleep(60)", {"wall_seconds": 0.5}, "timeout"),
        ("while True: print('x' * 1000)", {"output_bytes": 5000}, "output"),
        ("x = 'x' * (200 << 20); import time; time.sleep(60)", {"memory_mib": 100, "wall_seconds": 30.0}, "memory"),
        (
            "import os, time\nos.close(1)\nx = 'x' * (200 << 20)\ntime.sleep(60)",
            {"memory_mib": 100, "wall_seconds": 30.0},
            "memory",
        ),
        (
            "import time\nx = 'x' * (200 << 20)\nwhile True:\n    print('x', flush=True)\n    time.sleep(0.004)",
            {"memory_mib": 100, "wall_seconds": 30.0},
            "memory",
        ),
        ("import os, time\nos.close(1)\ntime.sleep(60)", {"wall_seconds": 0.5}, "timeout"),
    ],
)
def test_the_end_comes_with_its_whole_session(code: str, limits: dict[str, float], ending: str) -> None:
    child = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    found, output, pid = watched(child + code, **limits)
    assert found.ending == ending
    assert len(output) <= limits.get("output_bytes", 1_000_000)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and group_exists(pid):
        time.sleep(0.05)
    assert not group_exists(pid)


def group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_guest_that_reads_nothing_is_not_waited_for() -> None:
    found, _, _ = watched("pass", b"x" * 10_000_000)
    assert (found.ending, found.exit_code) == ("exited", 0)
