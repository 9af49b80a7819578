"""Memory that a guest holds, as far as another process of the same user can see it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PAGE = os.sysconf("SC_PAGE_SIZE")

DESCRIPTOR_BYTES = 64 << 10
"""What an open file is counted as: a pipe can hold as much in the kernel."""

SOCKET_BYTES = 256 << 10
"""What a socket is counted as: its buffers as they are by default, TCP aside."""

MOST_DESCRIPTORS = 64
"""What a process that hides its open files is taken to have: `Limits.open_files`."""

MAPPING_BYTES = 256
"""What the kernel needs for a mapping; a program can split its memory into as many as it has pages."""

STOP_SECONDS = 0.25
"""The longest wait until all processes of a guest stand still. One that waits for the end of a vfork never does."""

FILE_BYTES = 1 << 10
"""What a file in a tmpfs is counted as besides its content."""


@dataclass(frozen=True)
class Usage:
    """What a guest holds at one moment.

    Attributes:
        processes: memory of each process by its pid. Memory that several share counts for each of them in a bound, and
            is divided among them in an exact count.
        others: what else an isolated guest holds: files in /tmp, which is a tmpfs, and the most that open files and
            sockets can hold in the kernel.
        threads: number of threads of all processes.
    """

    processes: Mapping[int, int]
    others: int
    threads: int


def usage_of(root: int, tmp_size: int | None, *, exact: bool = False) -> Usage:
    """Return what a process and its descendants hold; what ends meanwhile counts nothing.

    Args:
        root: Its pid.
        tmp_size: Size of its own /tmp in bytes. None if it is not isolated, so that /tmp and the network are ours.
        exact: Whether to divide shared memory. That takes time in proportion to the memory, and is exact only while
            all of the processes are stopped: one that ends while it is counted takes a share along.
    """
    family = descendants(root)
    count = proportional_bytes if exact else resident_bytes
    held = {pid: count(pid, threads) for pid, threads in family.items()}
    others = 0
    inside = sorted(set(family) - {root}, reverse=True)  # bubblewrap's first process stays outside
    if tmp_size is not None and inside:
        others = sum(map(descriptor_bytes, inside)) + socket_bytes(inside[0]) + tmp_bytes(inside, tmp_size)
    return Usage(held, others, sum(map(len, family.values())))


def stop(root: int) -> set[int]:
    """Stop a process and its descendants, those too that are started meanwhile; return their pids.

    A process that is forking when the signal comes ends that first, and the signal does not stop its child. So the
    search goes on until all stand still.
    """
    family: Mapping[int, Sequence[str]] = {}
    deadline = time.monotonic() + STOP_SECONDS
    while True:
        still = stand_still(family) or time.monotonic() > deadline
        before, family = family, descendants(root)
        new = set(family) - set(before)
        if still and not new:
            return set(family)
        send(new, signal.SIGSTOP)
        time.sleep(STOP_SECONDS / 1000)


def stand_still(family: Mapping[int, Sequence[str]]) -> bool:
    """Whether no thread of these processes runs, waits for a processor (R) or for the kernel (D)."""
    paths = [f"/proc/{pid}/task/{thread}/stat" for pid, threads in family.items() for thread in threads]
    return not any(re.match(r" [RD]", read(path).rpartition(")")[2]) for path in paths)


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to the processes that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def descendants(root: int) -> dict[int, list[str]]:
    """Return a process and everything below it: the threads of each, by its pid."""
    found: dict[int, list[str]] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            found[pid] = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in found[pid]:
            waiting += [int(child) for child in read(f"/proc/{pid}/task/{thread}/children").split()]
    return found


def resident_bytes(pid: int, threads: list[str]) -> int:
    """Return a bound on the memory of a process: what is resident, and a mapping for each page of its address space.

    Its first thread may have ended and show none.
    """
    for thread in threads:
        words = read(f"/proc/{pid}/task/{thread}/statm").split()
        if words and words[0] != "0":
            return int(words[1]) * PAGE + int(words[0]) * MAPPING_BYTES
    return 0


def proportional_bytes(pid: int, threads: list[str]) -> int:
    """Return the memory of a process, its share only of what it shares; the bound if it hides its mappings."""
    for thread in threads:
        found = re.search(r"^Pss: +(\d+) kB", read(f"/proc/{pid}/task/{thread}/smaps_rollup"), re.MULTILINE)
        if found:
            mappings = read(f"/proc/{pid}/task/{thread}/maps").count("\n")
            return (int(found[1]) << 10) + mappings * MAPPING_BYTES
    return resident_bytes(pid, threads)


def descriptor_bytes(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd")) * DESCRIPTOR_BYTES
    except PermissionError:  # a program can hide itself with prctl or by a file that it may not read
        return MOST_DESCRIPTORS * DESCRIPTOR_BYTES
    except OSError:
        return 0


def socket_bytes(pid: int) -> int:
    """Return the most that the sockets of a process's network can hold, those in flight between processes too."""
    found = re.search(r"sockets: used (\d+)\nTCP: inuse (\d+)", read(f"/proc/{pid}/net/sockstat"))
    if not found:
        return 0
    # The list of TCP's queues takes the kernel a while, and most guests have none.
    queues = re.findall(r"([0-9A-F]{8}):([0-9A-F]{8}) \d\d:", read(f"/proc/{pid}/net/tcp") if found[2] != "0" else "")
    return int(found[1]) * SOCKET_BYTES + sum(int(sent, 16) + int(received, 16) for sent, received in queues)


def tmp_bytes(pids: Sequence[int], size: int) -> int:
    """Return what the guest's /tmp holds, as the first process shows it that may be looked into.

    It is known by its size: until bubblewrap is done, a process sees other folders there. If processes hide it, it
    counts as full.
    """
    hidden = False
    for pid in pids:
        try:
            found = os.statvfs(f"/proc/{pid}/root/tmp")
        except OSError as error:
            hidden = hidden or isinstance(error, PermissionError)
            continue
        if found.f_blocks * found.f_frsize == size:
            return (found.f_blocks - found.f_bfree) * found.f_frsize + (found.f_files - found.f_ffree) * FILE_BYTES
    return size if hidden else 0


def read(path: str) -> str:
    """Return the text of a file, "" if it is gone."""
    try:
        with open(path, encoding="ascii", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""
