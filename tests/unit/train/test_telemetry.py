"""Looking at gradients disturbs nothing; tests/invariant/test_strategy_telemetry.py trains with and without it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from xdomain.train.telemetry import GradientTelemetry, _undisturbed


def trainer(step: int = 0) -> Any:
    return SimpleNamespace(
        state=SimpleNamespace(global_step=step),
        accelerator=SimpleNamespace(device=torch.device("cpu")),
        _metrics={"train": {"loss": [1.0]}},
        rollout_metrics={},
    )


@pytest.mark.parametrize(("step", "due"), [(0, True), (1, False), (20, True), (21, False)])
def test_every_so_many_steps(step: int, due: bool) -> None:
    assert GradientTelemetry(trainer(step), 20).due() is due


def test_gradients_generators_and_metrics_are_put_back() -> None:
    owner, model = trainer(), torch.nn.Linear(2, 1)
    gradient = torch.ones(1, 2)
    model.weight.grad = gradient
    before = torch.get_rng_state()
    with _undisturbed(owner, model):
        model.weight.grad = None
        torch.rand(3)
        owner._metrics["train"]["loss"].append(2.0)
        owner._metrics["train"]["kl"] = [3.0]
    assert model.weight.grad is gradient
    assert torch.equal(torch.get_rng_state(), before)
    assert owner._metrics["train"] == {"loss": [1.0], "kl": []}


def test_a_step_that_was_not_looked_at_is_left_alone() -> None:
    owner = trainer()
    GradientTelemetry(owner, 20).on_optimizer_step(None, None, None)
    assert owner.rollout_metrics == {}
