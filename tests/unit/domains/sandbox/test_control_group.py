"""Control groups of guests: real ones where this user may make them, and where they are looked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xdomain.domains.sandbox import control_group as module
from xdomain.domains.sandbox.control_group import control_group, find_places, own_groups, places_here

ENTER = "import os, sys\nfor entry in sys.argv[1:]:\n    os.write(int(entry), b'0')\n"


def run_inside(code: str, memory_mib: int, processes: int) -> tuple[int, bool]:
    """Run a program in a new group; return its exit code and whether the group ran out of memory."""
    group = control_group(memory_mib << 20, processes)
    if group is None:
        pytest.skip("this user may not make control groups")
    entries = group.entries()
    command = [sys.executable, "-c", ENTER + code, *map(str, entries)]
    code_of_exit = subprocess.run(command, pass_fds=entries, check=False, stderr=subprocess.DEVNULL).returncode
    for entry in entries:
        os.close(entry)
    ran_out = group.ran_out()
    group.remove()
    assert not [folder for folder in group.folders.values() if folder.exists()]
    return code_of_exit, ran_out


def test_the_kernel_ends_what_takes_too_much_memory() -> None:
    assert run_inside("x = b'x' * (100 << 20)", 50, 16) == (-9, True)
    assert run_inside("x = b'x' * (10 << 20)", 50, 16) == (0, False)


def test_the_kernel_refuses_more_processes() -> None:
    if "pids" not in places_here():
        pytest.skip("this user may not limit processes through control groups")
    forks = "try:\n    while os.fork():\n        pass\nexcept OSError:\n    sys.exit(3)\nimport time\ntime.sleep(0.2)"
    assert run_inside(forks, 200, 4) == (3, False)


def test_leftovers_of_a_killed_process_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    places = places_here()
    if not places:
        pytest.skip("this user may not make control groups")
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    with monkeypatch.context() as patch:
        patch.setattr(module.os, "getpid", lambda: child.pid)
        left = control_group(50 << 20, 4)
    mine = control_group(50 << 20, 4)
    assert left is not None
    assert mine is not None
    for place in places.values():
        module.remove_leftovers(place)
    assert not [folder for folder in left.folders.values() if folder.exists()]
    assert all(folder.exists() for folder in mine.folders.values())
    mine.remove()


def version_2(root: Path, groups: dict[str, tuple[str, str]]) -> None:
    """Lay out what version 2 shows of its groups: controllers of their children, and their limits."""
    (root / "cgroup.controllers").write_text("cpu memory pids")
    for name, (controllers, limit) in groups.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.subtree_control").write_text(controllers)
        (folder / "memory.max").write_text(limit)


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        # A group that has processes has no groups with limits below it: guests get siblings.
        ({"user/app": ("memory pids", "max"), "user/app/shell": ("", "max")}, "user/app"),
        # A sibling would escape the limit of our own group.
        ({"user/app": ("memory pids", "max"), "user/app/shell": ("", "1000")}, None),
        ({"user/app": ("", "max"), "user/app/shell": ("", "max")}, None),
        ({"user/app/shell": ("memory pids", "1000")}, "user/app/shell"),
    ],
)
def test_where_groups_of_version_2_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: dict[str, tuple[str, str]], found: str | None
) -> None:
    version_2(tmp_path, groups)
    monkeypatch.setattr(module, "takes_group", lambda place, controller: True)
    places = find_places(tmp_path, {"": "/user/app/shell"})
    assert places == ({"memory": tmp_path / found, "pids": tmp_path / found} if found else {})


def test_where_groups_of_version_1_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory" / "job").mkdir(parents=True)
    (tmp_path / "pids").mkdir()
    monkeypatch.setattr(module, "takes_group", lambda place, controller: True)
    found = find_places(tmp_path, own_groups("4:memory:/job\n8:cpu,pids:/elsewhere\n"))
    assert found == {"memory": tmp_path / "memory" / "job", "pids": tmp_path / "pids"}


def test_without_leave_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "pids").mkdir()
    assert find_places(tmp_path, {"memory": "/", "pids": "/"}) == {}, "these folders are no groups"
    assert not list(tmp_path.glob("*/xdomain-guest-*"))
