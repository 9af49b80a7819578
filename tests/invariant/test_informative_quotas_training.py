"""Quotas of informative groups inside a real training: the advantages TRL trains on, metrics, and resuming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from tests.support.toy_training import largest_difference, toy_domains, toy_trainer, trained_weights
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.train.quotas import InformativeQuotas
from xdomain.train.trainer import DomainGRPOTrainer

WEIGHTS = {"digits": 1, "letters": 1}


class _Dull(type(toy_domains()["letters"])):  # type: ignore[misc]
    """Letters that pay only for a whole word of them: most groups pay nothing at all."""

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return float(completion.isalpha() and len(completion) > 2)


def trainer(folder: Path, quotas: bool, **settings: Any) -> DomainGRPOTrainer:
    domains = {"digits": toy_domains()["digits"], "letters": _Dull("letters", str.isalpha)}
    found = toy_trainer(folder, domains=domains, weights=WEIGHTS, prompts_per_step=16, **settings)
    found.quotas = InformativeQuotas(WEIGHTS) if quotas else None
    return found


class _Watch(TrainerCallback):  # type: ignore[misc]
    def __init__(self, owner: DomainGRPOTrainer) -> None:
        self.owner = owner
        self.seen: list[dict[str, Any]] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.seen.append(self.owner.rollout_metrics["domains"])


def teaching(folder: Path, quotas: bool) -> list[dict[str, Any]]:
    own = trainer(folder, quotas, steps=6)
    watch = _Watch(own)
    own.add_callback(watch)
    own.train()
    return watch.seen


def test_domains_teach_in_the_ratio_of_their_weights(tmp_path: Path) -> None:
    free, held = teaching(tmp_path / "free", False), teaching(tmp_path / "held", True)
    for step in free:
        assert all(values["teaching_groups"] == values["informative_groups"] for values in step.values())
    assert any(step["digits"]["teaching_groups"] > step["letters"]["teaching_groups"] for step in free)
    taught = {"digits": 0, "letters": 0}
    for step in held:
        assert all(values["teaching_groups"] <= values["informative_groups"] for values in step.values())
        taught = {name: count + step[name]["teaching_groups"] for name, count in taught.items()}
        assert abs(taught["digits"] - taught["letters"]) <= 1
    assert taught["digits"] > 0


class _SaveThenDie(TrainerCallback):  # type: ignore[misc]
    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        control.should_save = state.global_step == 3
        return control

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 4:
            raise KeyboardInterrupt


def test_what_is_dropped_is_the_same_after_a_kill(tmp_path: Path) -> None:
    expected = trained_weights(trainer(tmp_path / "whole", True, steps=6))
    killed = trainer(tmp_path / "killed", True, steps=6)
    killed.add_callback(_SaveThenDie())
    with pytest.raises(KeyboardInterrupt):
        killed.train()
    resumed = trainer(tmp_path / "killed", True, steps=6)
    resumed.train(resume_from_checkpoint=get_last_checkpoint(str(tmp_path / "killed")))
    found = [each.detach() for each in resumed.model.parameters() if each.requires_grad]
    assert largest_difference(expected, found) == 0.0
    free = trained_weights(trainer(tmp_path / "free", False, steps=6))
    assert any(not torch.equal(a, b) for a, b in zip(expected, free, strict=True))
