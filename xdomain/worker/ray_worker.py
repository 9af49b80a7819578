"""What runs inside Ray's worker processes. Arguments and answers are short texts: paths and JSON."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from xdomain import __version__
from xdomain.plan.task import TaskFile
from xdomain.worker.complaint import preflight_complaint
from xdomain.worker.run import LOST_LEASE, run_task, stop_requested


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


def check_experiment(experiment_json: str, loads_source: bool) -> str:
    """What is wrong with the experiment, as JSON."""
    return preflight_complaint(experiment_json, loads_source=loads_source)


def look_at_node(probe_path: str) -> tuple[str, bool]:
    """Version of xdomain here, and whether the store's probe file is seen."""
    return __version__, Path(probe_path).is_file()
