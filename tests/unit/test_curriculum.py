"""The curriculum grammar: what it reads, how it prints, what it refuses."""

from __future__ import annotations

import pytest

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
