"""Two processes under accelerate: the parts sum to stock TRL's step, no strategy hangs, ranks stay equal, and what two
processes train is what one does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.support.two_processes import CASES, LAYOUTS, train

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def seam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return launch(tmp_path_factory.mktemp("seam"), "seam")


@pytest.fixture(scope="module")
def strategies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return launch(tmp_path_factory.mktemp("strategies"), "strategies")


@pytest.fixture(scope="module")
def distillation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return launch(tmp_path_factory.mktemp("distillation"), "distillation")


def launch(folder: Path, group: str) -> Path:
    """The folder with what two processes ended with, for every case of the group."""
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
    command += ["tests.support.two_processes", str(folder), group]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def difference(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    return max(float((first[name] - second[name]).abs().max()) for name in first.keys() - {"moved"})


@pytest.mark.parametrize("layout", [*LAYOUTS])
def test_parts_sum_to_stock_trl_on_two_processes(layout: str, seam: Path, show: Callable[[str], None]) -> None:
    expected, found = (load_file(seam / f"{layout}, {which}.safetensors") for which in ("stock", "sum"))
    moved, apart = float(expected["moved"]), difference(expected, found)
    show(f"joint = stock TRL | two processes | {layout:10} | moved {moved:.1e} | difference {apart:.1e}")
    assert moved > 1e-3
    assert apart < 1e-6


@pytest.mark.parametrize("name", [*CASES["strategies"]])
def test_two_processes_train_what_one_does(
    name: str, strategies: Path, tmp_path: Path, show: Callable[[str], None]
) -> None:
    """With draws by place; ranks were compared where they ran."""
    found = load_file(strategies / f"{name}.safetensors")
    expected = train(tmp_path, processes=1, **CASES["strategies"][name])
    moved, apart = float(expected["moved"]), difference(expected, found)
    show(f"one = two processes | {name:14} | moved {moved:.1e} | difference {apart:.1e}")
    assert moved > 1e-3
    assert apart < 1e-6


@pytest.mark.parametrize("name", [*CASES["distillation"]])
def test_two_processes_distill_what_one_does(
    name: str, distillation: Path, tmp_path: Path, show: Callable[[str], None]
) -> None:
    found = load_file(distillation / f"{name}.safetensors")
    expected = train(tmp_path, processes=1, **CASES["distillation"][name])
    moved, apart = float(expected["moved"]), difference(expected, found)
    show(f"one = two processes | distillation, {name:30} | moved {moved:.1e} | difference {apart:.1e}")
    assert moved > 1e-3
    assert apart < 1e-6
