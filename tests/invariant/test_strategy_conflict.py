"""A planted conflict: two domains share their prompts and want opposite characters; one has three times the prompts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.toy_training import toy_domains, toy_trainer
from xdomain.config.strategy import CGPOConfig, JointConfig, MGDAConfig, PCGradConfig, ScaledConfig, StrategyModel
from xdomain.domains.base import Split
from xdomain.train.trainer import DomainGRPOTrainer

REMEDIES = (ScaledConfig(), CGPOConfig(), PCGradConfig(), MGDAConfig())


def expected_rewards(trainer: DomainGRPOTrainer) -> dict[str, float]:
    """Probability of a character that pays, by domain, exact over the vocabulary, for answers of one character."""
    tokenizer, model = trainer.processing_class, trainer.model.eval()
    domains = toy_domains(2)
    items = domains["digits"].items(Split.TEST)[:16]
    encoded = tokenizer([item.prompt for item in items], return_tensors="pt", padding=True)
    with torch.no_grad():
        probabilities = model(**encoded).logits[:, -1].softmax(-1).mean(dim=0)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return {
        name: sum(
            float(probabilities[place])
            * float(domain.reward(items[0], token, domain.score(items[:1], [token])[0]) or 0)
            for place, token in enumerate(tokens)
            if len(token) == 1
        )
        for name, domain in domains.items()
    }


def train(folder: Path, config: StrategyModel) -> dict[str, float]:
    trainer = toy_trainer(
        folder / config.label,
        config,
        domains=toy_domains(2),
        weights={"digits": 3, "letters": 1},
        steps=40,
        learning_rate=1e-3,
        prompts_per_step=16,
        generations=8,
        max_completion_tokens=1,
    )
    trainer.train()
    return expected_rewards(trainer)


@pytest.mark.slow
def test_joint_gives_up_one_domain_and_remedies_are_measured(tmp_path: Path, show: Callable[[str], None]) -> None:
    results = {config.label: train(tmp_path, config) for config in (JointConfig(), *REMEDIES)}
    for label, rewards in results.items():
        show(f"planted conflict | {label:8} | digits {rewards['digits']:.2f} | letters {rewards['letters']:.2f}")
    joint = results["joint"]
    assert joint["digits"] > 0.8  # three quarters of the prompts
    assert joint["letters"] < 0.1
    worst = {label: min(rewards.values()) for label, rewards in results.items()}
    # No policy serves both: the prompts are the same. That some remedy splits the difference is a measurement of these
    # runs, not a promise of the method.
    assert max(worst.values()) > worst["joint"] + 0.1
    assert all(sum(rewards.values()) <= 1 + 1e-5 for rewards in results.values())
