"""Routes to more memory than a guest may hold. Guests run this file as text: it imports the standard library only.

The first line of a route's docstring is its name in the table.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import socket
import sys
import threading
import time
from collections.abc import Callable

MIB = 1 << 20
SECONDS = 60
X86_64 = os.uname().machine == "x86_64"
CLONE, EXIT = (56, 60) if X86_64 else (220, 93)
NEW_USER_AND_MOUNTS = 0x10020000
SET_PIPE_SIZE = 1031
SET_DUMPABLE = 4
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
libc = ctypes.CDLL(None, use_errno=True)


def heap() -> None:
    """Heap of one process"""
    fill(400)


def two_forks() -> None:
    """Two processes, each below the limit"""
    forked(2, lambda: fill(200))


def twelve_forks() -> None:
    """Twelve processes, each below the limit"""
    forked(12, lambda: fill(150))


def written_forks() -> None:
    """Memory that forks share until they write to it"""
    held = fill(100)
    forked(12, lambda: ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(held)), 2, 100 * MIB))


def short_lived_forks() -> None:
    """Processes that share their memory with short-lived forks"""

    def fill_and_fork() -> None:
        fill(180)
        while True:
            if os.fork() == 0:
                time.sleep(0.002)
                os._exit(0)
            os.waitpid(-1, os.WNOHANG)

    forked(2, fill_and_fork)


def hidden_processes() -> None:
    """Processes that hide their state"""
    checked(libc.prctl(SET_DUMPABLE, 0, 0, 0, 0))
    forked(12, lambda: fill(150))


def many_mappings() -> None:
    """Mappings of one page each"""

    def split() -> None:
        held = mmap.mmap(-1, 200 * MIB, flags=PRIVATE)
        place = ctypes.addressof(ctypes.c_char.from_buffer(held))
        for page in range(0, 200 * MIB, 2 * mmap.PAGESIZE):
            checked(libc.mprotect(ctypes.c_void_p(place + page), mmap.PAGESIZE, 0))
        time.sleep(SECONDS)

    forked(9, split, wait=False)
    fill(200)
    time.sleep(SECONDS)


def dripping_output() -> None:
    """Processes, while output drips every 4 ms"""

    def drip() -> None:
        while True:
            print("x", flush=True)
            time.sleep(0.004)

    threading.Thread(target=drip, daemon=True).start()
    forked(4, lambda: fill(150))


def closed_output() -> None:
    """Processes, after output was closed"""
    os.close(1)
    forked(4, lambda: fill(150))


def ended_thread() -> None:
    """Processes whose first thread has ended"""

    def fill_later() -> None:
        time.sleep(0.1)
        fill(150)
        time.sleep(SECONDS)

    def hide() -> None:
        threading.Thread(target=fill_later).start()
        libc.syscall(EXIT, 0)

    forked(6, hide)


def huge_pages() -> None:
    """Processes that fill huge pages"""
    held = mmap.mmap(-1, 150 * MIB, flags=PRIVATE)
    held.madvise(mmap.MADV_HUGEPAGE)
    forked(12, lambda: held.write(b"x" * (150 * MIB)))


def namespace_tmpfs() -> None:
    """tmpfs in a user and mount namespace"""
    checked(libc.unshare(NEW_USER_AND_MOUNTS))
    mount_and_fill()


def cloned_namespace_tmpfs() -> None:
    """tmpfs in a namespace that clone made"""
    if checked(libc.syscall(CLONE, NEW_USER_AND_MOUNTS | 17, 0, 0, 0, 0)) == 0:
        mount_and_fill()
    time.sleep(SECONDS)


def system_v() -> None:
    """System V shared memory, detached"""
    libc.shmat.restype = ctypes.c_void_p
    for _ in range(8):
        place = libc.shmat(checked(libc.shmget(0, 100 * MIB, 0o1600)), None, 0)
        ctypes.memset(place, 1, 100 * MIB)
        libc.shmdt(ctypes.c_void_p(place))
    time.sleep(SECONDS)


def memfd() -> None:
    """Files of memfd_create"""
    for number in range(40):
        write(os.memfd_create(str(number)), 20)
    time.sleep(SECONDS)


def shared_anonymous() -> None:
    """Shared anonymous memory of ended processes"""
    held = []
    for _ in range(10):
        held.append(mmap.mmap(-1, 40 * MIB))
        if os.fork() == 0:
            held[-1].write(b"x" * (40 * MIB))
            os._exit(0)
        os.wait()
    time.sleep(SECONDS)


def shared_zero_device() -> None:
    """Shared memory of /dev/zero"""
    held = mmap.mmap(os.open("/dev/zero", os.O_RDWR), 100 * MIB)
    held.write(b"x" * (100 * MIB))
    forked(8, shared_zero_device)


def shared_memory_files() -> None:
    """Files in /dev/shm"""
    for number in range(20):
        write(os.open(f"/dev/shm/{number}", os.O_CREAT | os.O_RDWR), 20)
    time.sleep(SECONDS)


def files() -> None:
    """Files in /tmp beside the heap"""
    held = fill(200)
    for number in range(4):
        write(os.open(f"/tmp/{number}", os.O_CREAT | os.O_RDWR), 30)
    time.sleep(SECONDS)
    held.close()


def empty_files() -> None:
    """Empty files in /tmp"""

    def make() -> None:
        for number in range(10**7):
            os.close(os.open(f"/tmp/{os.getpid()}-{number}", os.O_CREAT))

    forked(8, make)


def attributes() -> None:
    """Attributes of files"""
    os.close(os.open("/tmp/file", os.O_CREAT))
    for number in range(10**4):
        os.setxattr("/tmp/file", f"user.{number}", b"x" * 33_000)
    time.sleep(SECONDS)


def pipes() -> None:
    """Pipes beside the heap"""

    def fill_pipes() -> None:
        for _ in range(28):
            out = os.pipe()[1]
            os.set_blocking(out, False)
            os.write(out, b"x" * MIB)

    forked(8, fill_pipes, wait=False)
    fill(200)
    time.sleep(SECONDS)


def larger_pipes() -> None:
    """Larger pipes"""
    for _ in range(28):
        fcntl.fcntl(os.pipe()[1], SET_PIPE_SIZE, MIB)
    time.sleep(SECONDS)


def socket_buffers() -> None:
    """Buffers of sockets"""

    def fill_sockets() -> None:
        held = [socket.socketpair() for _ in range(28)]
        for pair in held:
            for end in pair:
                send_all(end)
        time.sleep(SECONDS)

    forked(14, fill_sockets)


def larger_socket_buffers() -> None:
    """Larger buffers of sockets"""
    one, _ = socket.socketpair()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MIB)
    time.sleep(SECONDS)


def tcp() -> None:
    """TCP connections with itself"""

    def fill_sockets() -> None:
        server = socket.create_server(("127.0.0.1", 0))
        held = []
        for _ in range(25):
            held += [socket.create_connection(server.getsockname()), server.accept()[0]]
            send_all(held[-2])
        time.sleep(SECONDS)

    forked(14, fill_sockets)


def pages_in_pipes() -> None:
    """Memory given to a pipe with vmsplice"""

    class Vector(ctypes.Structure):
        _fields_ = (("place", ctypes.c_void_p), ("size", ctypes.c_size_t))

    for _ in range(20):
        area, ends = fill(60), os.pipe()
        start = ctypes.addressof(ctypes.c_char.from_buffer(area))
        for number in range(16):
            checked(libc.vmsplice(ends[1], ctypes.byref(Vector(start + number * 2 * MIB, 4096)), 1, 0))
    time.sleep(SECONDS)


def checked(result: int) -> int:
    """Return what a function of the C library returned.

    Raises:
        OSError: It failed.
    """
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def fill(mib: int) -> mmap.mmap:
    """Hold memory, filled as fast as possible."""
    held = mmap.mmap(-1, mib * MIB, flags=PRIVATE)
    ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(held)), 1, mib * MIB)
    HELD.append(held)
    return held


HELD: list[mmap.mmap] = []


def forked(count: int, work: Callable[[], object], *, wait: bool = True) -> None:
    """Do the work in processes that stay."""
    for _ in range(count):
        if os.fork() == 0:
            work()
            time.sleep(SECONDS)
            os._exit(0)
    if wait:
        time.sleep(SECONDS)


def write(file: int, mib: int) -> None:
    for _ in range(mib):
        os.write(file, b"x" * MIB)


def send_all(end: socket.socket) -> None:
    """Send until the buffers are full."""
    end.settimeout(0.02)
    try:
        while True:
            end.send(b"x" * 65536)
    except OSError:
        pass


def mount_and_fill() -> None:
    checked(libc.mount(b"x", b"/tmp", b"tmpfs", 0, b"size=4g"))
    for number in range(20):
        write(os.open(f"/tmp/{number}", os.O_CREAT | os.O_RDWR), 20)
    time.sleep(SECONDS)


ROUTES = (
    heap,
    two_forks,
    twelve_forks,
    written_forks,
    short_lived_forks,
    hidden_processes,
    many_mappings,
    dripping_output,
    closed_output,
    ended_thread,
    huge_pages,
    namespace_tmpfs,
    cloned_namespace_tmpfs,
    system_v,
    memfd,
    shared_anonymous,
    shared_zero_device,
    shared_memory_files,
    files,
    empty_files,
    attributes,
    pipes,
    larger_pipes,
    socket_buffers,
    larger_socket_buffers,
    tcp,
    pages_in_pipes,
)


def main(route: str) -> None:
    """Take a route, and print what stopped it if that was an error."""
    try:
        globals()[route]()
    except OSError as error:
        print(f"error {error.errno}", flush=True)
        sys.exit(1)
    except MemoryError:
        print("error memory", flush=True)
        sys.exit(1)
