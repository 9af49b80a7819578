"""Teachers are frozen and held once; metrics are per domain. tests/invariant/test_distillation.py has the loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.distilled import NAMES, distilling, moved_model
from tests.support.toy_training import toy_trainer
from xdomain.core.errors import StageError
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.distillation import GROUP_METRICS, DomainDistillationTrainer, check_vocabulary


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> DomainDistillationTrainer:
    trainer = distilling(
        tmp_path_factory.mktemp("t"),
        {name: moved_model(seed) for seed, name in enumerate(NAMES)},
        **{"steps": 2, "micro_batch": 4, "telemetry_every": 2},
    )
    trainer.train()
    return trainer


def test_a_step_is_measured_by_domain(trained: DomainDistillationTrainer) -> None:
    domains, found = trained.rollout_metrics["domains"], trained.rollout_metrics["distillation"]
    assert found["tokens"] == {name: domains[name]["completion_tokens"] for name in NAMES}
    assert set(found["divergence"]) == set(NAMES)
    assert found["completions"] == dict.fromkeys(NAMES, 4)
    last = [line for line in trained.state.log_history if "loss" in line][-1]
    tokens = sum(found["tokens"].values())
    mean = sum(found["divergence"][name] * found["tokens"][name] for name in NAMES) / tokens
    assert mean == pytest.approx(last["loss"], rel=1e-4)
    assert found["teacher_seconds"] > 0
    shares = [domains[name]["gradient_share"] for name in NAMES]
    assert shares == [found["tokens"][name] / tokens for name in NAMES]
    assert [domains[name]["prompts"] for name in NAMES] == [4, 4]
    assert not any(name in domains["digits"] for name in GROUP_METRICS)


def test_telemetry_does_not_count(tmp_path: Path) -> None:
    def tokens(**settings: Any) -> int:
        trainer = distilling(tmp_path, {name: moved_model(0) for name in NAMES}, steps=1, **settings)
        trainer.train()
        return sum(trainer.rollout_metrics["distillation"]["tokens"].values())

    assert tokens(telemetry_every=1) == tokens(telemetry_every=None)


def test_teachers_are_frozen_and_a_common_one_is_held_once(tmp_path: Path) -> None:
    model = tiny_qwen3()[0].train()
    trainer = distilling(tmp_path, dict.fromkeys(NAMES, model))
    assert trainer.teachers["digits"] is trainer.teachers["letters"]
    teacher = trainer.teachers["digits"].teacher_model
    assert not teacher.training
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_a_micro_batch_is_cut_to_a_divisor(tmp_path: Path) -> None:
    """It divides prompts x generations; a distillation has fewer completions."""
    settings: dict[str, Any] = {"prompts_per_step": 6, "generations": 4, "micro_batch": 8}
    plain = toy_trainer(tmp_path, **settings)
    taught = distilling(tmp_path, dict.fromkeys(NAMES, tiny_qwen3()[0]), **settings)
    sizes = [(each.args.per_device_train_batch_size, each.args.num_generations) for each in (plain, taught)]
    assert sizes == [(8, 4), (6, 1)]


def test_another_vocabulary_is_refused() -> None:
    teacher = tiny_qwen3()[0]
    teacher.resize_token_embeddings(teacher.config.vocab_size + 1)
    with pytest.raises(StageError, match=r'the teacher of "math" has a vocabulary of \d+ tokens, and the student one'):
        check_vocabulary("math", teacher, tiny_qwen3()[0])
