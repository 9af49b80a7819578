"""A described domain: identities, counts, and what guessing scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.domains_from_rows import domain, write_jsonl
from xdomain.core.errors import ConfigError, DataError
from xdomain.domains.base import Item, Split
from xdomain.domains.data_domain import DataDomain

ROWS = [{"q": f"{n}+1", "a": str(n + 1)} for n in range(40)]


@pytest.fixture
def source(tmp_path: Path) -> dict[str, Any]:
    return {"kind": "jsonl", "path": write_jsonl(tmp_path / "rows.jsonl", ROWS)}


def identities(made: DataDomain) -> list[Any]:
    return [made.item_identity(), made.verifier_identity(), made.reward_identity(), made.solution_identity()]


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"template": "{{ question }}="}, 0),
        ({"split": {"test": 0.3}}, 0),
        ({"verifier": {"kind": "text", "normalise": True}}, 1),
        ({"reward": {"wrong": -1.0}}, 2),
        ({"solution": "so {{ gold }}"}, 3),
        ({"description": "Sums."}, None),
        ({"stop": ["\n"]}, None),
        ({"on_bad_row": "skip"}, None),
    ],
)
def test_a_change_moves_one_identity(source: dict[str, Any], changes: dict[str, Any], moved: int | None) -> None:
    before, after = identities(domain(source)), identities(domain(source, **changes))
    assert [one != other for one, other in zip(before, after, strict=True)] == [place == moved for place in range(4)]


def test_items_are_counted_without_being_made() -> None:
    made = domain({"kind": "procedural", "generator": "truth", "sizes": [100, 20, 30]}, fields={}, verifier="source")
    assert [made.count(split) for split in Split] == [100, 20, 30]
    limited = domain({"kind": "procedural", "generator": "truth"}, fields={}, verifier="source", limit={"test": 7})
    assert limited.count(Split.TEST) == 7


def test_splits_of_a_pool_are_disjoint_and_complete(source: dict[str, Any]) -> None:
    made = domain(source)
    ids = [{item.id for item in made.items(split)} for split in Split]
    assert sum(map(len, ids)) == len(set.union(*ids)) == len(ROWS)
    assert made.count(Split.TEST) == len(ids[2])


def test_a_missing_file_is_named_when_it_is_read(tmp_path: Path) -> None:
    made = domain({"kind": "jsonl", "path": str(tmp_path / "none.jsonl")})
    with pytest.raises(DataError, match=r"none\.jsonl: there is no such file"):
        made.items(Split.TRAIN)


def test_marks_and_choices(source: dict[str, Any]) -> None:
    assert domain(source, verifier={"kind": "text", "answer_in": ["boxed", "tag"]}).places == ("\\boxed", "<answer>")
    assert domain(source, verifier={"kind": "text", "answer_in": ["boxed", "whole"]}).places == ()
    assert domain(source, verifier={"kind": "choice", "choices": "AB"}).choices == 2
    knights = domain(source, verifier="assignment")
    assert knights.guess_rate(Item("i", "p", "Zoey: knight, Riley: knave")) == 0.25


def test_a_graded_reward_needs_a_graded_judge(source: dict[str, Any]) -> None:
    judge = {"kind": "rubric_judge", "judge": {"base_url": "http://h/v1", "model": "m"}}
    with pytest.raises(ConfigError, match="Write `graded: true` under the verifier"):
        domain(source, verifier=judge, reward={"graded": True})
