"""`domains check` names the golds that a verifier cannot read, by split."""

from __future__ import annotations

import json

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.domains.build import build_domain
from xdomain.domains.check import check_domain

READABLE = ["1", "2", "3", "4", "5", "6"]


def checked(tmp_path, verifier, golds: list[str]):
    rows = [{"id": f"row-{index}", "q": f"Question {index}?", "a": gold} for index, gold in enumerate(golds)]
    path = tmp_path / "test.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"question": "q", "gold": "a", "id": "id"}
    settings = {"name": "made", "source": {"kind": "jsonl", "test": str(path)}, "fields": fields, "verifier": verifier}
    domain = build_domain(DomainConfig.model_validate(settings | {"solution": "\\boxed{ {{ gold }} }"}))
    found = check_domain(domain)
    domain.close()
    return found


@pytest.mark.parametrize(
    ("verifier", "golds"),
    [
        ("number", ["five or six", "3:1"]),
        ("math", ["\\frac{1}{", "x^{2 + + 3"]),
        ({"kind": "choice", "choices": "123456"}, ["A", "none"]),
        ("assignment", ["nobody knows", "?"]),
    ],
)
def test_unreadable_golds_are_named_and_counted(tmp_path, verifier, golds):
    readable = ["Zoey is a knight"] * 2 if verifier == "assignment" else READABLE
    found = checked(tmp_path, verifier, readable + golds)
    assert not found.ok
    problem = next(problem for problem in found.problems if "cannot read" in problem)
    assert f"test: the verifier cannot read 2 of {len(readable) + 2} gold answers, first " in problem
    for index, gold in enumerate(golds, len(readable)):
        assert f"row-{index} ({gold!r})" in problem


@pytest.mark.parametrize("verifier", ["number", "math", {"kind": "choice", "choices": "123456"}])
def test_readable_golds_are_no_problem(tmp_path, verifier):
    assert checked(tmp_path, verifier, READABLE).problems == ()
