"""The sections of an experiment that evaluation and training use."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.setups import BaseSetup, EvaluationSetup, TrainingSetup


def test_evaluation_takes_the_longest_completion_of_training() -> None:
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 48}
    setup = make_experiment(training=training).evaluation_setup
    assert setup.settings.completion_tokens == 48
    own = make_experiment(training=training, evaluation={"max_completion_tokens": 7}).evaluation_setup
    assert own.settings.completion_tokens == 7
    assert EvaluationSetup().settings.completion_tokens == make_experiment().training.max_completion_tokens


@pytest.mark.parametrize(
    ("lora", "vllm", "rank"),
    [(None, {}, None), ({"r": 12}, {}, 12), ({"r": 12}, {"max_lora_rank": 64}, 64)],
)
def test_an_engine_has_room_for_the_adapters(lora: Any, vllm: dict[str, int], rank: int | None) -> None:
    experiment = make_experiment(model={"preset": "tiny_qwen3", "lora": lora}, evaluation={"vllm": vllm})
    assert experiment.evaluation_setup.settings.vllm.max_lora_rank == rank


def test_checkpoints_of_a_store_need_no_model() -> None:
    setup = EvaluationSetup(domains=("logic",))
    assert (setup.model, setup.domain_names) == (None, ("logic",))


def test_a_model_behind_an_endpoint_is_refused_by_other_backends() -> None:
    endpoint = {"endpoint": {"base_url": "http://localhost:1/v1", "model": "m"}}
    with pytest.raises(ValidationError, match="needs the backend `endpoint`"):
        EvaluationSetup.model_validate({"model": endpoint})
    served = EvaluationSetup.model_validate({"model": endpoint, "evaluation": {"backend": "endpoint"}})
    assert served.evaluation == EvaluationConfig(backend="endpoint")


def test_training_needs_no_evaluation_except_for_the_looks_of_alarms() -> None:
    experiment = make_experiment()
    setup = experiment.training_setup
    assert isinstance(setup, BaseSetup)
    assert set(TrainingSetup.model_fields) == {"name", "model", "domains", "training", "looks"}
    assert setup.looks == {}
    assert (setup.model, setup.training) == (experiment.model, experiment.training)
