from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.config.engine import ALWAYS_USED, RECEIVABLE
from xdomain.core.errors import PlanError
from xdomain.plan.identity import TRAINING_FIELDS

ENGINE = {"command": ["python", "train.py"], "version": "1"}


def keys(engine: dict[str, Any] | None, **training: Any) -> dict[str, str]:
    settings = {"steps": 10, "prompts_per_step": 4} | training | ({"engine": engine} if engine else {})
    return {stage.title: stage.key for stage in make_plan(training=settings).train_stages}


def test_the_fields_of_a_key_are_those_that_a_command_may_obey() -> None:
    assert set(TRAINING_FIELDS) - ALWAYS_USED == set(RECEIVABLE) - {"reference"}


@pytest.mark.parametrize("change", [{"version": "2"}, {"command": ["python", "x.py"]}, {"receives": ["beta"]}])
def test_command_version_and_received_fields_make_the_key(change: dict[str, Any]) -> None:
    assert not set(keys(ENGINE).values()) & set(keys(ENGINE | change).values())
    assert not set(keys(ENGINE).values()) & set(keys(None).values())


@pytest.mark.parametrize("change", [{"folder": "/tmp/x"}, {"guarantees": {"resume": True}}, {"stop_seconds": 5.0}])
def test_folder_and_declarations_are_no_part_of_the_key(change: dict[str, Any]) -> None:
    assert keys(ENGINE) == keys(ENGINE | change)


def test_a_received_value_makes_the_key() -> None:
    engine = ENGINE | {"receives": ["learning_rate"]}
    assert not set(keys(engine).values()) & set(keys(engine, learning_rate=1e-3).values())


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"training": {"generations": 8}}, "training.generations"),  # its default, but the user wrote it
        ({"training": {"telemetry_every": 5}}, "training.telemetry_every"),
        ({"training": {"report_to": ["tensorboard"]}}, "training.report_to"),
        ({"model": {"preset": "tiny_qwen3", "lora": {"r": 4}}}, "model.lora"),
        ({"strategies": ["joint", "cgpo"]}, "strategies.1"),
        ({"strategies": [{"name": "joint", "learning_rate_scale": 2.0}]}, "strategies.0.learning_rate_scale"),
    ],
)
def test_what_the_command_would_not_obey_is_refused_by_name(changes: dict[str, Any], where: str) -> None:
    changes = {**changes, "training": {"steps": 10, "engine": ENGINE} | changes.get("training", {})}
    with pytest.raises(PlanError) as refused:
        make_plan(**changes)
    assert refused.value.where == where
    assert refused.value.fix


def test_prompts_are_scheduled_and_ordered_for_a_command_too() -> None:
    training = {"steps": 10, "max_prompt_tokens": 50, "self_paced": {}, "budget": "per_domain", "engine": ENGINE}
    assert make_plan(training=training).train_stages
