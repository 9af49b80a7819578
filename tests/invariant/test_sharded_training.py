"""Processes that share a model by FSDP2 train what one process trains, and what data-parallel ones do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.support.sharded_runs import MODEL, PLANTED, comparable, distance, groups, small_model, train

ROOT = Path(__file__).parents[2]
TOLERANCE = 5e-6
"""Of the distance that the weights travelled in 4 steps."""


def start(folder: Path, group: str, processes: int) -> subprocess.Popen[str]:
    """Begin the trainings of one launch."""
    command = [
        *(sys.executable, "-m", "accelerate.commands.launch"),
        "--multi_gpu",  # what starts several processes; with --cpu it starts one, unless there is MPI
        *("--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"),
        *("--dynamo_backend", "no", "--main_process_port", "0"),
        *("-m", "tests.support.sharded_runs", str(folder), group),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    pipe, merged = subprocess.PIPE, subprocess.STDOUT
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=pipe, stderr=merged)


def compare(folder: Path, group: str, processes: int, show: Callable[[str], None]) -> dict[str, float]:
    """Run a group and one process beside it, print the table, and return the shares against data parallelism."""
    small_model().save_pretrained(folder / MODEL)
    running = start(folder, group, processes)
    cases = groups()[group]
    alone = {
        name: train(folder / "one", processes=1, **settings) for name, settings in cases.items() if comparable(settings)
    }
    output, _ = running.communicate(timeout=1200)
    assert running.returncode == 0, output[-4000:]
    shares: dict[str, float] = json.loads((folder / "shares.json").read_text())
    show(f"{'sharded over ' + str(processes) + ' processes':55} | travelled | to data-parallel | to one process")
    for place, name in enumerate(cases):
        found, text = load_file(folder / f"{place}.safetensors"), "depends on their number"
        travelled = ""
        if name in alone:
            before, after = alone[name]
            share = distance(after, found) / distance(before, after)
            travelled, text = f"{distance(before, after):.3f}", f"{share:.1e}"
            shares[f"{name}, one"] = share
        plain = f"{shares[name]:.1e}" if name in shares else "not run"
        show(f"{name:55} | {travelled:>9} | {plain:>16} | {text}")
    return shares


def test_two_sharded_processes_train_what_one_does(tmp_path: Path, show: Callable[[str], None]) -> None:
    shares = compare(tmp_path, "covering", 2, show)
    planted = {name: shares.pop(f"planted: {name}") for name in PLANTED}
    for name, share in planted.items():
        show(f"{name + ' without the reduction':55} | {'':>9} | {share:16.1e} |")
    assert {name: share for name, share in shares.items() if not share <= TOLERANCE} == {}
    assert all(share > 100 * TOLERANCE for share in planted.values()), "a forgotten reduction passes"


@pytest.mark.slow
def test_four_sharded_processes_train_what_one_does(tmp_path: Path, show: Callable[[str], None]) -> None:
    shares = compare(tmp_path, "four", 4, show)
    assert {name: share for name, share in shares.items() if not share <= TOLERANCE} == {}
