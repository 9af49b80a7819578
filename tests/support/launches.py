"""Start a module of the tests in several processes, as `xdomain` starts those of a training stage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOG = "log"


def begin(module: str, processes: int, folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    """Begin `python -m module folder arguments` in that many CPU processes; they write to `log` in the folder.

    Args:
        variables: Further variables of their environment.
    """
    command = [
        *(sys.executable, "-m", "accelerate.commands.launch"),
        "--multi_gpu",  # what starts several processes; with --cpu it starts one, unless there is MPI
        *("--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"),
        *("--dynamo_backend", "no", "--main_process_port", "0"),
        *("-m", module, str(folder), *arguments),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **variables}
    with (folder / LOG).open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)


def finish(running: subprocess.Popen[bytes], folder: Path, timeout_seconds: float = 1200) -> None:
    """Wait for the processes; with their last words if they failed."""
    assert running.wait(timeout_seconds) == 0, (folder / LOG).read_text()[-4000:]
