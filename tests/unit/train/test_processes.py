"""Several processes a training stage: what is refused before anything runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment
from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.executors import make_executor
from xdomain.store.store import Store

PLACED = {"steps": 10, "prompts_per_step": 4, "generations": 2, "rollout_draws": "place"}


@pytest.mark.parametrize(
    ("training", "processes", "words"),
    [
        (PLACED | {"rollout_draws": "stream"}, 2, "rollout_draws: place"),
        (PLACED, 3, "should be divisible"),
        (PLACED | {"micro_batch": 8}, 2, "micro_batch 8"),
        (PLACED | {"rollout": "vllm-colocate"}, 1, "vLLM draws for itself"),
    ],
)
def test_settings_that_cannot_be_shared(training: dict, processes: int, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_experiment(training=training, execution={"train_processes": processes})


def test_the_number_of_processes_is_no_part_of_a_key() -> None:
    keys = []
    for processes in (1, 2, 4):
        experiment = make_experiment(training=PLACED, execution={"train_processes": processes})
        keys.append(list(build_plan(experiment, resolve_identities(experiment)).stages))
    assert keys[0] == keys[1] == keys[2]


def test_how_completions_are_drawn_is_part_of_a_key() -> None:
    keys = []
    for draws in ("stream", "place"):
        experiment = make_experiment(training=PLACED | {"rollout_draws": draws})
        plan = build_plan(experiment, resolve_identities(experiment))
        keys.append({stage.key for stage in plan.train_stages})
    assert not keys[0] & keys[1]


def test_more_gpus_than_exist(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(ConfigError, match="needs 3 GPUs, and this machine shows 2") as refused:
        make_executor(ExecutionConfig(train_processes=3), Store(tmp_path / "store"), None)
    assert refused.value.where == "execution.train_processes"
