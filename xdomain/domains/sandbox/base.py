"""The contract of a sandbox: start the guest program with a job, under limits."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from types import CodeType
from typing import Any


@dataclass(frozen=True)
class Limits:
    """What a guest may use.

    Attributes:
        wall_seconds: then it is killed; processor time of a process is limited to the same.
        memory_mib: address space of each process, and resident memory of all of them together.
        processes: processes and threads at once.
        disk_mib: size of the only writable place, and of any file.
        output_bytes: of each stream that is read.
        reply_bytes: of one reply of a program to its tests.
        open_files: descriptors a process.
    """

    wall_seconds: float = 10.0
    memory_mib: int = 512
    processes: int = 16
    disk_mib: int = 16
    output_bytes: int = 1_000_000
    reply_bytes: int = 16_000_000
    open_files: int = 64


class Sandbox(ABC):
    """A way of starting guests.

    Attributes:
        name: for reports and `xdomain doctor`.
        isolated: whether a hostile guest is contained.
    """

    name: str
    isolated: bool

    def guest_user(self) -> int | None:
        """User id that the next guest takes before it runs foreign code; None leaves it as it is."""
        return None

    @abstractmethod
    def wrap(self, command: Sequence[str], limits: Limits) -> list[str]:
        """The command line that runs `command` inside."""

    def start(
        self,
        job: Mapping[str, Any],
        limits: Limits,
        *,
        stdin: int,
        stdout: int,
        pass_fds: Sequence[int] = (),
        folder: str | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start the guest on `job`; it limits itself and drops privileges before it runs foreign code.

        Args:
            job: plain values, see `guest.py`. Foreign code can read all of it: no secret belongs there.
            limits: what it may use.
            stdin: descriptor that it reads.
            stdout: descriptor that it writes.
            pass_fds: further descriptors that it inherits.
            folder: working folder where there is no isolation.

        Raises:
            OSError: it cannot be started.
        """
        job = {**job, "modules": guest_modules(), "limits": asdict(limits), "user": self.guest_user()}
        descriptor = memory_file(job)
        # Without site (-S) a guest sees the standard library alone, whatever this machine has installed.
        command = [interpreter(), "-I", "-S", "-c", guest_program(), str(descriptor)]
        try:
            return subprocess.Popen(  # noqa: S603 -- our own guest program; what it runs is the sandbox's business
                self.wrap(command, limits),
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                pass_fds=(descriptor, *pass_fds),
                env={},
                cwd=folder,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)


def memory_file(value: Mapping[str, Any]) -> int:
    """A descriptor of an unnamed file that holds `value` for the guest: nothing on disk to clean up."""
    descriptor = os.memfd_create("job")
    with os.fdopen(os.dup(descriptor), "wb") as handle:
        marshal.dump(dict(value), handle)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def interpreter() -> str:
    """The interpreter behind a virtual environment, so that guests see the standard library alone."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@lru_cache(maxsize=1)
def guest_modules() -> dict[str, CodeType]:
    """The modules that guests load, compiled: the guest is the same interpreter."""
    package = "xdomain.domains.sandbox"
    return {
        f"{package}.{name}": compile((files(package) / f"{name}.py").read_bytes(), f"{name}.py", "exec")
        for name in ("wire", "remote", "peer", "pytest_names", "numpy_names")
    }


@lru_cache(maxsize=1)
def guest_program() -> str:
    """The text of the guest program, which imports nothing of ours but `guest_modules`."""
    return (files("xdomain.domains.sandbox") / "guest.py").read_text(encoding="utf-8")
