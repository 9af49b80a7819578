"""The domain contract's defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item, Split, is_right


class Small(Domain):
    """Two items, four answers to choose from."""

    name = "small"
    choices = 4
    scorer = "small/1"

    def items(self, split: Split) -> Sequence[Item]:
        return [Item("a", "p", "g"), Item("b", "q", "h")]

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [
            Verdict.right() if item.gold == text else Verdict.wrong()
            for item, text in zip(items, completions, strict=True)
        ]

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return verdict.score

    def item_identity(self) -> Mapping[str, Any]:
        return {}

    def reward_identity(self) -> Mapping[str, Any]:
        return {}


def test_what_a_domain_need_not_say() -> None:
    domain = Small()
    (item, _) = domain.items(Split.TEST)
    assert domain.count(Split.TEST) == 2
    assert domain.render_solution(item) == item.gold
    assert domain.guess_rate(item) == 0.25
    assert domain.verifier_identity() == {"scorer": "small/1"}
    assert (domain.left_out(), domain.gate, domain.places, domain.stop, domain.solution_identity()) == (
        None,
        None,
        (),
        (),
        {},
    )
    domain.preflight()
    domain.close()


def test_right_is_an_outcome_not_a_score() -> None:
    assert is_right(Verdict.right())
    assert not is_right(Verdict.wrong(score=0.9))


def test_the_contract_is_whole() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Domain()  # type: ignore[abstract]
