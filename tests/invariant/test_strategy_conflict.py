"""A planted conflict: two domains share their prompts and want opposite characters; one has three times the prompts.
Trained with AdamW, as people train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.support.adamw_weights import VERSION_1, ShareOnTheRate
from tests.support.toy_training import toy_domains, toy_trainer, trained_weights
from xdomain.config.strategy import CGPOConfig, JointConfig, MGDAConfig, PCGradConfig, ScaledConfig, StrategyModel
from xdomain.domains.base import Split
from xdomain.strategies.base import Strategy
from xdomain.train.trainer import DomainGRPOTrainer

NAMES = tuple(sorted(toy_domains(2)))
REMEDIES = (ScaledConfig(), PCGradConfig(), MGDAConfig())
CGPOS = (CGPOConfig(), CGPOConfig(alpha=1.0), CGPOConfig(step_scale="once"), CGPOConfig(alpha=1.0, step_scale="once"))


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


def train(folder: Path, label: str, strategy: StrategyModel | Strategy) -> dict[str, float]:
    """Expected rewards after the training, and the length of the weights' change as "moved"."""
    trainer = toy_trainer(
        folder / label,
        strategy,
        domains=toy_domains(2),
        weights={"digits": 3, "letters": 1},
        steps=40,
        learning_rate=1e-3,
        prompts_per_step=16,
        generations=8,
        max_completion_tokens=1,
    )
    start = [each.detach().clone() for each in trainer.model.parameters()]
    changes = [a - b for a, b in zip(trained_weights(trainer), start, strict=True)]
    moved = float(torch.stack([each.square().sum() for each in changes]).sum().sqrt())
    return {**expected_rewards(trainer), "moved": moved}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    arms: dict[str, StrategyModel | Strategy] = {each.label: each for each in (JointConfig(), *CGPOS, *REMEDIES)}
    arms[VERSION_1] = ShareOnTheRate(None, NAMES, 0)
    return {label: train(tmp_path_factory.mktemp("arm"), label, arm) for label, arm in arms.items()}


@pytest.mark.slow
def test_joint_gives_up_one_domain_and_remedies_are_measured(
    results: dict[str, dict[str, float]], show: Callable[[str], None]
) -> None:
    for label, found in results.items():
        figures = " | ".join(f"{name} {value:.2f}" for name, value in found.items())
        show(f"planted conflict | {label:32} | {figures}")
    joint = results["joint"]
    assert joint["digits"] > 0.8  # three quarters of the prompts
    assert joint["letters"] < 0.1
    worst = {label: min(found["digits"], found["letters"]) for label, found in results.items()}
    # No policy serves both: the prompts are the same. That some remedy splits the difference is a measurement of these
    # runs, not a promise of the method.
    assert max(worst[each.label] for each in REMEDIES) > worst["joint"] + 0.1
    assert all(found["digits"] + found["letters"] <= 1 + 1e-5 for found in results.values())


@pytest.mark.slow
@pytest.mark.parametrize("config", CGPOS, ids=lambda config: str(config.label))
def test_cgpo_keeps_the_shares_and_gives_up_the_rarer_domain_as_joint_does(
    config: CGPOConfig, results: dict[str, dict[str, float]]
) -> None:
    """It only takes gradients elsewhere, which is no remedy here. Version 1 lost the shares, and so looked like one."""
    joint, found, old = results["joint"], results[config.label], results[VERSION_1]
    assert found["digits"] > 0.75
    assert found["letters"] < 0.2
    assert old["letters"] > found["letters"] + 0.1
    if config.alpha == 1.0:  # opposite parts cancel in AdamW's first moment, so even the authors' form goes as far
        assert found["moved"] == pytest.approx(joint["moved"], rel=0.1)
    if config.step_scale == "once":
        assert found["moved"] == pytest.approx(config.alpha * joint["moved"], rel=0.1)
        assert found["letters"] == pytest.approx(joint["letters"], abs=0.05)
