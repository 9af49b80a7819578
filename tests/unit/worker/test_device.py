"""The device that a stage uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.plans import make_experiment
from xdomain.core.errors import ConfigError
from xdomain.worker.device import used_device
from xdomain.worker.preflight import run_preflight


def test_cuda_without_a_usable_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names a GPU, and torch finds none: the trainer would take the CPU."""
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert (used_device("auto"), used_device("cpu")) == ("cpu", "cpu")
    experiment = make_experiment(execution={"device": "cuda", "executor": "inline"})
    for refuse in (lambda: used_device("cuda"), lambda: run_preflight(experiment)):
        with pytest.raises(ConfigError, match="cuda needs 1 GPU here, but torch can use 0") as refused:
            refuse()
        assert refused.value.where == "execution.device"


def test_telemetry_is_off_before_any_library_is_imported() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_DISABLE_TELEMETRY"}
    code = "import xdomain.worker.device, huggingface_hub; print(huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY)"
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True"
