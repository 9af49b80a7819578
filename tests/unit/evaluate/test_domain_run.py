"""Totals and prices of an evaluation; tests/integration runs whole ones."""

from __future__ import annotations

import pytest

from xdomain.config.backend import EndpointLimits
from xdomain.core.records import Verdict
from xdomain.evaluate.domain_run import sum_known, totals, usd
from xdomain.evaluate.journal import Answers
from xdomain.generation.base import Completion


def test_totals_count_every_completion() -> None:
    answers = [
        Answers([Completion("a", 3, "stop", None, 10), Completion("b", 5, "length", None, 10)], [Verdict.right()] * 2),
        Answers([Completion("", None, "refused", None, 7)], [Verdict.unscored("refused")]),
    ]
    assert totals(answers) == {
        "prompt_tokens": 27,
        "completion_tokens": None,
        "finish_reasons": {"length": 1, "refused": 1, "stop": 1},
        "truncated_share": pytest.approx(1 / 3),
    }
    assert totals([])["truncated_share"] is None


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert sum_known([1, 2]) == 3
    assert sum_known([1, None]) is None
    assert sum_known([]) == 0


def test_a_price_needs_both_prices_and_both_counts() -> None:
    limits = EndpointLimits(usd_per_million_prompt_tokens=2, usd_per_million_completion_tokens=8)
    assert usd(limits, 500_000, 250_000) == pytest.approx(3.0)
    assert usd(limits, None, 1) is None
    assert usd(EndpointLimits(usd_per_million_prompt_tokens=2), 1, 1) is None
