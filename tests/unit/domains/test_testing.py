"""The checks that a plugin's author runs find what is wrong with a domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from xdomain.core.records import Outcome, Verdict
from xdomain.domains import testing
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.build import build_domain
from xdomain.domains.builtin import MATH
from xdomain.domains.data_domain import DataDomain


def test_a_good_domain_passes() -> None:
    testing.check_domain(lambda: build_domain("math"))


class DependsOnTheBatch(DataDomain):
    """Gives the place in the batch as a reason."""

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [replace(each, reason=str(place)) for place, each in enumerate(super().score(items, completions))]


class PaysUnscored(DataDomain):
    """Pays what was not judged."""

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return 1.0 if verdict.outcome is Outcome.UNSCORED else super().reward(item, completion, verdict)


class Unstable(DataDomain):
    """Has other items at every look."""

    looks = 0

    def items(self, split: Split) -> Sequence[Item]:
        Unstable.looks += 1
        return super().items(split)[Unstable.looks :]


class NoJson(DataDomain):
    """Has an identity that cannot be part of a key."""

    def item_identity(self) -> Mapping[str, Any]:
        return {"a": {1, 2}}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (DependsOnTheBatch, "depends on the batch"),
        (PaysUnscored, "an unscored completion was paid"),
        (Unstable, "two builds disagree"),
        (NoJson, "should be plain JSON"),
    ],
)
def test_a_broken_domain_is_told(kind: type[DataDomain], words: str) -> None:
    def make() -> Domain:
        return kind(MATH)

    with pytest.raises((AssertionError, TypeError), match=words):
        testing.check_domain(make)
