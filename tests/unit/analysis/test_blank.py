"""What could not be measured says why."""

from __future__ import annotations

from xdomain.analysis.blank import UNMOVED, Blank, join


def test_notes_are_joined_and_each_is_said_once() -> None:
    assert join() == ""
    assert join("", "one", "") == "one"
    assert join("one; two", "two", "three; one") == "one; two; three"


def test_a_blank_names_what_it_would_have_compared() -> None:
    assert Blank("why").compares == ()
    assert 'did not move "math"' in UNMOVED.format(domain="math")
