"""Votes of a pairwise judge in both orders; tests/integration/test_judges.py asks a real server."""

from __future__ import annotations

import pytest

from xdomain.config.domain_verifier import JudgeEndpoint, PairwiseJudge
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.pairwise import PairwiseChecker

ENDPOINT = JudgeEndpoint(base_url="http://127.0.0.1:9/v1", model="m")


class Voting(PairwiseChecker):
    """A checker whose judge has already answered."""

    def __init__(self, ahead: str | None, behind: str | None) -> None:
        super().__init__(PairwiseJudge(kind="pairwise_judge", judge=ENDPOINT))
        self.votes = {"mine": ahead, "reference": behind}

    def prefer(self, prompt: str, first: str, second: str) -> str | None:
        return self.votes[first]


@pytest.mark.parametrize(
    ("ahead", "behind", "outcome", "score"),
    [
        ("first", "second", Outcome.RIGHT, 1.0),
        ("second", "first", Outcome.WRONG, 0.0),
        ("first", "first", Outcome.WRONG, 0.5),
        ("tie", "second", Outcome.WRONG, 0.5),
        ("tie", "tie", Outcome.WRONG, 0.5),
        (None, "second", Outcome.UNSCORED, None),
        ("first", None, Outcome.UNSCORED, None),
    ],
)
def test_both_orders_count(ahead: str | None, behind: str | None, outcome: Outcome, score: float | None) -> None:
    verdict = Voting(ahead, behind).judge_one(Item("i", "p", "reference"), "mine")
    assert (verdict.outcome, verdict.score) == (outcome, score)


def test_the_criterion_is_part_of_the_identity() -> None:
    one, other = (
        PairwiseChecker(PairwiseJudge(kind="pairwise_judge", judge=ENDPOINT, criterion=text)) for text in "ab"
    )
    assert one.id != other.id
