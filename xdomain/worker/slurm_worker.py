"""What a Slurm job runs."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

from xdomain.core.exit_codes import STOPPED
from xdomain.plan.task import TaskFile
from xdomain.store.store import Store
from xdomain.worker.run import run_task_file, stage_from_record, stop_requested


def run_job(task_path: str) -> None:
    """Run the task. Slurm tells of a time limit by SIGUSR2, of a preemption by SIGTERM; both mean: stop at the next
    checkpoint."""
    signal.signal(signal.SIGUSR2, _request_stop)
    run_task_file(task_path)
    if stop_requested.is_set() and _is_open(Path(task_path)):
        sys.exit(STOPPED)


def _is_open(task_path: Path) -> bool:
    """Something of the task is neither done nor failed."""
    file = TaskFile.model_validate_json(task_path.read_text(encoding="utf-8"))
    store = Store(Path(file.store))
    stages = [stage_from_record(record) for record in file.records]
    done = store.done(stages)
    return any(stage.key not in done and store.failure(stage) is None for stage in stages)


def _request_stop(number: int, frame: FrameType | None) -> None:
    stop_requested.set()
