"""Scores of reasoning-gym as verdicts."""

from __future__ import annotations

import pytest

from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.reasoning_gym import LONGEST_ANSWER, ReasoningGymChecker, verdict_of
from xdomain.domains.worker_pool import Failure


@pytest.mark.parametrize(
    ("reply", "outcome", "reason"),
    [
        (1.0, Outcome.RIGHT, "score 1"),
        (0.99, Outcome.RIGHT, "score 0.99"),
        (0.5, Outcome.WRONG, "score 0.5"),
        ("ZeroDivisionError", Outcome.MALFORMED, "the scorer raised ZeroDivisionError"),
        (Failure("timeout"), Outcome.MALFORMED, "timeout in the scorer"),
        (Failure("unavailable"), Outcome.UNSCORED, "no scoring worker"),
    ],
)
def test_only_full_scores_are_right(reply: object, outcome: Outcome, reason: str) -> None:
    verdict = verdict_of(reply, "a")
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_equal_text_and_no_answer_need_no_worker() -> None:
    checker = ReasoningGymChecker(("boxed",))
    completions = ["\\boxed{7}", "seven", "\\boxed{" + "7" * (LONGEST_ANSWER + 1) + "}"]
    found = checker.judge([Item("i", "p", "7")] * 3, completions)
    assert [verdict.outcome for verdict in found] == [Outcome.RIGHT, Outcome.MALFORMED, Outcome.MALFORMED]
    assert checker.pool._idle == []
