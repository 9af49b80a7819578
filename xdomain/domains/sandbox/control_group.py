"""A control group per guest: the kernel itself limits memory and processes, on machines where we may make groups."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")

VERSION_1 = {
    "memory": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes"),
    "pids": ("pids.max",),
}
"""Controllers and the files that hold their limits. Each controller has separate groups."""

REMOVAL_SECONDS = 2.0
"""How long a group's last processes may take to be gone."""

NUMBERS = itertools.count()


class ControlGroup:
    """The groups of one guest: one per controller in version 1, a single one in version 2.

    They are children of the group that this process is in, so a limit of that one (a container's, a batch job's) holds
    for guests as well.
    """

    def __init__(self, places: dict[str, Path], memory_bytes: int, processes: int) -> None:
        """Make the groups.

        Args:
            places: Folder to make a group in, by controller; see `places_here`.
            memory_bytes: Limit on everything that the processes hold: files in memory and buffers of the kernel, too.
            processes: Limit on processes and threads.

        Raises:
            OSError: A group cannot be made.
        """
        name = f"{own_prefix()}{next(NUMBERS)}"
        self.folders = {controller: place / name for controller, place in places.items()}
        for folder in set(self.folders.values()):
            folder.mkdir()
        limits = {"memory": memory_bytes, "pids": processes}
        for controller, folder in self.folders.items():
            for file in files_of(controller, folder):
                # Without swap there is no file for it.
                if (folder / file).exists():
                    (folder / file).write_text(str(0 if "swap" in file else limits[controller]))

    def entries(self) -> list[int]:
        """Return descriptors; a process that writes "0" to them moves into the groups."""
        return [os.open(folder / "cgroup.procs", os.O_WRONLY) for folder in set(self.folders.values())]

    def ran_out(self) -> bool:
        """Whether the kernel killed a process because the memory was used up."""
        folder = self.folders["memory"]
        for file in ("memory.events", "memory.oom_control"):
            if (folder / file).exists():
                return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines(folder / file))
        return False

    def remove(self) -> None:
        """Remove the groups. What cannot be removed now is removed by a later process; see `remove_leftovers`."""
        deadline = time.monotonic() + REMOVAL_SECONDS
        for folder in set(self.folders.values()):
            while not is_removed(folder) and time.monotonic() < deadline:
                time.sleep(0.001)


def control_group(memory_bytes: int, processes: int) -> ControlGroup | None:
    """Return a new group, or None where this user may not make one.

    Raises:
        OSError: Groups could be made before, and this one cannot.
    """
    places = places_here()
    return ControlGroup(places, memory_bytes, processes) if places else None


@lru_cache(maxsize=1)
def places_here() -> dict[str, Path]:
    """Return the folder that guests' groups are made in, by controller; empty without one for memory. Tried once."""
    places = find_places(ROOT, own_groups(Path("/proc/self/cgroup").read_text()))
    for place in set(places.values()):
        remove_leftovers(place)
    return places


def find_places(root: Path, own: dict[str, str]) -> dict[str, Path]:
    """Return the folders that can be used.

    Args:
        root: Where the groups are mounted.
        own: The group of this process, by controller; version 2 has the name "".
    """
    if (root / "cgroup.controllers").exists():
        group = root / own.get("", "/").lstrip("/")
        candidates = [group] if group == root or is_limited(group) else [group, group.parent]
        places = [place for place in candidates if "memory" in " ".join(lines(place / "cgroup.subtree_control"))]
        found = {controller: place for place in places[:1] for controller in ("memory", "pids")}
    else:
        # A container has its own group mounted at the root, under the name that the host gave it.
        groups = {name: root / name / own.get(name, "/").lstrip("/") for name in VERSION_1}
        found = {name: group if group.is_dir() else root / name for name, group in groups.items()}
    found = {controller: place for controller, place in found.items() if takes_group(place, controller)}
    return found if "memory" in found else {}


def is_limited(group: Path) -> bool:
    """Whether a group of version 2 has a limit on memory itself, which a sibling would escape."""
    return lines(group / "memory.max") != ["max"]


def own_groups(text: str) -> dict[str, str]:
    """Return the path of each controller's group from the text of /proc/self/cgroup."""
    rows = [line.split(":", 2) for line in text.splitlines()]
    return {controller: path for _, controllers, path in rows for controller in controllers.split(",")}


def takes_group(place: Path, controller: str) -> bool:
    """Whether this user can make a group there that limits what the controller counts."""
    probe = place / f"{own_prefix()}{next(NUMBERS)}"
    try:
        probe.mkdir()
    except OSError:
        return False
    works = os.access(probe / files_of(controller, probe)[0], os.W_OK)
    probe.rmdir()
    return works


def files_of(controller: str, folder: Path) -> tuple[str, ...]:
    """Return the files that hold a controller's limits in this version."""
    if (folder / VERSION_1[controller][0]).exists():
        return VERSION_1[controller]
    return ("memory.max", "memory.swap.max") if controller == "memory" else ("pids.max",)


def own_prefix() -> str:
    """Return the beginning of the names of this process's groups; pids are unique within a namespace only."""
    return f"xdomain-guest-{os.stat('/proc/self/ns/pid').st_ino}-{os.getpid()}-"


def remove_leftovers(place: Path) -> None:
    """Remove the groups of processes that are gone, which were killed before they could."""
    namespace = own_prefix().rpartition("-")[0].rpartition("-")[0]
    for folder in place.glob(f"{namespace}-*"):
        owner = folder.name.removeprefix(f"{namespace}-").partition("-")[0]
        if owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            is_removed(folder)


def is_removed(folder: Path) -> bool:
    """Remove a group and return whether it is gone; it stays while it has processes."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def lines(file: Path) -> list[str]:
    """Return the lines of a file, none if it cannot be read."""
    with suppress(OSError):
        return file.read_text().splitlines()
    return []
