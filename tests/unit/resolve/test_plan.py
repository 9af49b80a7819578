"""An experiment is planned with what its files and the store say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_experiment
from xdomain.core.errors import PlanError
from xdomain.plan.graph import Plan
from xdomain.resolve.plan import plan_experiment
from xdomain.store.store import Store

TINY_GPU = 1.5
"""GB in which a step of the tiny model on 64 completions fits, but not one on all 512."""


def planned(folder: Path, micro_batch: Any, gpu: float | None = TINY_GPU, **execution: Any) -> Plan:
    experiment = make_experiment(
        training={"steps": 10, "prompts_per_step": 64, "generations": 8, "micro_batch": micro_batch,
                  "rollout_draws": "place"},
        execution={"device": "cpu", "gpu_memory_gb": gpu, **execution},
    )  # fmt: skip
    return plan_experiment(experiment, Store(folder))


def test_auto_is_planned_as_the_number_it_stands_for(tmp_path: Path) -> None:
    automatic = planned(tmp_path, "auto")
    number = automatic.micro_batch
    assert number is not None
    assert 1 < number < 512
    assert automatic.experiment.training.micro_batch == number
    assert list(automatic.stages) == list(planned(tmp_path, number).stages)
    assert {stage.payload["training"]["micro_batch"] for stage in automatic.train_stages} == {number}
    assert planned(tmp_path, number).micro_batch is None


def test_the_gpu_itself_is_no_part_of_a_key(tmp_path: Path) -> None:
    assert list(planned(tmp_path, 8).stages) == list(planned(tmp_path, 8, gpu=None).stages)


def test_auto_without_a_gpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"execution\.gpu_memory_gb"):
        planned(tmp_path, "auto", gpu=None)


def test_a_layer_class_that_the_model_lacks_is_refused(tmp_path: Path) -> None:
    sharded = {"train_processes": 2, "sharding": "fsdp", "fsdp": {"layers": ["LlamaDecoderLayer"]}}
    with pytest.raises(PlanError, match='no layer of the class "LlamaDecoderLayer"'):
        planned(tmp_path, 8, **sharded)
