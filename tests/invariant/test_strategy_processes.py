"""Two processes under accelerate: the parts still sum to TRL's step, no strategy hangs, and ranks stay equal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]


def launch(folder: Path, strategy: str, loss: str) -> dict[str, torch.Tensor]:
    """Weights of rank 0 after ten steps on two processes."""
    command = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",  # what starts several processes; with --cpu it starts one, unless there is MPI
        "--num_processes",
        "2",
        "--num_machines",
        "1",
    ]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0", "-m"]
    command += ["tests.two_processes", str(folder), strategy, loss, "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return load_file(folder / f"{strategy}.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["dapo", "grpo", "bnpo"])
def test_parts_sum_to_stock_trl_on_two_processes(loss: str, tmp_path: Path) -> None:
    expected, found = (launch(tmp_path, strategy, loss) for strategy in ("joint", "sum"))
    assert float(expected.pop("moved")) > 1e-3
    found.pop("moved")
    difference = max(float((expected[name] - found[name]).abs().max()) for name in expected)
    print(f"\njoint = stock TRL | {loss:8} | two processes | difference {difference:.1e}", end="")
    assert difference < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["cgpo", "pcgrad", "famo", "transfer_aware"])
def test_strategies_keep_ranks_together(strategy: str, tmp_path: Path) -> None:
    weights = launch(tmp_path, strategy, "dapo")
    assert float(weights["moved"]) > 1e-4
    assert all(bool(torch.isfinite(each).all()) for each in weights.values())
