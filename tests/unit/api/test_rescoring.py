"""Judging stored completions again."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.rescoring import rescore_experiment
from xdomain.api.running import RunObserver
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import PlanError, StoreError


def test_the_same_verifiers_flip_nothing(smoke: Session) -> None:
    changes = rescore_experiment(smoke.plan, smoke.store, smoke.path, RunObserver(), None)
    assert (changes.flips, changes.accuracies, changes.generated_tokens) == ((), (), 0)
    assert len(changes.evaluations) == len(smoke.plan.evaluations)
    assert sum(each.completions for each in changes.verdicts) == changes.completions


def test_completions_are_never_generated(smoke: Session, tmp_path: Path) -> None:
    more = open_experiment(smoke.experiment, store=smoke.store, settings=["evaluation.items=310"])
    with pytest.raises(PlanError):
        more.rescore()
    fresh = open_experiment(smoke.experiment, store=tmp_path / "store")
    with pytest.raises(StoreError, match="no evaluation of experiment"):
        fresh.rescore()
