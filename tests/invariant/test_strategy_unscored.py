"""Samples that no verifier could judge: missing in what a strategy is told, neither wrong nor without advantage."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.toy_training import CharacterDomain, toy_trainer
from xdomain.config.strategy import BanditConfig, FAMOConfig
from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item

MISSING = Verdict.unscored("no answer")


class _Scripted(CharacterDomain):
    """The same verdicts in every group, whatever the completions, which end at their first character: those that are
    truncated would be wrong, whatever the script says."""

    stop = tuple(string.printable)

    def __init__(self, name: str, *verdicts: Verdict) -> None:
        super().__init__(name, str.isalpha)
        self._verdicts = verdicts

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [self._verdicts[place % len(self._verdicts)] for place in range(len(completions))]

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return verdict.score


def domains() -> dict[str, Domain]:
    scripted = [
        _Scripted("half", Verdict.right(), MISSING, Verdict.wrong(), MISSING),
        _Scripted("right", Verdict.right(), MISSING, MISSING, MISSING),
        _Scripted("silent", MISSING),
    ]
    return {each.name: each for each in scripted}


def test_error_rates_are_of_scored_samples(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, FAMOConfig(), domains=domains(), steps=1)
    trainer.train()
    assert trainer.error_rates == {"half": 0.5, "right": 0.0}


def test_a_bandit_learns_from_samples_that_have_an_advantage(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, BanditConfig(), domains=domains(), steps=1)
    trainer.train()
    seen = dict(zip(trainer.strategy.domains, trainer.strategy.state()["learnability"].tolist(), strict=True))
    assert seen["half"] == pytest.approx(0.5**0.5, abs=1e-3)  # rewards 1 and 0 over their deviation
    assert seen["right"] == 0.0
    assert math.isnan(seen["silent"])
