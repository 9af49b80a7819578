"""What the trainer gives a strategy: ratios at inner points, steps that lack a domain, offloading, bad requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.copies_to_cpu import CopiesToCPU
from tests.support.toy_training import DEVICES, largest_difference, toy_domains, toy_trainer, trained_weights
from xdomain.config.strategy import CGPOConfig, FAMOConfig, JointConfig, MGSConfig, PCGradConfig, StrategyModel
from xdomain.core.errors import StageError
from xdomain.strategies.base import Strategy
from xdomain.train.domain_step import WindowDomainStep

NAMES = tuple(sorted(toy_domains()))
LARGE_RATE = {"learning_rate": 0.5, "optimizer": "sgd"}


class Probe(Strategy):
    """Runs a function in place of a step."""

    def __init__(self, function: Any) -> None:
        super().__init__(None, NAMES, 0)
        self._function = function

    def step(self, step: Any) -> dict[str, Any]:
        self._function(step)
        return {}


def log_probabilities(trainer: Any, batch: dict[str, Any]) -> torch.Tensor:
    """Written out from the logits, not through TRL."""
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    length = batch["completion_ids"].size(1)
    with torch.no_grad():
        logits = trainer.model(input_ids=ids, attention_mask=mask).logits[:, -length - 1 : -1]
    return logits.log_softmax(-1).gather(-1, batch["completion_ids"].unsqueeze(-1)).squeeze(-1)


def test_ratios_at_inner_points_come_from_the_steps_start(tmp_path: Path) -> None:
    """After a large inner step the next domain's ratios must not be 1."""
    seen: dict[str, torch.Tensor] = {}

    def look(step: WindowDomainStep) -> None:
        first, second, _ = step.domains
        (chunk,) = step._chunks[second]
        mask = chunk.batch["completion_mask"]
        at_start = log_probabilities(trainer, chunk.batch) * mask
        step.set_gradient(step.loss_and_gradient(first).mean_gradient())
        step.optimizer_step(1.0)
        stored = chunk.batch["old_per_token_logps"] * mask
        seen["stored"] = (stored - at_start).abs().max()
        ratio = (log_probabilities(trainer, chunk.batch) - chunk.batch["old_per_token_logps"]).exp()
        seen["ratio"] = ((ratio - 1) * mask).abs().max()
        clipped = torch.minimum(
            ratio * chunk.batch["advantages"].unsqueeze(1),
            ratio.clamp(0.8, 1.2) * chunk.batch["advantages"].unsqueeze(1),
        )
        expected = -(clipped * mask).sum() / chunk.batch["num_items_in_batch"]
        seen["loss"] = (expected - step.loss_and_gradient(second).loss).abs()

    trainer = toy_trainer(tmp_path, Probe(look), steps=1, **LARGE_RATE)
    trainer.train()
    assert float(seen["stored"]) < 1e-5
    assert float(seen["ratio"]) > 0.01
    assert float(seen["loss"]) < 1e-6


def test_asking_for_a_domain_again_after_a_move_is_refused(tmp_path: Path) -> None:
    def twice(step: Any) -> None:
        for _ in range(2):
            step.set_gradient(step.loss_and_gradient("digits").gradient)
            step.optimizer_step(1.0)

    with pytest.raises(StageError, match='requested "digits" twice'):
        toy_trainer(tmp_path, Probe(twice), steps=1).train()


def test_shares_are_of_tokens_or_samples(tmp_path: Path) -> None:
    for loss, unit in {"dapo": "tokens", "bnpo": "tokens", "grpo": "samples"}.items():
        seen: list[dict[str, Any]] = []

        def look(step: WindowDomainStep, seen: list[dict[str, Any]] = seen) -> None:
            batches = [chunk.batch for own in step._chunks.values() for chunk in own]
            tokens = torch.stack([each["completion_mask"].sum() for each in batches]).double()
            rows = torch.tensor([len(each["domain_ids"]) for each in batches]).double()
            shares = [step.loss_and_gradient(name).share for name in step.domains]
            seen.append({"tokens": tokens / tokens.sum(), "samples": rows / rows.sum(), "shares": torch.tensor(shares)})

        toy_trainer(tmp_path / loss, Probe(look), steps=1, loss_type=loss).train()
        torch.testing.assert_close(seen[0]["shares"].double(), seen[0][unit], atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "config",
    [PCGradConfig(), CGPOConfig(), CGPOConfig(step_scale="once"), FAMOConfig(), MGSConfig()],
    ids=lambda config: str(config.label),
)
def test_steps_that_lack_a_domain(config: StrategyModel, tmp_path: Path) -> None:
    """With 14:1:1 and four prompts a step most steps hold only one or two of the domains."""
    seen = []
    trainer = toy_trainer(
        tmp_path, config, steps=4, prompts_per_step=4, weights={"digits": 14, "letters": 1, "marks": 1}
    )
    step = trainer.strategy.step

    def counted(given: Any) -> Any:
        seen.append(given.domains)
        return step(given)

    trainer.strategy.step = counted  # type: ignore[method-assign]
    weights = trained_weights(trainer)
    assert ("digits",) in seen
    assert len(set(seen)) > 1
    assert all(bool(torch.isfinite(each).all()) for each in weights)


