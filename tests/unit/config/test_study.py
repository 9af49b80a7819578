"""The file of an observational study."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.config.study import StudyConfig

PAIR = {"name": "p", "base": "a", "tuned": "b", "trained_on": ["maths"]}
STUDY: dict[str, Any] = {
    "name": "s",
    "pairs": [PAIR],
    "groups": {"maths": ["math", "logic"], "words": ["puzzle"]},
    "domains": ["math", "logic", "puzzle"],
}


def test_models_and_benchmarks_of_a_pair() -> None:
    own = {"b": {"dtype": "float16"}}
    pairs = [PAIR, PAIR | {"name": "q", "tuned": "c"}]
    study = StudyConfig.model_validate(STUDY | {"pairs": pairs, "model": {"dtype": "bfloat16"}, "own_settings": own})
    assert study.models == ("a", "b", "c")
    assert study.in_domain(study.pairs[0]) == ("math", "logic")
    assert study.settings_of("a") == {"dtype": "bfloat16"}
    assert study.settings_of("b") == {"dtype": "float16"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "a/b"}, "names a folder"),
        ({"groups": {"maths": ["math", "logic", "puzzle", "chess"]}}, '"chess" is not under `domains`'),
        ({"groups": {"maths": ["math", "logic"]}}, '"puzzle" has no group'),
        ({"groups": {"maths": ["math", "logic"], "words": ["puzzle", "math"]}}, "a benchmark has one group"),
        ({"samples": {"chess": 3}}, '"chess" is not under `domains`'),
        ({"own_settings": {"z": {}}}, "no pair has this model"),
        ({"pairs": [PAIR, PAIR]}, '"p" is listed twice'),
        ({"pairs": [PAIR | {"trained_on": ["code"]}]}, '"code" is not under `groups`: maths, words'),
    ],
)
def test_mistakes(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        StudyConfig.model_validate(STUDY | changes)
