"""A stage that is killed and resumed ends with bitwise the weights of an undisturbed one, whatever the strategy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from tests.support.toy_training import largest_difference, toy_domains, toy_trainer, trained_weights
from xdomain.config.strategy import (
    BanditConfig,
    CGPOConfig,
    DACSPConfig,
    FAMOConfig,
    MGSConfig,
    PCGradConfig,
    StrategyModel,
    TransferAwareConfig,
)
from xdomain.core.errors import StageError
from xdomain.models.tiny import tiny_qwen3
from xdomain.strategies.base import Strategy
from xdomain.strategies.build import build_strategy

KILLED_AFTER, SAVED_AT = 5, 4


class _Killed(Exception):
    pass


class _SaveThenDie(TrainerCallback):  # type: ignore[misc]
    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        control.should_save = state.global_step == SAVED_AT
        return control

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == KILLED_AFTER:
            raise _Killed


def with_history() -> Strategy:
    """dacsp that knows directions of every weight of the toy model."""
    strategy = without_history()
    generator = torch.Generator().manual_seed(0)
    change = {name: torch.randn(each.shape, generator=generator) for name, each in tiny_qwen3()[0].named_parameters()}
    strategy.prepare(list(change), [change])
    return strategy


def without_history() -> Strategy:
    strategy = build_strategy(DACSPConfig(rank=2), tuple(sorted(toy_domains())), 0)
    strategy.prepare([name for name, _ in tiny_qwen3()[0].named_parameters()], [])
    return strategy


@pytest.mark.parametrize(
    "config",
    [
        FAMOConfig(),
        CGPOConfig(),
        pytest.param(CGPOConfig(step_scale="once"), marks=pytest.mark.slow),
        pytest.param(PCGradConfig(), marks=pytest.mark.slow),
        pytest.param(MGSConfig(), marks=pytest.mark.slow),
    ],
    ids=lambda config: str(config.label),
)
def test_killed_and_resumed_is_bitwise_undisturbed(config: StrategyModel, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"steps": 8, "learning_rate": 1e-4, "micro_batch": 16, "weight_decay": 0.1}
    expected = trained_weights(toy_trainer(tmp_path / "whole", config, **settings))
    killed = toy_trainer(tmp_path / "killed", config, **settings)
    killed.add_callback(_SaveThenDie())
    with pytest.raises(_Killed):
        killed.train()
    resumed = toy_trainer(tmp_path / "killed", config, **settings)
    resumed.train(resume_from_checkpoint=get_last_checkpoint(str(tmp_path / "killed")))
    found = [each.detach() for each in resumed.model.parameters() if each.requires_grad]
    assert largest_difference(expected, found) == 0.0


@pytest.mark.parametrize("config", [BanditConfig(), TransferAwareConfig()], ids=lambda config: str(config.name))
def test_adaptive_weights_resume_bitwise_with_their_queues(config: StrategyModel, tmp_path: Path) -> None:
    """Two updates a rollout; what the killed run chose beyond its checkpoint is dropped and chosen again."""
    settings: dict[str, Any] = {"steps": 8, "learning_rate": 1e-3, "updates_per_rollout": 2, "prompts_per_step": 6}
    expected = trained_weights(toy_trainer(tmp_path / "whole", config, **settings))
    killed = toy_trainer(tmp_path / "killed", config, **settings)
    killed.add_callback(_SaveThenDie())
    with pytest.raises(_Killed):
        killed.train()
    assert len((tmp_path / "killed" / "schedule.txt").read_text().splitlines()) == 36
    resumed = toy_trainer(tmp_path / "killed", config, **settings)
    resumed.train(resume_from_checkpoint=get_last_checkpoint(str(tmp_path / "killed")))
    assert largest_difference(expected, list(resumed.model.parameters())) == 0.0
    whole, again = ((tmp_path / name / "schedule.txt").read_text() for name in ("whole", "killed"))
    assert again == whole
    assert len(whole.splitlines()) == 48
    state = load_file(tmp_path / "killed" / f"checkpoint-{SAVED_AT}" / "strategy.safetensors")
    assert int(state["taken"].sum()) == 24


def test_dacsp_goes_on_from_the_subspace_in_its_checkpoint(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"steps": 8, "learning_rate": 1e-4}
    plain = trained_weights(toy_trainer(tmp_path / "plain", without_history(), **settings))
    expected = trained_weights(toy_trainer(tmp_path / "whole", with_history(), **settings))
    assert largest_difference(plain, expected) > 1e-5
    killed = toy_trainer(tmp_path / "killed", with_history(), **settings)
    killed.add_callback(_SaveThenDie())
    with pytest.raises(_Killed):
        killed.train()
    # History is not read again: what steers the rest comes from the checkpoint.
    resumed = toy_trainer(tmp_path / "killed", without_history(), **settings)
    resumed.train(resume_from_checkpoint=get_last_checkpoint(str(tmp_path / "killed")))
    assert largest_difference(expected, list(resumed.model.parameters())) == 0.0


def test_famo_state_is_in_the_checkpoint_and_needed(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, FAMOConfig(), steps=8)
    trainer.add_callback(_SaveThenDie())
    with pytest.raises(_Killed):
        trainer.train()
    path = tmp_path / f"checkpoint-{SAVED_AT}" / "strategy.safetensors"
    state = load_file(path)
    assert float(state["logits"].abs().max()) > 0
    assert float(state["adam.step"]) == SAVED_AT - 1  # the first rollout has nothing before it to progress from
    path.unlink()
    with pytest.raises(StageError, match=r"strategy\.safetensors is missing"):
        toy_trainer(tmp_path, FAMOConfig(), steps=8).train(resume_from_checkpoint=str(path.parent))
