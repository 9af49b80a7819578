"""Run a command in its own process group, and end the whole group with the command or with the worker.

A worker starts this file as a script and as the leader of a new session, without xdomain's packages on its path, so
that it starts at once. Its group also holds the command and what the command starts. When the command has ended, its
exit code is written to a file. Whatever is left of the group is then killed, this process included. The group is also
killed when the worker is gone, however it went.

Arguments: process number of the worker, path of the exit code's file, the command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

LOOK_SECONDS = 0.05
"""Longest time that the group outlives the worker."""
NOT_STARTED = 127


def main(worker: int, exit_file: str, command: list[str]) -> None:
    """Run the command to its end; never returns."""
    signal.signal(signal.SIGTERM, lambda number, frame: None)  # a request to stop goes to the whole group
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # workers ignore it, and the command would inherit that
    try:
        process = subprocess.Popen(command)  # noqa: S603 -- it is the user's
    except OSError as error:
        print(f"{command[0]} cannot be started: {error}", flush=True)
        end(exit_file, NOT_STARTED)
        return
    while True:
        try:
            code = process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if os.getppid() != worker:
                os.killpg(0, signal.SIGKILL)
            continue
        end(exit_file, code)


def end(exit_file: str, code: int) -> None:
    """Write the exit code down (negative: the signal that ended the command), and kill what is left of the group."""
    partial = f"{exit_file}.partial"
    with open(partial, "w", encoding="ascii") as handle:
        handle.write(str(code))
    os.replace(partial, exit_file)
    sys.stdout.flush()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
