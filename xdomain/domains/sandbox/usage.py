"""Memory that a guest holds, as far as another process of the same user can see it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

PAGE = os.sysconf("SC_PAGE_SIZE")

DESCRIPTOR_BYTES = 64 << 10
"""What an open file is counted as: a pipe can hold as much in the kernel."""

SOCKET_BYTES = 256 << 10
"""What a socket is counted as: its buffers as they are by default, TCP aside."""

FILE_BYTES = 1 << 10
"""What a file in a tmpfs is counted as besides its content."""


def held_bytes(root: int, *, isolated: bool) -> int:
    """Return the memory that a process and its descendants hold; what ends meanwhile counts nothing.

    Memory of processes is counted for each of them, also where they share it. In an isolated guest that includes files
    in /tmp, which is a tmpfs, and the most that open files and sockets can hold in the kernel.

    Args:
        root: Its pid.
        isolated: Whether it has its own /tmp and network.
    """
    family = descendants(root)
    held = sum(resident_bytes(pid, threads) for pid, threads in family.items())
    inside = sorted(set(family) - {root}, reverse=True)  # bubblewrap's first process stays outside
    if isolated and inside:
        held += sum(map(descriptor_bytes, inside)) + socket_bytes(inside[0]) + tmp_bytes(inside)
    return held


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
    """Return the resident memory of a process. Its first thread may have ended and show none."""
    for thread in threads:
        words = read(f"/proc/{pid}/task/{thread}/statm").split()
        if words and words[0] != "0":
            return int(words[1]) * PAGE
    return 0


def descriptor_bytes(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd")) * DESCRIPTOR_BYTES
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


def tmp_bytes(pids: Sequence[int]) -> int:
    """Return what the guest's /tmp holds, as the first process shows it that has one and may be looked into."""
    for pid in pids:
        place = f"/proc/{pid}/root/tmp"
        try:
            if os.stat(place).st_dev == os.stat("/tmp").st_dev:  # noqa: S108 -- ours still: bubblewrap is not done
                continue
            found = os.statvfs(place)
        except OSError:
            continue
        return (found.f_blocks - found.f_bfree) * found.f_frsize + (found.f_files - found.f_ffree) * FILE_BYTES
    return 0


def read(path: str) -> str:
    """Return the text of a file, "" if it is gone."""
    try:
        with open(path, encoding="ascii", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""
