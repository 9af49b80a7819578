"""Many ways to state a right answer, and near misses: tests/phrasings/*.yaml, one file per verifier and one crossed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from tests.support.data import need_data
from xdomain.config.domain_verifier import VerifierConfig
from xdomain.domains.base import Item, Split
from xdomain.domains.build import build_domain
from xdomain.domains.verifiers.build import build_verifier

FOLDER = Path(__file__).resolve().parents[1] / "phrasings"
KINDS = ("number", "math", "text", "choice", "assignment")
CROSSED: dict[str, dict[str, Any]] = {
    "number": {"kind": "number"},
    "math": {"kind": "math"},
    "gsm8k": {"kind": "math", "answer_in": ["boxed", "tag", "last_number"]},
}
EXACT = {"kind": "text", "normalise": True, "answer_in": ["boxed", "tag", "last_line"]}


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def verdicts(settings: dict[str, Any], rows: list[list[str]]) -> list[str]:
    """The outcome of each row of gold and completion."""
    verifier = build_verifier(TypeAdapter(VerifierConfig).validate_python(settings))
    items = [Item(str(index), "p", gold) for index, (gold, _) in enumerate(rows)]
    found = verifier.judge(items, [completion for _, completion in rows])
    verifier.close()
    return [verdict.outcome.value for verdict in found]


def without_commas(gold: str) -> str:
    return gold.replace(",", "")


@pytest.mark.parametrize("kind", KINDS)
def test_phrasings_of_right_answers_are_right(kind):
    rows = read(kind)["right"]
    assert len(rows) >= 20
    found = verdicts(read(kind)["verifier"], rows)
    assert [(row, outcome) for row, outcome in zip(rows, found, strict=True) if outcome != "right"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_near_misses_are_not_right(kind):
    rows = read(kind)["near_misses"]
    assert len(rows) >= 20
    found = verdicts(read(kind)["verifier"], rows)
    assert [(row, outcome) for row, outcome in zip(rows, found, strict=True) if outcome in ("right", "unscored")] == []


@pytest.mark.parametrize("name", CROSSED)
def test_a_number_is_found_in_every_phrasing(name):
    numeric = read("numeric")
    rows = [[gold, text.replace("@", gold)] for gold in numeric["golds"] for text in numeric["phrasings"]]
    found = verdicts(CROSSED[name], rows)
    assert [row for row, outcome in zip(rows, found, strict=True) if outcome != "right"] == []


@pytest.mark.parametrize("name", CROSSED)
def test_a_near_miss_is_right_in_no_phrasing(name):
    numeric = read("numeric")
    rows = [
        [gold, text.replace("@", near.format(n=without_commas(gold)))]
        for gold in numeric["golds"][:2]
        for near in numeric["near"]
        for text in numeric["phrasings"]
    ]
    found = verdicts(CROSSED[name], rows)
    assert [row for row, outcome in zip(rows, found, strict=True) if outcome in ("right", "unscored")] == []


def test_text_is_never_right_by_a_number_that_merely_stands_in_it():
    numeric = read("numeric")
    rows = [["18", text.replace("@", "181")] for text in numeric["phrasings"]]
    assert "right" not in verdicts(EXACT, rows)


def test_every_gsm8k_gold_is_right_in_its_own_solution_and_wrong_by_one(monkeypatch):
    need_data(monkeypatch)

    domain = build_domain("gsm8k")
    items = domain.items(Split.TEST)
    assert len(items) == 1319
    right = domain.score(items, [domain.render_solution(item) for item in items])
    sentence = "So it comes to 3 + 4 = 7.\nThe answer is ${}. It took 2 steps."
    said = domain.score(items, [sentence.format(item.gold) for item in items])
    wrong = domain.score(items, [f"\\boxed{{{without_commas(item.gold)}1}}" for item in items])
    domain.close()
    assert {verdict.outcome.value for verdict in (*right, *said)} == {"right"}
    assert {verdict.outcome.value for verdict in wrong} == {"wrong"}
