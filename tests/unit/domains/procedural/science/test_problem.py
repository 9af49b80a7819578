"""Numbers that problems are made of and shown with."""

from __future__ import annotations

import math
import random

import pytest

from xdomain.domains.procedural.science.problem import pick, show


def test_numbers_lie_on_their_grid() -> None:
    rng = random.Random(1)
    drawn = {pick(rng, 0.1, 0.5, 0.1) for _ in range(200)}
    assert drawn == {0.1, 0.2, 0.3, 0.4, 0.5}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0125, "0.0125"), (10317.45, "10320"), (86_400_000.0, "86400000"), (-12.5, "-12.5"), (4.3e-5, "0.000043")],
)
def test_numbers_are_shown_without_exponents(value: float, text: str) -> None:
    assert show(value) == text
    assert math.isclose(float(show(value)), value, rel_tol=1e-3)
