"""The choice that a completion names."""

from __future__ import annotations

import pytest

from xdomain.domains.extraction.letters import last_letter


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("B", "B"),
        ("(c)", "c"),
        ("B) 5 m", "B"),
        ("B because it is heavier", "B"),
        ("It is not B, so C.", "C"),
        ("C. B is wrong", "C"),
        ("A or B", "A or B"),
        ("A, B", "A or B"),
        ("Rule out A. It must be D.", "D"),
        ("A big dog", None),
        ("20 C", None),
        ("nothing", None),
    ],
)
def test_letters(completion: str, letter: str | None) -> None:
    assert last_letter(completion) == letter
