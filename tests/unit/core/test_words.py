"""Counts and durations in words."""

import pytest

from xdomain.core.words import count, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89.4, "89 s"), (90, "2 min"), (720, "12 min"), (5400, "1.5 h"), (129600, "1.5 days")],
)
def test_durations_have_one_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_only_one_is_singular() -> None:
    assert [count(number, "stage") for number in (0, 1, 2)] == ["0 stages", "1 stage", "2 stages"]
