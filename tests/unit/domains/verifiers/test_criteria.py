"""Shapes of criteria; tests/integration/test_judges.py asks a real server about them."""

from __future__ import annotations

import pytest

from xdomain.config.domain_verifier import CriteriaJudge, JudgeEndpoint
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.criteria import CriteriaChecker, read_criteria


@pytest.mark.parametrize(
    "criteria", [None, "", "[", "[" * 100_000, [], {}, ["clarity"], [{"text": "x"}], [{"name": 3}], '{"name": "x"}']
)
def test_what_are_no_criteria(criteria: object) -> None:
    assert read_criteria(criteria) is None
    checker = CriteriaChecker(
        CriteriaJudge(kind="criteria_judge", judge=JudgeEndpoint(base_url="http://x/v1", model="m"))
    )
    verdict = checker.judge_one(Item("i", "p", "", metadata={"criteria": criteria}), "text")
    assert (verdict.outcome, verdict.reason) == (Outcome.UNSCORED, "the item's criteria cannot be read")


def test_criteria_may_be_json() -> None:
    assert read_criteria('[{"name": "clarity", "weight": 2}]') == [{"name": "clarity", "weight": 2}]
