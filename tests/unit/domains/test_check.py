"""What guessing would score, worked out by hand."""

from __future__ import annotations

import json

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.domains.build import build_domain
from xdomain.domains.check import chance_level, chance_levels, prompts


def chance(tmp_path, golds: list[str], verifier: dict, **fields: str) -> float | None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"q": f"question {n}", "a": gold}) + "\n" for n, gold in enumerate(golds)))
    described = {"name": "d", "source": {"kind": "jsonl", "test": str(path)}}
    described["fields"] = {"question": "q", "gold": "a", **fields}
    return chance_level(build_domain(DomainConfig.model_validate({**described, "verifier": verifier})))


def test_always_the_most_common_answer(tmp_path):
    assert chance(tmp_path, ["yes", "yes", "yes", "no"], {"kind": "text"}) == 0.75


def test_one_of_four_options_at_random_where_no_letter_leads(tmp_path):
    assert chance(tmp_path, ["A", "B", "C", "D", "A", "B", "C", "D"], {"kind": "choice"}) == 0.25
    assert chance(tmp_path, ["A", "A", "A", "D"], {"kind": "choice"}) == 0.75
    assert chance(tmp_path, ["A", "B", "C"], {"kind": "choice", "choices": "AB"}) == 0.5


def test_every_name_at_random(tmp_path):
    golds = ["Ann is a knight, and Bo is a knave.", "Cy: knave, Di: knight, Ed: knight"]
    assert chance(tmp_path, golds, {"kind": "assignment"}) == pytest.approx(0.5)
    many = [f"N{n}a is a knight, and N{n}b is a knave." for n in range(10)]
    assert chance(tmp_path, many, {"kind": "assignment"}) == pytest.approx(0.25)
    assert chance(tmp_path, many, {"kind": "assignment", "roles": 3}) == pytest.approx(1 / 9)


def test_nobody_guesses_a_program(tmp_path):
    assert chance(tmp_path, ["x = 1", "x = 1"], {"kind": "unit_tests", "style": "stdin"}, tests="a") is None


def test_a_domain_whose_data_is_gone_is_reported_without_prompts_and_chance(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "i7", "q": "2 + 2 = ?", "a": "4"}\n')
    described = {"name": "d", "source": {"kind": "jsonl", "test": str(path)}, "verifier": {"kind": "number"}}
    config = DomainConfig.model_validate({**described, "fields": {"id": "id", "question": "q", "gold": "a"}})
    (asked,) = prompts({"d": build_domain(config)})["d"].items()
    assert asked[0] == "i7"
    assert "2 + 2 = ?" in asked[1]
    path.unlink()
    gone = {"d": build_domain(config)}
    assert prompts(gone) == {"d": {}}
    assert chance_levels(gone) == {"d": None}
