"""The curriculum grammar: what it reads, how it prints, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_experiment, make_plan
from xdomain.config.curriculum import parse_curriculum
from xdomain.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("math", "math"),
        ("math->science", "math -> science"),
        ("science + math", "math + science"),
        ("2*math + science", "2*math + science"),
        ("2*science + 4 * math", "2*math + science"),
        ("3*math", "math"),
        ("a -> c + b -> a", "a -> b + c -> a"),
        ("a -> a", "a -> a"),
        ("a@10 -> b + c@20", "a@10 -> b + c@20"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    parsed = parse_curriculum(text)
    assert str(parsed) == canonical
    assert parse_curriculum(canonical) == parsed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "without a domain"),
        ("math ->", "without a domain"),
        ("0*math + logic", "weight 0"),
        ("math + math", "twice in one phase"),
        ("Math", "not a domain"),
        ("math + ../etc", "not a domain"),
        ("math@0", "0 steps"),
        ("math@5 + logic", "not a phase"),
        ("math & logic", "not a domain"),
    ],
)
def test_refusals_name_the_curriculum(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        parse_curriculum(text)
    assert f'"{text}"' in str(raised.value)


def test_prefixes_end_with_the_whole() -> None:
    curriculum = parse_curriculum("a -> b + c -> a")
    assert [str(prefix) for prefix in curriculum.prefixes()] == ["a", "a -> b + c", "a -> b + c -> a"]
    assert curriculum.domains == ("a", "b", "c")


def test_refresh_returns_to_the_earlier_domain_from_a_shared_pair() -> None:
    found = make_plan(grid={"ordered_pairs": True, "refresh": 4})
    labels = [str(run.id) for run in found.runs]
    assert labels[2:] == ["logic -> puzzle -> logic@4", "puzzle -> logic -> puzzle@4"]
    pair, refreshed = found.runs[0].stages, found.runs[2].stages
    assert refreshed[:2] == pair
    last = found.stages[refreshed[2]]
    assert (last.steps, dict(last.offsets)) == (4, {"logic": 40})  # it goes on in the domain's queue


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grid": {"refresh": 10}}, "below training.steps = 10. Found 10"),
        ({"grid": {"refresh": 0}}, "greater than or equal to 1"),
        ({"training": {"steps": 10, "budget": "total"}}, "the budget `total` divides them itself"),
        ({"training": {"steps": 10, "updates_per_rollout": 5}}, "multiple of updates_per_rollout"),
        ({"domains": ["logic"]}, "needs two domains"),
    ],
)
def test_a_refresh_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_experiment(**{"grid": {"refresh": 4}, **changes})
