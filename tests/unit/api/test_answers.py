"""Loading what the page of `xdomain view` shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.answers import load_answers, load_store
from xdomain.api.session import Session
from xdomain.core.errors import AnalysisError
from xdomain.store.store import Store
from xdomain.view.answers import Filter


def test_answers_of_an_experiment_have_their_questions(smoke: Session) -> None:
    answers = load_answers(smoke)
    assert answers.domains == ("math", "logic", "puzzle")
    found = answers.find(Filter(domain="logic"))
    checkpoints = len({stage.checkpoint for stage in smoke.plan.evaluations})
    assert len(found) == checkpoints * 300 * 4
    row = answers.row(found[0])
    assert row["question"]
    assert row["checkpoint"] in answers.choices["checkpoint"]


def test_answers_of_a_store_have_a_label_per_evaluation(smoke: Session, tmp_path: Path) -> None:
    answers = load_store(smoke.store)
    found = answers.find(Filter(domain="logic"))
    assert len(found) == len(load_answers(smoke).find(Filter(domain="logic")))
    assert answers.row(found[0])["question"] is None, "the store does not know the items"
    with pytest.raises(AnalysisError, match="contains no evaluation"):
        load_store(Store(tmp_path / "empty"))
