"""The loop that most verifiers share."""

from __future__ import annotations

import pytest

from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.verifiers.base import LONGEST_COMPLETION, OneByOne

ITEM = Item("i", "p", "g")


class Longer(OneByOne):
    """Right if the completion is longer than the gold answer."""

    id = "longer/1"

    def judge_one(self, item: Item, completion: str) -> Verdict:
        return Verdict.right() if len(completion) > len(item.gold) else Verdict.wrong()


def test_what_is_too_long_is_malformed_without_a_look() -> None:
    found = Longer().judge([ITEM] * 3, ["", "xx", "x" * (LONGEST_COMPLETION + 1)])
    assert [verdict.outcome for verdict in found] == [Outcome.WRONG, Outcome.RIGHT, Outcome.MALFORMED]
    assert found[2].reason == "too long"


def test_every_completion_has_its_item() -> None:
    with pytest.raises(ValueError, match="longer"):
        Longer().judge([ITEM], ["a", "b"])
