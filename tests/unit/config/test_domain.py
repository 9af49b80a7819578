"""A described domain: short forms, and descriptions that contradict themselves."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.config.domain import DomainConfig, FieldConfig

ROWS = {"kind": "jsonl", "path": "rows.jsonl"}


def domain(**changes: Any) -> DomainConfig:
    return DomainConfig.model_validate({"name": "d", "source": ROWS, "verifier": "text", **changes})


def test_short_forms() -> None:
    config = domain(fields={"gold": "answer", "question": {"column": "q", "pattern": "(.*)"}}, limit=7)
    assert config.fields["gold"] == FieldConfig(column="answer")
    assert (config.limit.train, config.limit.dev, config.limit.test) == (7, 7, 7)
    assert config.verifier.kind == "text"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "My Domain"}, "pattern"),
        ({"fields": {"gold": {"column": "a", "pattern": "("}}}, "should be a regular expression"),
        ({"split": {"dev": 0.5, "test": 0.5}}, "should stay below 1"),
        ({"options": {"right": "a", "wrong": []}}, "options.wrong"),
        ({"verifier": "source"}, "has no verifier"),
        ({"on_bad_row": "ignore"}, "on_bad_row"),
        ({"reward": 3}, "should be the name of a preset"),
        ({"limit": 0}, "limit"),
    ],
)
def test_descriptions_that_cannot_be_meant(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        domain(**changes)


def test_a_source_with_a_verifier_needs_none() -> None:
    config = DomainConfig.model_validate({"name": "d", "source": {"kind": "procedural", "generator": "truth"}})
    assert config.verifier.kind == "source"
