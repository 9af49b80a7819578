"""Protocols and points as judges write them; tests/integration/test_judges.py asks a real server."""

from __future__ import annotations

import pytest

from xdomain.domains.verifiers.rubric import MOST_CRITERIA, read_points, read_protocol

PROTOCOL = (("mentions rain", 4), ("is one line", 6))
GOOD = [{"text": "mentions rain", "points": 4}, {"Text": "is one line", "points": "6"}]


def test_a_protocol_has_texts_and_whole_points() -> None:
    assert read_protocol(GOOD) == PROTOCOL


@pytest.mark.parametrize(
    "criteria",
    [None, [], GOOD[:1], GOOD * MOST_CRITERIA, [{"text": "", "points": 1}, *GOOD], [{"text": "a", "points": 0}, *GOOD],
     [{"text": "a", "points": 11}, *GOOD], ["a", *GOOD]],
)  # fmt: skip
def test_what_is_no_protocol(criteria: object) -> None:
    assert read_protocol(criteria) is None


@pytest.mark.parametrize(
    ("points", "read"),
    [([4, 6], [4, 6]), ([{"points": 0}, "6/6"], [0, 6]), ([4], None), ([5, 6], None), ([4, None], None), (None, None)],
)
def test_points_stay_in_the_range_of_their_criterion(points: object, read: list[int] | None) -> None:
    assert read_points(points, PROTOCOL) == read
