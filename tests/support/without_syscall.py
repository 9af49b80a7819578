"""Run a command for which the kernel does not do one system call, as on a file system without that ability.

python -m tests.support.without_syscall NAME ARGUMENTS-OF-PYTHON ...

A seccomp filter answers the call in the process and all that it starts. `flock` and `rename` fail; `idle_flock` says
that the lock is taken and takes none, as some network file systems and FUSE do.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

CALLS = {
    "x86_64": {"flock": (73,), "idle_flock": (73,), "rename": (82, 264, 316)},
    "aarch64": {"flock": (32,), "idle_flock": (32,), "rename": (38, 276)},
}
ERROR = {"flock": errno.ENOLCK, "idle_flock": 0, "rename": errno.EXDEV}
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def refuse(call: str) -> None:
    """Let `call` not be done in this process and its children from now on (a seccomp filter).

    Raises:
        OSError: this kernel does not filter system calls.
    """
    numbers = CALLS[platform.machine()][call]
    lines = [(LOAD, 0, 0, 0)]  # the number of the call
    lines += [(JUMP_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERRNO | ERROR[call])]
    program = b"".join(struct.pack("HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(program)
    described = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(buffer))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or library.prctl(SECCOMP, FILTER, described, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    refuse(sys.argv[1])
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
