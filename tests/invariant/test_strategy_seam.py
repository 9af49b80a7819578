"""The seam is exact: the sum of the domains' parts, and joint, train to the weights of TRL's own GRPOTrainer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.losses import LOSSES, loss_settings
from tests.support.toy_training import largest_difference, toy_domains, toy_trainer, trained_weights
from xdomain.config.strategy import CGPOConfig, JointConfig
from xdomain.strategies.joint import Joint

LAYOUTS: dict[str, dict[str, Any]] = {
    "one batch": {},
    "accumulation of 4": {"micro_batch": 8},
    "2 updates x 2 epochs": {"micro_batch": 8, "updates_per_rollout": 2, "epochs_per_rollout": 2, "steps": 12},
    "LoRA, KL, accumulation of 2": {"micro_batch": 16, "lora": True, "beta": 0.1},
}

TOLERANCE = 1e-6
"""Largest absolute difference of a float32 weight after 10 steps. Under SGD weights move by about 1e-2; under AdamW,
which turns rounding of a gradient near 0 into a step of full length, the rate is 1e-5."""


class ExplicitSum(Joint):
    """joint through the parts, so that the comparison is not of TRL's step with itself."""

    stock_step = False


def pairs() -> list[Any]:
    """Every loss with every layout; in a quick run each loss once, with the layouts in turn."""
    return [
        pytest.param(loss, layout, marks=() if (place - row) % len(LAYOUTS) == 0 else pytest.mark.slow)
        for row, loss in enumerate(LOSSES)
        for place, layout in enumerate(LAYOUTS)
    ]


def explicit_sum(count: int = 3) -> ExplicitSum:
    return ExplicitSum(JointConfig(), tuple(sorted(toy_domains(count))), 0)


def compare(folder: Path, **training: Any) -> tuple[float, float]:
    """(distance moved by a plain GRPOTrainer, difference of the explicit sum to it), largest absolute values."""
    stock = toy_trainer(folder / "stock", plain=True, **training)
    start = [each.detach().clone() for each in stock.model.parameters() if each.requires_grad]
    expected = trained_weights(stock)
    found = trained_weights(toy_trainer(folder / "parts", explicit_sum(), **training))
    return largest_difference(start, expected), largest_difference(expected, found)


@pytest.mark.parametrize(("loss", "layout"), pairs())
def test_parts_sum_to_stock_trl(loss: str, layout: str, tmp_path: Path, show: Callable[[str], None]) -> None:
    settings = {"steps": 10, "optimizer": "sgd", "learning_rate": 0.1} | loss_settings(loss) | LAYOUTS[layout]
    moved, difference = compare(tmp_path, **settings)
    show(f"joint = stock TRL | {loss:8} | {layout:28} | moved {moved:.1e} | difference {difference:.1e}")
    assert moved > 1e-3
    assert difference < TOLERANCE


@pytest.mark.parametrize("layout", [*LAYOUTS])
def test_joint_is_bitwise_stock_trl(layout: str, tmp_path: Path) -> None:
    """As it runs by default: samples carry their domain, are measured by it, and telemetry looks."""
    settings = {"steps": 4, "learning_rate": 1e-3, **LAYOUTS[layout]}
    expected = trained_weights(toy_trainer(tmp_path / "stock", plain=True, **settings))
    found = trained_weights(toy_trainer(tmp_path / "joint", telemetry_every=2, **settings))
    assert largest_difference(expected, found) == 0.0


@pytest.mark.parametrize("loss", LOSSES)
def test_parts_sum_to_stock_trl_under_adamw(loss: str, tmp_path: Path) -> None:
    moved, difference = compare(tmp_path, steps=10, learning_rate=1e-5, micro_batch=16, **loss_settings(loss))
    assert moved > 5e-5
    assert difference < TOLERANCE


@pytest.mark.parametrize(
    ("lora", "optimizer", "step_scale"),
    [
        (False, "adamw_torch", "authors"),
        (True, "adamw_torch", "authors"),
        (False, "adamw_torch", "once"),
        (True, "adamw_torch", "once"),
        (False, "adamw_torch_fused", "once"),
        (False, "adafactor", "authors"),
        (False, "rmsprop", "authors"),
    ],
)
def test_cgpo_on_one_domain_is_bitwise_stock(lora: bool, optimizer: str, step_scale: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        **{"domains": toy_domains(1), "steps": 6, "learning_rate": 1e-4, "lora": lora, "optimizer": optimizer},
        **{"weight_decay": 0.1},
    }
    expected = trained_weights(toy_trainer(tmp_path / "stock", **settings))
    config = CGPOConfig(alpha=1.0, step_scale=step_scale)
    found = trained_weights(toy_trainer(tmp_path / "cgpo", config, **settings))
    assert largest_difference(expected, found) == 0.0


def test_a_wrong_share_is_seen(tmp_path: Path) -> None:
    """The comparison can fail: parts that forget their share of rows end elsewhere."""

    class Unweighted(ExplicitSum):
        def step(self, step: Any) -> dict[str, Any]:
            parts = [step.loss_and_gradient(domain).mean_gradient() for domain in step.domains]
            step.set_gradient([torch.stack(pieces).mean(dim=0) for pieces in zip(*parts, strict=True)])
            return {}

    settings: dict[str, Any] = {"steps": 3, "optimizer": "sgd", "learning_rate": 0.1, "loss_type": "grpo"}
    expected = trained_weights(toy_trainer(tmp_path / "stock", **settings))
    wrong = Unweighted(JointConfig(), tuple(sorted(toy_domains())), 0)
    assert largest_difference(expected, trained_weights(toy_trainer(tmp_path / "wrong", wrong, **settings))) > 1e-4
