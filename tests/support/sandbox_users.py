"""Run guests as another user, and measure the memory that the machine gives them.

`run_as` and `OtherUser` start this file as a program of that user; any interpreter that has the package's modules on
its path will do, for nothing outside the standard library is needed.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xdomain.domains.sandbox import runs
from xdomain.domains.sandbox.base import Limits, interpreter
from xdomain.domains.sandbox.choose import working_sandbox
from xdomain.domains.sandbox.control_group import ControlGroup, is_removed, places_here
from xdomain.domains.sandbox.runs import run_script

ROOT = Path(__file__).parents[2]
NOBODY = 65534
AT_ONCE = 8


def run_as(
    user: int, programs: Mapping[str, str], limits: Mapping[str, Any], folder: Path
) -> dict[str, dict[str, Any]]:
    """Run each program in a guest that `user` starts; return by name how it ended.

    Args:
        user: User id; another one than ours needs root.
        programs: Text of each program, by name.
        limits: Limits of each.
        folder: Empty folder that the user may read.
    """
    copy_package(folder)
    command = [readable_interpreter(user, folder), "-B", str(folder / "run.py")]
    with measuring_groups(programs) as groups:
        job = {"programs": programs, "limits": limits, "groups": groups}
        done = subprocess.run(
            command,
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[entry for entry, _ in groups.values()],
            env={"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]},
            user=user if user != os.getuid() else None,
            group=user if user != os.getuid() else None,
            extra_groups=[] if user != os.getuid() else None,
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def readable_interpreter(user: int, folder: Path) -> str:
    """Return an interpreter that the user may run; opens the folder and those above it that are temporary."""
    os.chmod(folder, 0o755)
    for parent in folder.parents:
        if parent.owner() == folder.owner() and Path(tempfile.gettempdir()) in parent.parents:
            os.chmod(parent, 0o755)
    if user == os.getuid():
        return interpreter()
    for path in (interpreter(), "/usr/bin/python3", "/usr/local/bin/python3"):
        works = "import sys; sys.exit(sys.version_info < (3, 11))"
        try:
            if subprocess.run([path, "-c", works], user=user, group=user, extra_groups=[], check=False).returncode == 0:
                return path
        except OSError:
            continue
    raise FileNotFoundError("no interpreter that another user may run")


class OtherUser:
    """The functions of `xdomain.domains.sandbox.runs`, called by another user with the sandbox that works for it."""

    def __init__(self, user: int, folder: Path) -> None:
        """Copy the package to an empty folder that the user may read."""
        self.user = user
        self.folder = copy_package(folder)
        self.interpreter = readable_interpreter(user, folder)
        self.idle = [self.start() for _ in range(AT_ONCE)]

    def __call__(self, function: str, *arguments: Any) -> Any:
        """Call a function without its first argument; calls from up to `AT_ONCE` threads run at the same time."""
        server = self.idle.pop()
        assert server.stdin is not None
        assert server.stdout is not None
        pickle.dump((function, arguments), server.stdin)
        server.stdin.flush()
        result = pickle.load(server.stdout)
        self.idle.append(server)
        return result

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self.interpreter, "-B", str(self.folder / "run.py"), "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(self.folder), "PATH": os.environ["PATH"]},
            user=self.user,
            group=self.user,
            extra_groups=[],
        )

    def close(self) -> None:
        for server in self.idle:
            server.communicate()


def serve() -> None:
    """Answer the calls of an `OtherUser` until its end."""
    sandbox = working_sandbox()
    assert sandbox is not None, "no sandbox"
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(getattr(runs, function)(sandbox, *arguments), sys.stdout.buffer)
        sys.stdout.flush()


def copy_package(folder: Path) -> Path:
    shutil.copytree(ROOT / "xdomain", folder / "xdomain", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(__file__, folder / "run.py")
    return folder


@contextmanager
def measuring_groups(names: Sequence[str] | Mapping[str, Any]) -> Iterator[dict[str, tuple[int, str]]]:
    """Make a control group without a limit for each name: a descriptor that enters it, and its folder."""
    place = places_here().get("memory")
    folders = {name: place / f"xdomain-test-{os.getpid()}-{n}" for n, name in enumerate(names)} if place else {}
    for folder in folders.values():
        folder.mkdir()
    groups = {name: (os.open(folder / "cgroup.procs", os.O_WRONLY), str(folder)) for name, folder in folders.items()}
    try:
        yield groups
    finally:
        deadline = time.monotonic() + 5
        for entry, place_of_group in groups.values():
            os.close(entry)
            while not is_removed(Path(place_of_group)) and time.monotonic() < deadline:
                time.sleep(0.01)  # the last processes are still dying


def main() -> None:
    """Run the job that standard input describes."""
    job = json.load(sys.stdin)
    kernel_ended: list[str] = []
    watch_endings(kernel_ended)
    found = {}
    for name, program in job["programs"].items():
        entry, folder = job["groups"].get(name, (None, ""))
        if entry is not None:
            os.write(entry, b"0")
            places_here.cache_clear()
        kernel_ended.clear()
        sandbox = working_sandbox()
        assert sandbox is not None, "no sandbox"
        run = run_script(sandbox, program, "", Limits(**job["limits"]))
        found[name] = {
            "ending": run.ending,
            "exit_code": run.exit_code,
            "stdout": run.stdout,
            "seconds": run.seconds,
            "peak_mib": peak_bytes(Path(folder)) / (1 << 20) if folder else None,
            "ended_by_kernel": bool(kernel_ended),
            "in_group": bool(places_here()),
        }
    json.dump(found, sys.stdout)


def watch_endings(kernel_ended: list[str]) -> None:
    """Note when the kernel ended a guest at its group's limit."""
    ran_out = ControlGroup.ran_out

    def noted(group: ControlGroup) -> bool:
        found = ran_out(group)
        kernel_ended.extend(["memory"] * found)
        return found

    ControlGroup.ran_out = noted  # type: ignore[method-assign, assignment]


def peak_bytes(group: Path) -> int:
    """Return the most memory that a group held, files in memory and buffers of the kernel included."""
    file = next(file for file in ("memory.max_usage_in_bytes", "memory.peak") if (group / file).exists())
    return int((group / file).read_text())


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
