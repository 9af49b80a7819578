"""Every field of a configuration is either part of a key or said not to be: a new one has to be decided on."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from xdomain.config.domain import DomainConfig
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import LoraConfig, ModelConfig, WarmupConfig
from xdomain.config.training import TrainingConfig
from xdomain.domains.data_domain import ITEM_FIELDS
from xdomain.plan.identity import LORA_FIELDS, TRAINING_FIELDS

NAMED_ONE_BY_ONE = {
    TrainingConfig: {
        *TRAINING_FIELDS,
        *("reference", "steps", "self_paced", "informative_quotas", "engine", "vllm", "alarms"),
    },
    LoraConfig: {*LORA_FIELDS, "target_modules"},
    WarmupConfig: {"steps", "domains", "examples_per_step", "learning_rate", "seed"},
    ModelConfig: {
        # The source, as `resolve.identities.model_identity` tells it:
        *("preset", "path", "hub", "gguf", "endpoint", "adapter", "revision", "trust_remote_code"),
        *("dtype", "chat_template", "chat_template_kwargs", "warmup", "lora"),
    },
    EvaluationConfig: {
        *("items", "split", "seed"),
        *("samples", "temperature", "top_p", "max_completion_tokens", "backend", "batch_tokens", "vllm"),
        "backend_parameters",
    },
    DomainConfig: {*ITEM_FIELDS, "source", "verifier", "reward", "solution", "stop"},
}
CHANGE_NO_NUMBER = {
    TrainingConfig: {
        "budget",  # counts through the steps of each phase
        *("telemetry_every", "offload_gradients", "keep_rollouts", "report_to"),
    },
    EvaluationConfig: {"endpoint"},  # attempts, pauses and prices
    DomainConfig: {
        *("name", "description", "allow_overlap"),
        "on_bad_row",  # where `refuse` gives items at all, `skip` gives the same
    },
}


@pytest.mark.parametrize("config", NAMED_ONE_BY_ONE)
def test_every_field_is_decided_on(config: type[BaseModel]) -> None:
    undecided = set(config.model_fields) - NAMED_ONE_BY_ONE[config] - CHANGE_NO_NUMBER.get(config, set())
    assert not undecided, f"name {undecided} in plan/identity.py, or here as changing no number"
