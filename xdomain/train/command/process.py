"""Start a stage's command, pass on its output and progress, and stop it when the stage is asked to."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xdomain.config.engine import INTERPRETER, EngineConfig
from xdomain.core.errors import ConfigError, StageError
from xdomain.train.command import guard

LOOK_SECONDS = 0.2
LONGEST_LINE = 65536
"""Bytes that are passed on at once of what the command prints."""
LOG_SECONDS = 5.0
"""Longest wait for the rest of the command's output once its processes are gone."""


class CommandKilled(StageError):
    """A signal that we did not send ended the command; the stage may be started again."""


def command_line(engine: EngineConfig) -> list[str]:
    """Return the command with the path of its program.

    Raises:
        ConfigError: there is no such program, or no such Python file.
    """
    program, *arguments = engine.command
    folder = Path(engine.folder or ".")
    where = "training.engine.command"
    if not folder.is_dir():
        raise ConfigError(f"the folder {folder} that the command runs in does not exist here.", where=where)
    if program == INTERPRETER:
        script = arguments[0] if arguments else ""
        if script.endswith(".py") and not (folder / script).is_file():
            raise ConfigError(
                f'there is no file "{script}".', where=where, fix=f"The command runs in {folder.resolve()}."
            )
        return [sys.executable, *arguments]
    found = shutil.which(str(folder / program) if os.sep in program else program)
    if found is None:
        raise ConfigError(
            f'the program "{program}" was not found here, or cannot be executed.',
            where=where,
            fix="Install it, or correct the name. A path counts from the folder of the experiment file.",
        )
    return [os.path.abspath(found), *arguments]


def run_command(
    engine: EngineConfig,
    task: Path,
    environment: dict[str, str],
    *,
    stop_requested: Callable[[], bool],
    on_look: Callable[[], object],
) -> int | None:
    """Run the command to its end.

    Args:
        engine: The command.
        task: Path of the task file, the command's last argument. The exit code is written to `exit` next to it.
        environment: Variables that are added to this process's.
        stop_requested: Asked between looks; once True, the command is told to stop, and killed if it does not.
        on_look: Called between looks.

    Returns:
        The exit code; None if it was stopped on request.

    Raises:
        CommandKilled: a signal ended it.
        ConfigError: see `command_line`.
    """
    exit_file = task.with_name("exit")
    exit_file.unlink(missing_ok=True)
    guarded = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), str(exit_file)]
    process = subprocess.Popen(  # noqa: S603 -- it is the user's
        [*guarded, *command_line(engine), str(task)],
        cwd=engine.folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with _printed(process):
        try:
            stopped = _follow(process, engine.stop_seconds, stop_requested, on_look)
        finally:
            _signal(process, signal.SIGKILL)
            process.wait()
    if stopped:
        exit_file.unlink(missing_ok=True)
        return None
    code = ended_with(exit_file)
    if code is None or code < 0:
        number = signal.SIGKILL if code is None else -code
        raise CommandKilled(f"signal {int(number)} ended the command.", where="training.engine")
    return code


def ended_with(exit_file: Path) -> int | None:
    """Return the exit code that the guard wrote; None if there is none."""
    try:
        return int(exit_file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def _follow(
    process: subprocess.Popen[bytes], grace: float, stop_requested: Callable[[], bool], on_look: Callable[[], object]
) -> bool:
    """Wait for the guard's end, and return whether the command was told to stop before."""
    deadline = None
    while process.poll() is None:
        if deadline is None and stop_requested():
            deadline = time.monotonic() + grace
            _signal(process, signal.SIGTERM)
        if deadline is not None and time.monotonic() >= deadline:
            _signal(process, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_SECONDS)
        on_look()
    return deadline is not None


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the command's group, whose number is that of the guard."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@contextmanager
def _printed(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Print what the command prints, so that it is in the stage's log with known secrets masked."""
    assert process.stdout is not None
    pipe = process.stdout

    def pass_on() -> None:
        for line in iter(lambda: pipe.readline(LONGEST_LINE), b""):
            print(line.decode("utf-8", "replace"), end="", flush=True)

    thread = threading.Thread(target=pass_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(LOG_SECONDS)
        if not thread.is_alive():  # else a process that left the group holds the pipe open
            pipe.close()
