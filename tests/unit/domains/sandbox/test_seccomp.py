"""The filter of system calls, evaluated as the kernel does; tests/integration/test_sandbox_attacks.py attacks it."""

from __future__ import annotations

import ctypes
import errno
import mmap
import socket
import struct

import pytest

from xdomain.domains.sandbox.seccomp import ALLOW, ARCHITECTURES, KILL, REFUSE, guest_filter
from xdomain.domains.sandbox.system_calls import CHECKED, NEWEST, REFUSED

COLUMNS = {"x86_64": 0, "aarch64": 1}
NOT_ALLOWED = REFUSE | errno.EPERM
NAMESPACES = {"mount": 0x20000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "cgroup": 0x02000000}


def answer(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Return what the filter answers to a system call."""
    architecture = ARCHITECTURES[machine][0] if architecture is None else architecture
    padded = [*arguments, *([0] * (6 - len(arguments)))]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    program = list(struct.iter_unpack("=HBBI", guest_filter(machine)))
    place = word = 0
    while True:
        operation, if_true, if_false, constant = program[place]
        place += 1
        if operation == 0x06:
            return int(constant)
        if operation == 0x20:
            word = struct.unpack_from("<I", data, constant)[0]
        elif operation == 0x54:
            word &= constant
        else:
            holds = {0x15: word == constant, 0x25: word > constant, 0x45: bool(word & constant)}[operation]
            place += if_true if holds else if_false


@pytest.mark.parametrize("machine", COLUMNS)
def test_every_call_of_the_table_is_refused(machine: str) -> None:
    numbers = {name: numbers[COLUMNS[machine]] for name, numbers in REFUSED.items()}
    refused = {name: answer(machine, number) for name, number in numbers.items() if number is not None}
    assert set(refused.values()) == {NOT_ALLOWED}
    named = {number for number in numbers.values() if number is not None}
    checked = {number[COLUMNS[machine]] for number in CHECKED.values()}
    others = set(range(NEWEST + 1)) - named - checked
    assert {answer(machine, number) for number in others} == {ALLOW}


@pytest.mark.parametrize("machine", COLUMNS)
def test_calls_that_no_table_knows(machine: str) -> None:
    unknown = REFUSE | errno.ENOSYS
    assert {answer(machine, number) for number in (NEWEST + 1, 1 << 20, 1 << 30, (1 << 30) + 272)} == {unknown}
    assert answer(machine, 1, architecture=0x40000003) == KILL


@pytest.mark.parametrize("machine", COLUMNS)
def test_processes_and_threads_but_no_namespaces(machine: str) -> None:
    clone, clone3 = (CHECKED[name][COLUMNS[machine]] for name in ("clone", "clone3"))
    assert clone is not None
    assert clone3 is not None
    fork, thread = 0x01200011, 0x003D0F00
    assert [answer(machine, clone, flags) for flags in (fork, thread)] == [ALLOW, ALLOW]
    assert {answer(machine, clone, fork | flag) for flag in NAMESPACES.values()} == {NOT_ALLOWED}
    assert answer(machine, clone3) == REFUSE | errno.ENOSYS


@pytest.mark.parametrize("machine", COLUMNS)
def test_memory_that_no_process_would_be_counted_for(machine: str) -> None:
    call = CHECKED["mmap"][COLUMNS[machine]]
    assert call is not None

    def mapped(flags: int) -> int:
        return answer(machine, call, 0, 4096, 3, flags)

    assert {mapped(mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), mapped(mmap.MAP_SHARED), mapped(mmap.MAP_PRIVATE)} == {ALLOW}
    huge, populated, validated = 0x40000, 0x8000, 0x03
    refused = (
        mmap.MAP_PRIVATE | populated,
        mmap.MAP_SHARED | mmap.MAP_ANONYMOUS,
        validated | mmap.MAP_ANONYMOUS,
        mmap.MAP_PRIVATE | 0x20 | huge,
    )
    assert {mapped(flags) for flags in refused} == {NOT_ALLOWED}


@pytest.mark.parametrize("machine", COLUMNS)
def test_advice_that_fills_memory_fast(machine: str) -> None:
    call = CHECKED["madvise"][COLUMNS[machine]]
    assert call is not None
    answers = {advice: answer(machine, call, 0, 4096, advice) for advice in range(30)}
    populate_read, populate_write, collapse = 22, 23, 25
    refused = {advice for advice, found in answers.items() if found == NOT_ALLOWED}
    assert refused == {mmap.MADV_HUGEPAGE, populate_read, populate_write, collapse}


@pytest.mark.parametrize("machine", COLUMNS)
@pytest.mark.parametrize("name", ["socket", "socketpair"])
def test_families_of_sockets(machine: str, name: str) -> None:
    call = CHECKED[name][COLUMNS[machine]]
    assert call is not None
    answers = {family: answer(machine, call, family) for family in range(50)}
    assert {family for family, found in answers.items() if found == ALLOW} == {socket.AF_UNIX, socket.AF_INET}
    assert {found for found in answers.values() if found != ALLOW} == {REFUSE | errno.EAFNOSUPPORT}


@pytest.mark.parametrize("machine", COLUMNS)
def test_larger_buffers(machine: str) -> None:
    fcntl, setsockopt = (CHECKED[name][COLUMNS[machine]] for name in ("fcntl", "setsockopt"))
    assert fcntl is not None
    assert setsockopt is not None
    pipe_size, get_flags = 1031, 3
    assert [answer(machine, fcntl, 5, command) for command in (pipe_size, get_flags)] == [NOT_ALLOWED, ALLOW]
    options = (socket.SO_SNDBUF, socket.SO_RCVBUF, socket.SO_REUSEADDR)
    found = [answer(machine, setsockopt, 5, socket.SOL_SOCKET, option) for option in options]
    assert found == [NOT_ALLOWED, NOT_ALLOWED, ALLOW]
    assert answer(machine, setsockopt, 5, socket.IPPROTO_TCP, socket.SO_SNDBUF) == ALLOW


def test_an_architecture_without_a_table() -> None:
    with pytest.raises(KeyError):
        guest_filter("pdp11")


@pytest.mark.parametrize("machine", COLUMNS)
def test_numbers_are_those_of_libseccomp(machine: str) -> None:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("no libseccomp to compare with")
    resolve = library.seccomp_syscall_resolve_name_arch
    resolve.argtypes, resolve.restype = [ctypes.c_uint32, ctypes.c_char_p], ctypes.c_int
    unknown = -1  # to an older libseccomp; what an architecture lacks has other negative numbers
    for name, numbers in {**REFUSED, **CHECKED}.items():
        found = resolve(ARCHITECTURES[machine][0], name.encode())
        if found != unknown:
            assert numbers[COLUMNS[machine]] == (found if found >= 0 else None), name
