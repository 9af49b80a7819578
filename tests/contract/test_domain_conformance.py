"""The conformance suite on our own domains, and proof that it catches domains that break the contract."""

from __future__ import annotations

import pytest

from xdomain.core.records import Verdict
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.builtin import micro
from xdomain.domains.check import FEWEST_PROMPTS, GARBAGE
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.testing import check_domain


@pytest.mark.parametrize("name", ["math", "science", "logic", "puzzle"])
def test_built_in_domains(name):
    found = check_domain(lambda: build_domain(name), most=None, fewest_prompts=FEWEST_PROMPTS)
    assert all(part.gold_right == part.items and part.garbage_right == 0 for part in found.splits)
    assert found.overlap.total == 0
    domain = build_domain(name)
    longest = max(len(item.prompt) for split in Split for item in domain.items(split))
    answers = [domain.render_solution(item) for item in domain.items(Split.TEST)]
    assert longest <= 24
    assert max(map(len, answers)) <= 8


class Broken(DataDomain):
    def __init__(self) -> None:
        super().__init__(micro("broken", "letters", ""))


class PaysGarbage(Broken):
    def score(self, items, completions):
        return [
            Verdict.right() if completion in (GARBAGE[4], item.gold) else Verdict.wrong()
            for item, completion in zip(items, completions, strict=True)
        ]


class RejectsItsGold(Broken):
    def score(self, items, completions):
        return [Verdict.wrong("never") for _ in items]


class Leaks(Broken):
    def items(self, split):
        return super().items(Split.TRAIN)


class DependsOnTheBatch(Broken):
    def score(self, items, completions):
        judged = super().score(items, completions)
        return judged if not judged or completions[0] == items[0].gold else [Verdict.malformed("mood"), *judged[1:]]


class PaysTheUnscored(Broken):
    def reward(self, item, completion, verdict):
        return float(verdict.outcome == "right")


class ChangesItsIdentity(Broken):
    def item_identity(self):
        return {"it": id(self)}


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (PaysGarbage, "garbage is judged right"),
        (RejectsItsGold, r"gold answers are not right, first .*never"),
        (Leaks, "test prompts (are|stand) in train"),
        (DependsOnTheBatch, "depends on the batch"),
        (PaysTheUnscored, "an unscored completion was paid"),
        (ChangesItsIdentity, r"identity\(\) changes"),
    ],
)
def test_the_suite_catches(broken, law):
    with pytest.raises(AssertionError, match=law):
        check_domain(broken)
