"""One rule of judging in training and in evaluation."""

from __future__ import annotations

from xdomain.core.records import Outcome
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.judging import TRUNCATED, judge_finished


def test_a_truncated_completion_is_wrong_whatever_it_says() -> None:
    domain = build_domain("math")
    items = list(domain.items(Split.DEV))[:3]
    texts = [item.gold for item in items]
    found = judge_finished(domain, items, texts, [False, True, False])
    assert [verdict.outcome for verdict in found] == [Outcome.RIGHT, Outcome.WRONG, Outcome.RIGHT]
    assert found[1].reason == TRUNCATED
    assert judge_finished(domain, [], [], []) == []
