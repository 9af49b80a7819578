"""Every route to more memory, taken as root and as another user: the guest ends, and the machine's memory is measured.

`pytest -s` prints the table that docs/how-to/run-model-written-code.md shows.
"""

from __future__ import annotations

import errno
import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import memory_routes
from tests.support.memory_routes import ROUTES
from tests.support.sandbox_users import NOBODY, ROOT, run_as
from xdomain.domains.sandbox.choose import working_sandbox

LIMITS = {"wall_seconds": 2.5, "memory_mib": 256, "disk_mib": 64}
SLACK = 1.1
REFUSED = {errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT}
PAGE = ROOT / "docs" / "how-to" / "run-model-written-code.md"

Found = Mapping[str, Mapping[str, Any]]


@pytest.fixture(autouse=True)
def needs_a_sandbox() -> None:
    if working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")


def take_all(user: int, folder: Path) -> Found:
    text = inspect.getsource(memory_routes)
    programs = {route.__name__: f"{text}\nmain({route.__name__!r})\n" for route in ROUTES}
    return run_as(user, programs, LIMITS, folder)


def what_closed(run: Mapping[str, Any]) -> str:
    """Return the word of the table for what ended a guest."""
    if run["ending"] == "memory":
        return "control group" if run["ended_by_kernel"] else "watcher"
    if run["ending"] == "timeout":
        return "stays below"
    word = run["stdout"].rpartition("error ")[2].strip()
    if run["ending"] != "exited" or run["exit_code"] == 0 or not word:
        return f"nothing: {run['ending']} {run['exit_code']} {run['stdout'][-80:]}"
    if word == "memory" or int(word) == errno.ENOMEM:
        return "rlimit"
    return "seccomp" if int(word) in REFUSED else "mounts"


def refuse_open_routes(found: Found) -> None:
    words = {name: what_closed(run) for name, run in found.items()}
    assert not {name: word for name, word in words.items() if word.startswith("nothing")}
    peaks = {name: run["peak_mib"] for name, run in found.items() if run["peak_mib"] is not None}
    assert not {name: peak for name, peak in peaks.items() if peak > LIMITS["memory_mib"] * SLACK}


def table(columns: Mapping[str, Found]) -> str:
    lines = [" | ".join(["", "route", *columns, ""]).strip(), "|---" * (1 + len(columns)) + "|"]
    for route in ROUTES:
        runs = [found[route.__name__] for found in columns.values()]
        cells = [
            what_closed(run) + (f", {run['peak_mib']:.0f} MiB" if run["peak_mib"] is not None else "") for run in runs
        ]
        lines.append(" | ".join(["", str(route.__doc__), *cells, ""]).strip())
    return "\n".join(lines)


def test_no_route_leads_beyond_the_limit(tmp_path: Path) -> None:
    users = {"as root": 0, "as another user": NOBODY} if os.getuid() == 0 else {"as this user": os.getuid()}
    columns = {}
    for number, (name, user) in enumerate(users.items()):
        (tmp_path / str(number)).mkdir()
        columns[name] = take_all(user, tmp_path / str(number))
    print(f"\n{table(columns)}")
    for found in columns.values():
        refuse_open_routes(found)
    assert not any(run["in_group"] for run in columns.get("as another user", {}).values()), "only the watcher holds"


def test_the_page_names_every_route() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [route.__doc__ for route in ROUTES if f"| {route.__doc__} |" not in page] == []
