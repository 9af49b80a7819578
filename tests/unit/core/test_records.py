"""Verdicts and item records."""

from __future__ import annotations

import pytest

from xdomain.core.records import RECORD_COLUMNS, Outcome, Verdict


def test_a_score_is_missing_exactly_when_unscored() -> None:
    assert Verdict.unscored("judge down").score is None
    assert (Verdict.right().score, Verdict.wrong().score, Verdict.malformed("no box").score) == (1.0, 0.0, 0.0)
    assert Verdict.wrong("tie", score=0.5).outcome is Outcome.WRONG
    with pytest.raises(ValueError, match="None exactly when unscored"):
        Verdict(Outcome.UNSCORED, 0.0)
    with pytest.raises(ValueError, match="None exactly when unscored"):
        Verdict(Outcome.WRONG, None)


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_lies_between_0_and_1(score: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        Verdict(Outcome.WRONG, score)


def test_columns_that_users_read_keep_their_names() -> None:
    assert RECORD_COLUMNS[:6] == ("stage_key", "checkpoint", "domain", "item_id", "cluster_id", "sample")
    assert {"score", "outcome", "completion_tokens", "finish_reason", "reproducibility"} <= set(RECORD_COLUMNS)
