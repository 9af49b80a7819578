"""Bubblewrap: namespaces for processes, network and files; nothing of the machine but the interpreter, read-only."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from xdomain.domains.sandbox.base import Limits, Sandbox, interpreter

NOBODY = 65534

FIRST_GUEST = 1 << 31
"""User ids from here on belong to nobody: systemd's table of ids, containers' included, ends below."""

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
"""What an interpreter needs of the system: libraries, and nothing that says whose machine this is."""


class Bubblewrap(Sandbox):
    """No network, no environment, no home, no other processes; one small tmpfs to write to.

    As root each guest takes a user id of its own: inside a user namespace it would still count as root outside, and
    RLIMIT_NPROC would not hold; with one id for all, a fork bomb would use up what its neighbours may start (which is
    so in a container whose root has no ids to spare). As any other user bubblewrap makes a user namespace, where the
    limit counts alone.
    """

    name = "bubblewrap"
    isolated = True

    def __init__(self) -> None:
        self.program = shutil.which("bwrap")
        self.root = os.geteuid() == 0
        self.guests = itertools.count()

    def guest_user(self) -> int | None:
        if not self.root:
            return None
        # Apart for up to 256 guests at once of each process of this machine (pids have 22 bits).
        user = FIRST_GUEST + (os.getpid() << 8 | next(self.guests) & 0xFF)
        return user if is_mapped(user) else NOBODY

    def wrap(self, command: Sequence[str], limits: Limits) -> list[str]:
        assert self.program is not None
        namespaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        if self.root:
            users = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            users = ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL"]
        return [
            self.program,
            *namespaces,
            *users,
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            *system_mounts(),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--size", str(limits.disk_mib << 20), "--tmpfs", "/tmp"),  # noqa: S108 -- the guest's
            *interpreter_mount(),  # after /tmp, for it may lie there
            *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"),  # noqa: S108 -- the guest's
            "--",
            *command,
        ]


def is_mapped(user: int) -> bool:
    """Whether the user id exists in this process's user namespace; a container without a real root has few."""
    ranges = (map(int, line.split()) for line in Path("/proc/self/uid_map").read_text().splitlines())
    return any(first <= user < first + count for first, _, count in ranges)


def system_mounts() -> list[str]:
    """Read-only mounts of what exists of `SYSTEM`; a link stays a link."""
    mounts: list[str] = []
    for place in SYSTEM:
        if os.path.islink(place):
            mounts += ["--symlink", os.readlink(place), place]
        elif os.path.exists(place):
            mounts += ["--ro-bind", place, place]
    return mounts


def interpreter_mount() -> list[str]:
    """The interpreter's own folder if it lies outside the system's, with parents that nobody may pass through."""
    prefix = Path(os.path.realpath(sys.base_prefix))
    if prefix.is_relative_to("/usr") or not Path(interpreter()).is_relative_to(prefix):
        return []
    parents = [part for part in reversed(prefix.parents) if str(part) not in ("/", "/tmp")]  # noqa: S108 -- as above
    opened = [word for part in parents for word in ("--perms", "0755", "--dir", str(part))]
    return [*opened, "--ro-bind", str(prefix), str(prefix)]
