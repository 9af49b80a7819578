"""A stage's log takes everything that its process prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from xdomain.worker.log import log_line, log_to


def test_python_and_c_write_to_the_log_and_no_longer_afterwards(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "logs" / "stage.log"
    for round_ in range(2):
        with log_to(path):
            log_line(f"round {round_}")
            print("to stderr", file=sys.stderr)
            os.write(1, b"from C\n")
        print("outside")
    lines = path.read_text().splitlines()
    assert [line.split(" ", 2)[-1] for line in lines[::3]] == ["round 0", "round 1"]
    assert lines[1::3] == ["to stderr"] * 2
    assert lines[2::3] == ["from C"] * 2
    assert capfd.readouterr().out == "outside\n" * 2
