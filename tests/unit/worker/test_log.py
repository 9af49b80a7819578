"""A stage's log takes everything that its process prints."""

from __future__ import annotations

import os
import subprocess
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


def test_secrets_are_masked_in_prints_tracebacks_and_loggers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_TEST_TOKEN", "tok-0123456789")
    code = (
        "import logging, sys, traceback; from pathlib import Path\n"
        "logging.getLogger('library').addHandler(logging.StreamHandler())\n"  # as libraries do when they are imported
        "logging.getLogger('library').addHandler(logging.lastResort)\n"  # follows sys.stderr
        "from xdomain.worker.log import log_to\n"
        "with log_to(Path(sys.argv[1])):\n"
        "    print('printed', 'tok-0123456789')\n"
        "    logging.getLogger('library').warning('logged tok-0123456789')\n"
        "    try: raise ValueError('raised tok-0123456789')\n"
        "    except ValueError: traceback.print_exc()\n"
        "logging.getLogger('library').warning('later tok-0123456789')\n"
    )
    log = tmp_path / "stage.log"
    ended = subprocess.run([sys.executable, "-c", code, log], capture_output=True, text=True, check=True)
    found = log.read_text()
    assert "printed $LOG_TEST_TOKEN\nlogged $LOG_TEST_TOKEN\nlogged $LOG_TEST_TOKEN\n" in found
    assert "ValueError: raised $LOG_TEST_TOKEN" in found
    assert "tok-" not in found.replace("raise ValueError('raised tok-0123456789')", "")
    assert ended.stderr.startswith("later $LOG_TEST_TOKEN\n")


def test_a_whole_process_masks_what_it_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_TEST_TOKEN", "tok-0123456789")
    code = (
        "import logging; logging.root.addHandler(logging.lastResort)\n"
        "from xdomain.worker.log import mask_output; mask_output(); print('tok-0123456789')\n"
        "raise ValueError('tok-0123456789')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout == "$LOG_TEST_TOKEN\n"
    assert "ValueError: $LOG_TEST_TOKEN" in ended.stderr
