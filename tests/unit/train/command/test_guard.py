from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from xdomain.train.command import guard


def start(folder: Path, *command: str, worker: int | None = None) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-I", "-S", guard.__file__, str(worker or os.getpid()), str(folder / "exit"), *command]
    return subprocess.Popen(words, start_new_session=True)


def code(folder: Path) -> str:
    return (folder / "exit").read_text()


def test_the_exit_code_is_written_and_the_rest_of_the_group_is_killed(tmp_path: Path) -> None:
    guarded = start(tmp_path, "sh", "-c", f"sleep 60 & echo $! > {tmp_path / 'child'}; exit 3")
    guarded.wait(30)
    assert code(tmp_path) == "3"
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_signal_is_told_from_an_exit_code(tmp_path: Path) -> None:
    start(tmp_path, "sh", "-c", "kill -9 $$").wait(30)
    assert code(tmp_path) == "-9"


def test_a_program_that_is_missing_ends_with_127(tmp_path: Path) -> None:
    start(tmp_path, str(tmp_path / "missing")).wait(30)
    assert code(tmp_path) == "127"


def test_the_group_ends_when_the_worker_is_gone(tmp_path: Path) -> None:
    begun = time.monotonic()
    guarded = start(tmp_path, "sleep", "60", worker=1)  # not the parent of the guard
    assert guarded.wait(30) == -9
    assert time.monotonic() - begun < 30
    assert not (tmp_path / "exit").exists()
