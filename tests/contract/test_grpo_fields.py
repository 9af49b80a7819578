"""Every field of the installed GRPOConfig is ours, passed through with effect, or refused by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from trl import GRPOConfig

from xdomain.config import grpo_fields
from xdomain.config.training import TrainingConfig
from xdomain.train.arguments import grpo_arguments

GROUPS = {
    "repeated": set(grpo_fields.REPEATED),
    "set by stage": set(grpo_fields.SET_BY_STAGE),
    "without effect": set(grpo_fields.WITHOUT_EFFECT),
    "no share": set(grpo_fields.NO_SHARE),
    "passed": set(grpo_fields.PASSED),
}
FIELDS = {field.name for field in dataclasses.fields(GRPOConfig) if field.init}
WHERE_IT_ACTS: dict[str, dict[str, Any]] = {
    "lr_scheduler_kwargs": {"lr_schedule": "cosine"},
    "optim_target_modules": {"optimizer": "galore_adamw"},
    "activation_checkpointing_kwargs": {"gradient_checkpointing": True},
    "gradient_checkpointing_kwargs": {"gradient_checkpointing": True},
    "off_policy_mask_threshold": {"updates_per_rollout": 2},
    "use_bias_correction_kl": {"beta": 0.1},
    "trackio_space_id": {"report_to": ["trackio"]},
    "trackio_bucket_id": {"report_to": ["trackio"]},
}
WHERE_IT_DOES_NOT: dict[str, dict[str, Any]] = {
    "delta": {"loss_type": "cispo", "epsilon_high": 5.0},
    "cache_implementation": {"rollout": "vllm-colocate"},
    "vllm_server_port": {"rollout": "vllm-colocate"},
    "vllm_gpu_memory_utilization": {"rollout": "vllm-server"},
    "adam_beta1": {"optimizer": "sgd"},
}


def test_the_table_holds_the_fields_of_the_installed_trl_each_once() -> None:
    """A new TRL with a new field fails here: decide what it is, and write it into the table."""
    known = set().union(*GROUPS.values())
    assert sorted(FIELDS - known) == []
    assert sum(map(len, GROUPS.values())) == len(known)
    # `gradient_checkpointing` and its new name: only one of the two need be there.
    assert sorted(known - FIELDS) == []
    assert set(grpo_fields.NEEDS) <= grpo_fields.PASSED


@pytest.mark.parametrize("name", sorted(FIELDS - grpo_fields.PASSED))
def test_what_is_ours_or_changes_nothing_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValidationError, match=rf"`grpo.*{name}"):
        TrainingConfig(grpo={name: 1})


@pytest.mark.parametrize("name", sorted(grpo_fields.REPEATED))
def test_a_setting_that_is_named_as_the_place_exists(name: str) -> None:
    place = grpo_fields.REPEATED[name]
    fields = [word.rstrip(",") for word in place.split() if word.startswith("training.")]
    for field in fields:
        second = field.split(".")[1]
        assert second in TrainingConfig.model_fields
        if second == "grpo" and len(field.split(".")) > 2:
            assert field.split(".")[2] in grpo_fields.PASSED


@pytest.mark.parametrize("name", sorted(WHERE_IT_ACTS))
def test_a_field_is_refused_where_it_does_not_act(name: str) -> None:
    with pytest.raises(ValidationError, match=f"`grpo.{name}` has no effect here: it needs "):
        TrainingConfig(grpo={name: None})
    TrainingConfig(grpo={name: None}, **WHERE_IT_ACTS[name])


@pytest.mark.parametrize("name", sorted(WHERE_IT_DOES_NOT))
def test_a_field_is_refused_beside_a_setting_that_switches_it_off(name: str) -> None:
    with pytest.raises(ValidationError, match=f"`grpo.{name}` has no effect here"):
        TrainingConfig(grpo={name: 1}, **WHERE_IT_DOES_NOT[name])


def test_warmup_needs_a_schedule_that_has_one(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="set `lr_schedule: constant_with_warmup`"):
        TrainingConfig(warmup_ratio=0.1)
    training = TrainingConfig(warmup_ratio=0.1, lr_schedule="constant_with_warmup")
    arguments = grpo_arguments(training, steps=40, seed=0, output=tmp_path, device="cpu")
    assert arguments.get_warmup_steps(40) == 4


def test_passed_fields_reach_trl(tmp_path: Path) -> None:
    given = {"top_k": 3, "min_p": 0.1, "repetition_penalty": 1.2, "delta": 3.0, "adam_beta2": 0.95}
    arguments = grpo_arguments(TrainingConfig(grpo=given), steps=4, seed=0, output=tmp_path, device="cpu")
    assert {name: getattr(arguments, name) for name in given} == given
