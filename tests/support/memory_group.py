"""A control group with little memory, for real kills by the kernel; version 1 and 2 of Linux's cgroups."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def memory_group(limit_bytes: int) -> Iterator[Path]:
    """The folder of a new group; skips where this user may not make one."""
    root = Path("/sys/fs/cgroup")
    first = (root / "memory").is_dir()
    folder = (root / "memory" if first else root) / f"xdomain-test-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / ("memory.limit_in_bytes" if first else "memory.max")).write_text(str(limit_bytes))
    except OSError as error:
        pytest.skip(f"this user may not limit memory through cgroups: {error}")
    yield folder
    folder.rmdir()
