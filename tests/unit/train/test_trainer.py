"""The trainer counts by domain; tests/invariant/test_strategy_seam.py compares its steps with TRL's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.toy_training import toy_domains, toy_trainer
from xdomain.config.strategy import CGPOConfig
from xdomain.core.errors import StageError
from xdomain.train.trainer import DomainGRPOTrainer


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> DomainGRPOTrainer:
    trainer = toy_trainer(tmp_path_factory.mktemp("t"), steps=2, prompts_per_step=4, generations=2, telemetry_every=1)
    assert isinstance(trainer, DomainGRPOTrainer)
    trainer.train()
    return trainer


def test_a_rollout_is_measured_by_domain(trained: DomainGRPOTrainer) -> None:
    metrics = trained.rollout_metrics
    assert set(metrics["domains"]) == set(toy_domains())
    assert {name: values["prompts"] for name, values in metrics["domains"].items()} == {
        "digits": 2,
        "letters": 1,
        "marks": 1,
    }
    assert len(trained.scored.samples) == 8
    assert set(trained.error_rates) == set(toy_domains())
    assert set(metrics["gradients"]["cosine"]) == {"digits|letters", "digits|marks", "letters|marks"}


def test_a_rollout_serves_its_steps(trained: DomainGRPOTrainer, tmp_path: Path) -> None:
    assert trained.rollout_period == 1
    other = toy_trainer(
        tmp_path, steps=4, prompts_per_step=4, generations=2, updates_per_rollout=2, epochs_per_rollout=2
    )
    assert isinstance(other, DomainGRPOTrainer)
    assert other.rollout_period == 4


def test_a_quantile_of_entropies_has_no_part_by_domain(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="has no part for each domain"):
        toy_trainer(tmp_path, CGPOConfig(), grpo={"top_entropy_quantile": 0.5})
