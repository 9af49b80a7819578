"""Telemetry looks and changes nothing, and what it sees is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from tests.support.toy_training import largest_difference, toy_trainer, trained_weights
from xdomain.config.strategy import CGPOConfig, JointConfig, PCGradConfig, StrategyModel
from xdomain.strategies.telemetry import gradient_figures, step_figures


class _Collector(TrainerCallback):  # type: ignore[misc]
    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer
        self.lines: list[dict[str, Any]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if "train_runtime" not in logs:
            taken, self.trainer.rollout_metrics = self.trainer.rollout_metrics, {}
            self.lines.append({**logs, **taken})


def run(folder: Path, config: StrategyModel, **settings: Any) -> tuple[list[torch.Tensor], list[dict[str, Any]]]:
    trainer = toy_trainer(folder, config, **{"steps": 4, "learning_rate": 1e-4, **settings})
    collector = _Collector(trainer)
    trainer.add_callback(collector)
    return trained_weights(trainer), collector.lines


@pytest.mark.parametrize(
    ("settings", "config"),
    [
        pytest.param({"micro_batch": 8}, JointConfig(), id="accumulation-joint", marks=pytest.mark.slow),
        pytest.param({"micro_batch": 8}, PCGradConfig(), id="accumulation-pcgrad"),
        pytest.param({"micro_batch": 8}, CGPOConfig(), id="accumulation-cgpo", marks=pytest.mark.slow),
        pytest.param({"lora": True}, JointConfig(), id="lora-joint"),
        pytest.param({"lora": True}, PCGradConfig(), id="lora-pcgrad", marks=pytest.mark.slow),
        pytest.param({"lora": True}, CGPOConfig(), id="lora-cgpo"),
    ],
)
def test_weights_and_trl_metrics_do_not_depend_on_looking(
    config: StrategyModel, settings: dict[str, Any], tmp_path: Path
) -> None:
    expected, plain = run(tmp_path / "off", config, **settings)
    found, lines = run(tmp_path / "on", config, telemetry_every=2, **settings)
    assert largest_difference(expected, found) == 0.0
    assert ["gradients" in line for line in lines] == [True, False, True, False]
    for one, other in zip(plain, lines, strict=True):
        assert one["entropy"] == other["entropy"]
        assert one["loss"] == other["loss"]
    assert not any("gradients" in line for line in plain)


def test_figures_of_a_real_step(tmp_path: Path) -> None:
    many = {"steps": 1, "prompts_per_step": 64, "generations": 8}
    _, lines = run(tmp_path, JointConfig(), telemetry_every=4, optimizer="sgd", **many)
    figures = lines[0]["gradients"]
    names = {"digits", "letters", "marks"}
    assert figures["norm"].keys() == figures["norm_share"].keys() == figures["alignment"].keys() == names
    assert sum(figures["norm_share"].values()) == pytest.approx(1)
    assert figures["cosine"].keys() == {"digits|letters", "digits|marks", "letters|marks"}
    assert figures["conflicts"] == sum(value < 0 for value in figures["cosine"].values())
    assert figures["cosine"]["digits|letters"] < -0.1  # the domains want opposite characters
    assert len(figures["modules"]) == 35
    assert figures["distance"] > 0
    # Under plain SGD joint goes along the sum of the parts, so it cannot turn away from all of them.
    assert max(figures["alignment"].values()) > 0


def test_figures_by_hand() -> None:
    gradients = {
        "a": [torch.tensor([3.0, 0.0]), torch.tensor([0.0])],
        "b": [torch.tensor([-1.0, 1.0]), torch.tensor([0.0])],
    }
    found = gradient_figures(gradients, {"a": 0.5, "b": 0.25}, ["w", "bias"])
    assert found["norm"] == pytest.approx({"a": 6.0, "b": 4 * 2**0.5})
    assert found["norm_share"] == pytest.approx({"a": 3 / (3 + 2**0.5), "b": 2**0.5 / (3 + 2**0.5)})
    assert found["cosine"] == pytest.approx({"a|b": -(0.5**0.5)})
    assert found["modules"]["w"]["a|b"] == pytest.approx(-(0.5**0.5))
    assert found["modules"]["bias"]["a|b"] is None
    assert found["conflicts"] == 1
    assert found["conflicting_tensors"] == {"a|b": 1.0}
    moved = [torch.tensor([0.0, -2.0]), torch.tensor([0.0])]
    assert step_figures(gradients, moved) == {"distance": 2.0, "alignment": pytest.approx({"a": 0.0, "b": 0.5**0.5})}


def test_zero_gradients_have_no_cosine() -> None:
    zero = {"a": [torch.zeros(2)], "b": [torch.ones(2)]}
    found = gradient_figures(zero, {"a": 0.5, "b": 0.5}, ["w"])
    assert found["cosine"] == {"a|b": None}
    assert found["conflicts"] == 0
    assert found["conflicting_tensors"] == {"a|b": None}
