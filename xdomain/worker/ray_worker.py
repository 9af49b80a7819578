"""Run tasks inside Ray's worker processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from xdomain.core.exit_codes import LOST_LEASE
from xdomain.plan.task import TaskFile
from xdomain.worker.run import run_task, stop_requested


def run_stages(task_path: str) -> None:
    """Run the task in this process, which Ray may use for the next one too.

    Ray asks a task to stop by what a Ctrl-C would call, which therefore asks the stage to stop at its next checkpoint.
    """
    stop_requested.clear()
    previous = signal.signal(signal.SIGINT, lambda number, frame: stop_requested.set())
    try:
        file = TaskFile.model_validate_json(Path(task_path).read_text(encoding="utf-8"))
        # Somebody who took the lease over may be writing to the same folder.
        run_task(file, on_lost=lambda: os._exit(LOST_LEASE))
    finally:
        signal.signal(signal.SIGINT, previous)
