"""Bubblewrap: namespaces for processes, network and files; nothing of the machine but the interpreter, read-only."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from xdomain.domains.sandbox.base import ONE_THREAD, Limits, Sandbox
from xdomain.domains.sandbox.mounts import interpreter_mounts, package_mounts
from xdomain.domains.sandbox.packages import PACKAGES

NOBODY = 65534

FIRST_GUEST = 1 << 31
"""First user id for guests. No user has it or a later one, since systemd's table of ids ends below."""

NAMESPACES = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")

DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")

LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "fd/0", "/dev/stdout": "fd/1", "/dev/stderr": "fd/2"}


class Bubblewrap(Sandbox):
    """A sandbox without network, environment, home or other processes, in which guests can write to one small tmpfs.

    If this process is root, each guest takes a separate user id. In a user namespace it would still count as root
    outside, and RLIMIT_NPROC would have no effect. With one id for all guests, a fork bomb would use up its neighbours'
    processes, as it does in a container whose root has no spare ids. For any other user bubblewrap makes a user
    namespace, in which the limit counts separately.
    """

    name = "bubblewrap"
    isolated = True

    def __init__(self, packages: tuple[str, ...] = (), *, disable_userns: bool = False) -> None:
        """Look for the program.

        Args:
            packages: see `Sandbox`.
            disable_userns: whether guests that are in a user namespace are kept from making more with bubblewrap's own
                means as well; old versions and some containers cannot do that.
        """
        self.program = shutil.which("bwrap")
        self.root = os.geteuid() == 0
        self.packages = packages
        self.disable_userns = disable_userns
        self.guests = itertools.count()

    def package_folders(self) -> list[str]:
        return [PACKAGES] if self.packages else []

    def guest_user(self) -> int | None:
        if not self.root:
            return None
        # Apart for up to 256 guests at once of each process of this machine (pids have 22 bits).
        user = FIRST_GUEST + (os.getpid() << 8 | next(self.guests) & 0xFF)
        return user if is_mapped(user) else NOBODY

    def wrap(self, command: Sequence[str], limits: Limits, rules: int) -> list[str]:
        assert self.program is not None
        if self.root:
            users = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            users = ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL"]
            users += ["--disable-userns"] if self.disable_userns else []
        return [
            self.program,
            *NAMESPACES,
            *users,
            *("--hostname", "guest"),
            *("--seccomp", str(rules)),
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            *(word for name, value in ONE_THREAD.items() if self.packages for word in ("--setenv", name, value)),
            *("--proc", "/proc", "--ro-bind", "/dev/null", "/proc/cmdline"),
            *("--tmpfs", "/proc/sys", "--remount-ro", "/proc/sys"),
            *("--perms", "0755", "--dir", "/dev"),
            *(word for device in DEVICES for word in ("--dev-bind", device, device)),
            *(word for place, target in LINKS.items() for word in ("--symlink", target, place)),
            *("--perms", "1777", "--size", str(limits.disk_mib << 20), "--tmpfs", "/tmp"),  # noqa: S108 -- the guest's
            *interpreter_mounts(),  # after /tmp, which may contain it
            *package_mounts(self.packages),
            *("--remount-ro", "/", "--chdir", "/tmp"),  # noqa: S108 -- the guest's
            "--",
            *command,
        ]


def is_mapped(user: int) -> bool:
    """Whether the user id exists in this process's user namespace; a container without a real root has few."""
    ranges = (map(int, line.split()) for line in Path("/proc/self/uid_map").read_text().splitlines())
    return any(first <= user < first + count for first, _, count in ranges)