def test_a_step_whose_completions_are_all_masked_is_a_step_without_gradient(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"steps": 2, "grpo": {"mask_truncated_completions": True}, "max_completion_tokens": 1}
    expected = trained_weights(toy_trainer(tmp_path / "joint", JointConfig(), **settings))
    found = trained_weights(toy_trainer(tmp_path / "pcgrad", PCGradConfig(), **settings))
    assert largest_difference(expected, found) < 1e-6


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("optimizer", [pytest.param("sgd", marks=pytest.mark.slow), "adamw_torch"])
@pytest.mark.parametrize(
    "config", [PCGradConfig(), CGPOConfig(), CGPOConfig(step_scale="once")], ids=lambda config: str(config.label)
)
def test_offloaded_gradients_change_nothing(config: StrategyModel, optimizer: str, device: str, tmp_path: Path) -> None:
    if optimizer == "sgd" and config == CGPOConfig(step_scale="once"):
        pytest.skip("a plan refuses it: SGD has no second moments")
    rate = {"sgd": 0.1, "adamw_torch": 1e-3}[optimizer]
    settings: dict[str, Any] = {"steps": 3, "learning_rate": rate, "optimizer": optimizer, "device": device}
    expected = trained_weights(toy_trainer(tmp_path / "on", config, **settings))
    with CopiesToCPU():
        found = trained_weights(toy_trainer(tmp_path / "off", config, offload_gradients=True, **settings))
    # A GPU may round the sum of weighted gradients otherwise than a CPU does.
    assert largest_difference(expected, found) <= (0.0 if device == "cpu" else 1e-6)


class _Modal(torch.optim.SGD):
    """Steps in training mode alone, as schedule-free optimizers do."""

    training = False

    def train(self) -> None:
        self.training = True

    def step(self, closure: Any = None) -> Any:
        assert self.training, "not in training mode"
        return super().step(closure)


@pytest.mark.parametrize("config", [PCGradConfig(), CGPOConfig()], ids=lambda config: str(config.name))
def test_an_optimizer_with_modes_is_in_training_mode(config: StrategyModel, tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, config, steps=1)
    trainer.optimizer = _Modal(trainer.model.parameters(), lr=1e-3)
    trainer.train()


@pytest.mark.parametrize("step_scale", ["authors", "once"])
def test_inner_moves_are_clipped_on_the_parts_and_their_norms_logged(step_scale: str, tmp_path: Path) -> None:
    """Norms are those of share_k g_k, not of the mean gradients; the last one of `once` is of their sum."""
    seen: dict[str, float] = {}
    trainer = toy_trainer(tmp_path, CGPOConfig(alpha=1.0, step_scale=step_scale), steps=1, max_grad_norm=1e-3)
    start = [each.detach().clone() for each in trainer.model.parameters()]
    given = trainer.strategy.step

    def looked(step: WindowDomainStep) -> Any:
        parts = {name: step.loss_and_gradient(name).gradient for name in step.domains}
        seen.update({name: norm(part) for name, part in parts.items()})
        seen["sum"] = norm([torch.stack(each).sum(dim=0) for each in zip(*parts.values(), strict=True)])
        step._asked.clear()  # the test asked, not the strategy
        return given(step)

    trainer.strategy.step = looked  # type: ignore[method-assign]
    trainer.optimizer = torch.optim.SGD(trainer.model.parameters(), lr=0.5)
    if step_scale == "once":
        trainer.optimizer = torch.optim.AdamW(trainer.model.parameters(), lr=1e-9, weight_decay=0.0)
    trainer.train()
    figures = trainer.rollout_metrics["strategy"]
    order = figures["order"]
    assert sorted(order) == list(NAMES)
    assert min(seen.values()) > 1e-3
    found = figures["inner_gradient_norms"]
    assert len(found) == figures["clipped_inner_moves"] == 3
    if step_scale == "once":
        assert found == pytest.approx([seen[order[0]], seen[order[1]], seen["sum"]], rel=1e-3)
        return
    assert found == pytest.approx([seen[name] for name in order], rel=0.02)  # at slightly other parameters
    moved = norm([a.detach() - b for a, b in zip(trainer.model.parameters(), start, strict=True)])
    assert 0.5 * 1e-3 * 0.5 < moved <= 3 * 0.5 * 1e-3 * 1.001  # three moves of rate x clip


def norm(tensors: Any) -> float:
    return float(torch.stack([each.double().square().sum() for each in tensors]).sum().sqrt())
