"""Settings of training that could not act are refused or told before anything runs."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import Qwen3Config

from tests.support.plans import make_experiment
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.experiment import Experiment
from xdomain.core.errors import PlanError
from xdomain.plan.checks import check_layers, check_training, precision_note, setting_notes, training_notes
from xdomain.plan.model_shape import shape_of

SINGLE = [parse_curriculum("logic")]
MIXED = [parse_curriculum("logic + puzzle")]


def with_training(**changes: Any) -> Experiment:
    return make_experiment(training={"steps": 10, "prompts_per_step": 4, "generations": 2} | changes)


@pytest.mark.parametrize(
    ("dtype", "rate", "is_told"),
    [
        ("bfloat16", 1e-6, True),
        ("bfloat16", 1e-4, False),
        ("float16", 1e-6, True),
        ("float16", 1e-5, False),
        ("float32", 1e-9, False),
    ],
)
def test_steps_that_rounding_undoes(dtype: str, rate: float, is_told: bool) -> None:
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "learning_rate": rate}
    experiment = make_experiment(model={"preset": "tiny_qwen3", "dtype": dtype}, training=training)
    note = precision_note(experiment.model, experiment.training.learning_rate)
    assert (note is not None) == is_told
    assert [note] * is_told == training_notes(experiment, SINGLE)
    assert training_notes(experiment, []) == []


def test_settings_that_a_beginner_overlooks() -> None:
    cold, late = (
        setting_notes(make_experiment(model={"preset": "tiny_qwen3"}), SINGLE),
        make_experiment(
            training={"steps": 10, "prompts_per_step": 4, "generations": 2},
            checkpoints={"every_steps": 20},
            model={"preset": "tiny_qwen3", "warmup": {"domains": ["logic"]}},
        ),
    )
    assert "Write `warmup: {steps: 250, domains: [logic, puzzle]}` under model." in cold[0]
    assert [each.partition(":")[0] for each in setting_notes(late, SINGLE)] == [
        "checkpoints.every_steps is 20, but training.steps is 10"
    ]
    assert setting_notes(late, []) == []


def test_adapters_are_float32() -> None:
    model = {"preset": "tiny_qwen3", "dtype": "bfloat16", "lora": {"r": 4}}
    assert precision_note(make_experiment(model=model).model, 1e-6) is None


def test_domains_that_most_steps_lack() -> None:
    (note,) = training_notes(with_training(), [parse_curriculum("logic + 9*puzzle")] * 2)
    assert "4 prompts per step are too few to include logic in every step" in note
    assert training_notes(with_training(), MIXED) == []


@pytest.mark.parametrize(
    ("changes", "acting", "idle", "words"),
    [
        ({"informative_quotas": True}, MIXED, SINGLE, "no curriculum has a mixed phase"),
        ({"telemetry_every": 1, "optimizer": "galore_adamw_layerwise"}, SINGLE, MIXED, "separate passes"),
    ],
)
def test_what_could_not_act(changes: dict[str, Any], acting: Any, idle: Any, words: str) -> None:
    experiment = with_training(**changes)
    check_training(experiment, acting)
    with pytest.raises(PlanError, match=words):
        check_training(experiment, idle)


def test_an_order_of_prompts_beside_a_strategy_that_chooses_them() -> None:
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "self_paced": {"items": 4, "samples": 2}}
    experiment = make_experiment(training=training, strategies=["joint", "bandit"])
    check_training(experiment, SINGLE)
    with pytest.raises(PlanError, match="orders prompts in advance, but bandit chooses"):
        check_training(experiment, MIXED)


def test_a_layer_class_of_another_model_is_refused() -> None:
    def sharded(*layers: str) -> Experiment:
        training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "rollout_draws": "place"}
        execution = {"train_processes": 2, "sharding": "fsdp", "fsdp": {"layers": list(layers)}}
        return make_experiment(training=training, execution=execution)

    shape = shape_of(Qwen3Config().to_dict())
    check_layers(sharded("Qwen3DecoderLayer"), shape)
    check_layers(sharded("Qwen3MLP"), shape)
    check_layers(sharded("LlamaDecoderLayer"), None)
    with pytest.raises(PlanError, match='a qwen3 model has no layer of the class "LlamaDecoderLayer"') as refused:
        check_layers(sharded("LlamaDecoderLayer"), shape)
    assert refused.value.where == "execution.fsdp.layers"
