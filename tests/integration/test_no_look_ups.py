"""A grid whose model and data are on this machine asks no other machine anything, whatever libraries it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.small_grid import REPOSITORY, command, environment

TRAP = REPOSITORY / "tests" / "support" / "socket_trap"
EXPERIMENT = """
name: trap
model: {preset: tiny_qwen3}
domains: [logic, puzzle]
curricula: [logic -> puzzle]
training: {steps: 1, prompts_per_step: 2, generations: 2, max_completion_tokens: 4}
evaluation: {items: 2}
execution: {workers: 1, device: cpu}
"""
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
"""Switches that the tests set for themselves and a user does not."""


def trapped(record: Path, *arguments: str) -> str:
    """Run a command with the trap in each of its processes, and return what the trap caught."""
    variables = {name: value for name, value in environment().items() if name not in (*OFFLINE, "CI")}
    variables |= {"SOCKET_TRAP": str(record), "PYTHONPATH": os.pathsep.join((str(TRAP), str(REPOSITORY)))}
    ended = subprocess.run(arguments, capture_output=True, text=True, env=variables, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    return record.read_text() if record.exists() else ""


def test_a_grid_and_an_evaluation_look_nothing_up(tmp_path: Path) -> None:
    asks = "import socket\ntry: socket.getaddrinfo('hub.invalid', 443)\nexcept OSError: pass"
    assert "socket.getaddrinfo hub.invalid" in trapped(tmp_path / "check", sys.executable, "-c", asks)

    experiment, store, record = tmp_path / "trap.yaml", tmp_path / "store", tmp_path / "record"
    experiment.write_text(EXPERIMENT)
    assert trapped(record, *command("grid", "run", experiment, "--store", store)) == ""
    sample = ("domains", "sample", "logic", "--model", next(store.glob("stages/base-*/checkpoints/step-*")), "-n", "1")
    assert trapped(record, *command(*sample)) == ""

    processes = record.with_name("record.processes").read_text().splitlines()
    assert sum("xdomain grid" in line for line in processes) == 1
    assert sum("xdomain domains" in line for line in processes) == 1
    assert sum("xdomain.worker.preload" in line for line in processes) == 1
