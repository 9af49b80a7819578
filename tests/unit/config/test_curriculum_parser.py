"""The limits of the grammar."""

from __future__ import annotations

import pytest

from xdomain.config.curriculum import Curriculum, parse_curriculum
from xdomain.config.curriculum_parser import LONGEST_TEXT, MOST_NESTED, MOST_PHASES, parse_phases
from xdomain.core.errors import ConfigError


def test_a_curriculum_may_be_as_long_as_the_limits_and_no_longer() -> None:
    most = " -> ".join(["a"] * MOST_PHASES)
    assert len(parse_phases(most, Curriculum).phases) == MOST_PHASES
    for text in (f"{most} -> a", "a" * (LONGEST_TEXT + 1)):
        with pytest.raises(ConfigError, match="too long"):
            parse_phases(text, Curriculum)


def test_functions_may_be_as_deep_as_the_limit() -> None:
    nested = "a"
    for _ in range(MOST_NESTED):
        nested = f"merge({nested}, b)"
    assert str(parse_curriculum(nested)) == "merge(b, " * 4 + "merge(a, b)" + ")" * 4
    siblings = f"merge({', '.join(f'merge(a, 0.{n}*b)' for n in range(1, 9))})"
    assert len(parse_curriculum(siblings).inner) == 8  # beside each other, not inside


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("merge(a -> b + c, d)", "merge((a -> b + c), d)"),
        ("merge(2*a, b)", "merge(b, 2.0*(a))"),
        ("distill(a: b -> c, d)", "distill(a: (b -> c), d: d)"),
    ],
)
def test_an_argument_is_a_whole_curriculum(text: str, same: str) -> None:
    assert parse_curriculum(text) == parse_curriculum(same)


def test_a_refresh_is_a_phase_of_its_own_kind() -> None:
    curriculum = parse_curriculum("math -> science -> refresh( math ) @ 20")
    assert str(curriculum) == "math -> science -> refresh(math)@20"
    assert parse_curriculum(str(curriculum)) == curriculum != parse_curriculum("math -> science -> math@20")
    assert (curriculum.is_sequence, curriculum.phases[-1].domains, curriculum.phases[-1].steps) == (True, ("math",), 20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a -> refresh(b)", 'has a refresh without steps. Write them behind it: "refresh(b)@20".'),
        ("a -> refresh(b + c)@3", '"+ c)@3" has no place here'),
        ("a -> refresh()@3", "has a phase without a domain"),
        ("a -> refersh(b)@3", 'refresh, rollback. Did you mean "refresh"?'),
    ],
)
def test_a_refresh_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_curriculum(text)
    assert words in str(error.value.paragraph())
