"""The contract of a sandbox: start the guest program with a job, under limits."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from xdomain.domains.sandbox.control_group import ControlGroup, control_group
from xdomain.domains.sandbox.seccomp import guest_filter
from xdomain.domains.sandbox.usage import Usage, send, stop, usage_of

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Environment of guests with packages. Numerical libraries start a thread per core otherwise, each with its memory."""


START = """import marshal, sys
with open(int(sys.argv[1]), "rb") as file:
    guest, job = marshal.loads(file.read())
exec(marshal.loads(guest))
main(job)
"""
"""What the interpreter in the sandbox runs: the guest program, which is compiled outside, once for all guests."""

MODULES = {
    "script": (),
    "calls": ("kinds", "wire", "remote", "peer"),
    "tests": ("kinds", "wire", "remote", "peer", "pytest_names", "numpy_names"),
}
"""Our modules that guests load, by the mode of their job."""


@dataclass(frozen=True)
class Limits:
    """What a guest may use.

    Attributes:
        wall_seconds: then it is killed; processor time of a process is limited to the same.
        memory_mib: address space of each process, and memory that all of them hold together, files in /tmp included.
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


@dataclass
class Guest:
    """A started guest.

    Attributes:
        process: its first process, the leader of a session.
        tmp_bytes: Size of the guest's private /tmp; None if it is not isolated.
        group: the control group that limits it, if there is one.
        ready: descriptor that shows that it is about to run foreign code; None if that is not asked for.
    """

    process: subprocess.Popen[bytes]
    tmp_bytes: int | None = None
    group: ControlGroup | None = None
    ready: int | None = None

    def usage(self) -> Usage:
        """Return a bound on what it holds now."""
        return usage_of(self.process.pid, self.tmp_bytes)

    def stopped_usage(self) -> tuple[set[int], Usage]:
        """Stop it; return the pids of its processes and what exactly it holds. SIGCONT lets it go on."""
        return stop(self.process.pid), usage_of(self.process.pid, self.tmp_bytes, exact=True)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended one of its processes at the limit of its control group."""
        return self.group is not None and self.group.ran_out()

    def kill(self, pids: Iterable[int]) -> None:
        """Kill processes of it that were just seen; bubblewrap's end takes all others along, a moment later."""
        send(pids if self.process.poll() is None else (), signal.SIGKILL)

    def end(self) -> bool:
        """Kill all of it that is left, reap it, and return whether it came as far as to run foreign code."""
        with contextlib.suppress(ProcessLookupError):  # it ended by itself, and so did its group
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.group is not None:
            self.group.remove()
        if self.ready is None:
            return True
        with os.fdopen(self.ready, "rb", buffering=0) as handle:
            return handle.read(1) == b"1"


class Sandbox(ABC):
    """A way of starting guests.

    Attributes:
        name: for reports and `xdomain doctor`.
        isolated: whether a hostile guest is contained.
        packages: Installed packages that guests may import in addition to the standard library.
    """

    name: str
    isolated: bool
    packages: tuple[str, ...] = ()

    def guest_user(self) -> int | None:
        """Return the user id that the next guest takes before it runs foreign code, or None for no change."""
        return None

    @abstractmethod
    def package_folders(self) -> list[str]:
        """Return the folders in which guests find `packages`."""

    @abstractmethod
    def wrap(self, command: Sequence[str], limits: Limits, rules: int) -> list[str]:
        """Return the command line that runs `command` inside.

        Args:
            command: what to run.
            limits: what it may use.
            rules: descriptor of the seccomp filter.
        """

    def start(
        self,
        job: Mapping[str, Any],
        limits: Limits,
        *,
        stdin: int,
        stdout: int,
        pass_fds: Sequence[int] = (),
        folder: str | None = None,
    ) -> Guest:
        """Start a guest on `job`; it limits itself and drops privileges before it runs foreign code.

        Args:
            job: plain values, see `guest.py`. Foreign code can read all of it: no secret belongs there.
            limits: what it may use.
            stdin: descriptor that it reads.
            stdout: descriptor that it writes.
            pass_fds: further descriptors that it inherits.
            folder: Working folder, which is used only without isolation.

        Raises:
            OSError: it cannot be started.
        """
        group = control_group(limits.memory_mib << 20, limits.processes)
        entries = [] if group is None else group.entries()
        rules = guest_filter()
        ready, ready_write = os.pipe()
        os.set_blocking(ready, False)
        told = {"entries": entries, "ready": ready_write, "filter": None if self.isolated else rules}
        job = {**job, **told, **self.settings(job["mode"], limits)}
        opened = [
            memory_file("job", marshal.dumps((compiled("guest"), job))),
            memory_file("rules", rules),
            *entries,
            ready_write,
        ]
        # Without site (-S) a guest sees the standard library only, whatever this machine has installed.
        command = [interpreter(), "-I", "-S", "-c", START, str(opened[0])]
        try:
            process = subprocess.Popen(  # noqa: S603 -- our own guest program; what it runs is the sandbox's business
                self.wrap(command, limits, opened[1]),
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                pass_fds=(*opened, *pass_fds),
                env=ONE_THREAD if self.packages else {},
                cwd=folder,
                start_new_session=True,
            )
        except OSError:
            os.close(ready)
            if group is not None:
                group.remove()
            raise
        finally:
            for descriptor in opened:
                os.close(descriptor)
        return Guest(process, limits.disk_mib << 20 if self.isolated else None, group, ready)

    def settings(self, mode: str, limits: Limits) -> dict[str, Any]:
        """Return the part of a job that depends on this sandbox and the mode only."""
        return {
            "modules": {name: compiled(name) for name in MODULES[mode]},
            "limits": asdict(limits),
            "user": self.guest_user(),
            "packages": self.package_folders(),
        }


def memory_file(name: str, content: bytes) -> int:
    """Return a descriptor of an unnamed file that holds `content` for the guest: nothing on disk to clean up."""
    descriptor = os.memfd_create(name)
    with os.fdopen(os.dup(descriptor), "wb") as handle:
        handle.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def interpreter() -> str:
    """Return the interpreter behind a virtual environment, so that guests see only the standard library."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@lru_cache
def compiled(name: str) -> bytes:
    """Return a module of this package, compiled for guests, which are the same interpreter."""
    text = (files("xdomain.domains.sandbox") / f"{name}.py").read_bytes()
    return marshal.dumps(compile(text, f"{name}.py", "exec", dont_inherit=True))
