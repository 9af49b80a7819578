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
