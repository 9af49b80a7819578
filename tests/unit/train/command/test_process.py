from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from xdomain.config.engine import EngineConfig
from xdomain.core.errors import ConfigError
from xdomain.train.command.process import CommandKilled, command_line, run_command


def shell(folder: Path, script: str, **fields: object) -> EngineConfig:
    return EngineConfig.model_validate(
        {"command": ["sh", "-c", script], "version": "1", "folder": str(folder)} | fields
    )


def run(engine: EngineConfig, folder: Path, *, stop: bool = False) -> int | None:
    task = folder / "task.json"
    task.write_text("{}")
    return run_command(engine, task, {"MINE": "7"}, stop_requested=lambda: stop, on_look=lambda: None)


def test_the_command_gets_the_task_its_folder_and_the_environment(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(shell(tmp_path, "echo $0 $PWD $MINE"), tmp_path) == 0
    assert capfd.readouterr().out == f"{tmp_path / 'task.json'} {tmp_path} 7\n"


def test_an_exit_code_is_returned_and_a_signal_raises(tmp_path: Path) -> None:
    assert run(shell(tmp_path, "exit 5"), tmp_path) == 5
    with pytest.raises(CommandKilled, match="signal 9"):
        run(shell(tmp_path, "kill -9 $$"), tmp_path)


def test_a_killed_guard_takes_the_command_with_it(tmp_path: Path) -> None:
    with pytest.raises(CommandKilled):
        run(shell(tmp_path, f"echo $$ > {tmp_path / 'child'}; kill -9 $PPID; sleep 60"), tmp_path)
    assert_gone(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize("script", ["sleep 60 & wait", "trap '' TERM; sleep 60 & sleep 60 & wait; sleep 60"])
def test_a_command_that_never_ends_is_stopped_with_all_its_processes(tmp_path: Path, script: str) -> None:
    begun = time.monotonic()
    engine = shell(tmp_path, f"echo $$ > {tmp_path / 'child'}; {script}", stop_seconds=0.5)
    assert run(engine, tmp_path, stop=True) is None
    assert time.monotonic() - begun < 30
    assert not (tmp_path / "exit").exists(), "a stopped command has not ended"
    if (tmp_path / "child").exists():
        assert_gone(int((tmp_path / "child").read_text()))


def assert_gone(pid: int) -> None:
    end = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["no-such-program-here"], 'the program "no-such-program-here" was not found'),
        (["./missing"], 'the program "./missing"'),
        (["python", "missing.py"], 'there is no file "missing.py"'),
    ],
)
def test_a_missing_command_is_refused_by_name(tmp_path: Path, command: list[str], words: str) -> None:
    engine = EngineConfig.model_validate({"command": command, "version": "1", "folder": str(tmp_path)})
    with pytest.raises(ConfigError, match=words):
        command_line(engine)


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist here"):
        command_line(shell(tmp_path / "gone", "true"))


def test_python_is_the_one_that_runs_xdomain(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    engine = EngineConfig.model_validate({"command": ["python", "train.py"], "version": "1", "folder": str(tmp_path)})
    assert command_line(engine) == [sys.executable, "train.py"]
