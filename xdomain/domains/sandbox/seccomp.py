"""A seccomp filter for guests, as the classic BPF program that the kernel takes."""

from __future__ import annotations

import errno
import platform
import socket
import struct
from collections.abc import Iterable
from functools import lru_cache

from xdomain.domains.sandbox.system_calls import AARCH64, CHECKED, NEWEST, REFUSED, X86_64

ARCHITECTURES = {"x86_64": (X86_64, 0), "aarch64": (AARCH64, 1)}
"""By the machine's name: what the kernel calls it, and its column in the tables."""

LOAD, AND, RETURN = 0x20, 0x54, 0x06
EQUAL, GREATER, ANY_BIT = 0x15, 0x25, 0x45
"""Operations of the program: load a word, mask it, return; and jumps by a comparison with a constant."""

NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Offsets in `struct seccomp_data`. Both architectures have the low half of an argument first."""

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000

NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""

SHARED, ANONYMOUS, POPULATE, HUGE_PAGES = 0x01, 0x20, 0x8000, 0x40000
"""Flags of mmap. Memory that is shared and anonymous stays when the process that filled it ends, counted for none."""

FILLS_FAST = (14, 22, 23, 25)
"""Advice for memory: MADV_HUGEPAGE, MADV_POPULATE_READ, MADV_POPULATE_WRITE and MADV_COLLAPSE. With it a guest fills
memory several times as fast, and the watcher could come too late."""

SET_PIPE_SIZE = 1031
"""fcntl's F_SETPIPE_SZ."""

SOCKET_BUFFERS = (socket.SO_SNDBUF, socket.SO_RCVBUF, 60)
"""Options of a socket that let it hold more memory; 60 is SO_ZEROCOPY."""

Instruction = tuple[int, int, int, int]
"""Operation, how many instructions to skip if a comparison holds and if it does not, and the constant."""


@lru_cache
def guest_filter(machine: str | None = None) -> bytes:
    """Return the filter for `machine`, by default this one.

    Raises:
        KeyError: There is no table of its system calls.
    """
    architecture, column = ARCHITECTURES[machine or platform.machine()]
    number = {name: numbers[column] for name, numbers in {**REFUSED, **CHECKED}.items()}
    program = [
        load(ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        load(NUMBER),
        # Also x32's calls, whose numbers start at 1 << 30.
        (GREATER, 0, 1, NEWEST),
        refuse(errno.ENOSYS),
        *only_for(number["clone3"], refuse(errno.ENOSYS)),  # C libraries use clone instead, whose flags can be read
        *only_for(number["clone"], load(FIRST_ARGUMENT), (ANY_BIT, 0, 1, NEW_NAMESPACES), refuse(errno.EPERM)),
        *only_for(number["mmap"], *mmap_rules()),
        *only_for(number["madvise"], load(FIRST_ARGUMENT + 2 * 8), *none_of(FILLS_FAST)),
        *only_for(number["socket"], *socket_rules()),
        *only_for(number["socketpair"], *socket_rules()),
        *only_for(number["setsockopt"], *buffer_rules()),
        *only_for(number["fcntl"], load(FIRST_ARGUMENT + 8), (EQUAL, 0, 1, SET_PIPE_SIZE), refuse(errno.EPERM)),
    ]
    for name in REFUSED:
        program += only_for(number[name], refuse(errno.EPERM))
    program.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def only_for(number: int | None, *rules: Instruction) -> list[Instruction]:
    """Apply `rules` to the call with this number; what they let through is allowed."""
    if number is None:
        return []
    body = [*rules] if rules[-1][0] == RETURN and len(rules) == 1 else [*rules, (RETURN, 0, 0, ALLOW)]
    return [(EQUAL, 0, len(body), number), *body]


def mmap_rules() -> list[Instruction]:
    """Refuse huge pages, which no limit counts, memory that is filled at once, and anonymous memory that is shared."""
    return [
        load(FIRST_ARGUMENT + 3 * 8),
        (ANY_BIT, 0, 1, HUGE_PAGES | POPULATE),
        refuse(errno.EPERM),
        (AND, 0, 0, SHARED | ANONYMOUS),
        (EQUAL, 0, 1, SHARED | ANONYMOUS),
        refuse(errno.EPERM),
    ]


def socket_rules() -> list[Instruction]:
    """Refuse every family but AF_UNIX and AF_INET; neither reaches anything outside the guest's network namespace."""
    return [
        load(FIRST_ARGUMENT),
        (EQUAL, 2, 0, socket.AF_UNIX),
        (EQUAL, 1, 0, socket.AF_INET),
        refuse(errno.EAFNOSUPPORT),
    ]


def buffer_rules() -> list[Instruction]:
    """Refuse larger buffers of sockets, which are memory that the watcher can only estimate."""
    checks = none_of(SOCKET_BUFFERS)
    return [
        load(FIRST_ARGUMENT + 8),
        (EQUAL, 0, 1 + len(checks), socket.SOL_SOCKET),
        load(FIRST_ARGUMENT + 2 * 8),
        *checks,
    ]


def none_of(values: Iterable[int]) -> list[Instruction]:
    """Refuse a call whose loaded argument is one of the values."""
    return [instruction for value in values for instruction in ((EQUAL, 0, 1, value), refuse(errno.EPERM))]


def load(offset: int) -> Instruction:
    return (LOAD, 0, 0, offset)


def refuse(error: int) -> Instruction:
    return (RETURN, 0, 0, REFUSE | error)
