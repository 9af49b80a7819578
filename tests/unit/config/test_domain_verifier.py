"""Verifiers as files write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from xdomain.config.domain_verifier import VERIFIERS, VerifierConfig

READ = TypeAdapter(VerifierConfig)


@pytest.mark.parametrize("kind", ["choice", "number", "text", "math", "assignment"])
def test_a_bare_name_takes_every_default(kind: str) -> None:
    assert READ.validate_python(kind).kind == kind
    assert READ.validate_python(kind) == READ.validate_python({"kind": kind})
    assert kind in VERIFIERS.builtin


@pytest.mark.parametrize(
    ("verifier", "words"),
    [
        ("choise", 'Did you mean "choice"'),
        ({"kind": "text", "answer_in": "box"}, "answer_in"),
        ({"kind": "text", "pattern": "("}, "pattern"),
        ({"kind": "number", "relative_tolerance": -1}, "relative_tolerance"),
        ({"kind": "rubric_judge"}, "judge"),
        ({"kind": "text", "form": "[a-z]+", "colour": 1}, "colour"),
    ],
)
def test_mistakes(verifier: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        READ.validate_python(verifier)


def test_one_place_is_a_list_of_one() -> None:
    assert READ.validate_python({"kind": "text", "answer_in": "tag"}).answer_in == ("tag",)
