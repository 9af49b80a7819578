"""The table of `make test-faults` tells what could not be done, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.faults("hangs")
def test_done(tally):
    tally.fault("a fault")

@pytest.mark.faults
def test_of_no_kind(tally):
    tally.fault("another fault", 3)

@pytest.mark.faults("hangs")
def test_not_here():
    pytest.skip("no such machine")

def test_of_something_else():
    pytest.skip("not a fault")
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_the_table_has_kinds_and_what_was_skipped(tmp_path: Path, repository: Path, workers: list[str]) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = faults: as here\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", *workers, tmp_path],
        env=os.environ | {"PYTHONPATH": str(repository)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    table = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    begin = table.index("hangs")
    assert table[begin : begin + 10] == [
        "hangs", "a fault 1", "test_not_here skipped: no such machine", "",
        "other", "another fault 3", "",
        "all", "faults injected 4", "tests of faults skipped 1",
    ]  # fmt: skip
    assert "test_of_something_else" not in ended.stdout
