"""Gases: values computed another way."""

from __future__ import annotations

import random
from typing import Any

import pytest

from xdomain.domains.procedural.science import gases

# Question of seed 7 (a part of it) and its answer, worked out by hand from the text alone.
WORKED = {
    gases.boyle: ("10.5 L at 255 kPa. What volume in L does it fill at 300 kPa", 8.925),
    gases.absolute_temperature: ("85.5 degrees", 358.65),
    gases.charles: ("21.5 L at 14 degrees Celsius. What volume in L does it fill at 171", 33.25492),
    gases.amount: ("10.5 L at 265 kPa and 351 K", 0.953478),
    gases.pressure_of_amount: ("4.2 mol of an ideal gas fill 11.5 L at 106", 1151.2298),
    gases.combined: (
        "10.5 L at 160 kPa and 25 degrees Celsius. What volume in L does it fill at 265 kPa and 62",
        7.1263,
    ),
}


@pytest.mark.parametrize("make", WORKED, ids=lambda make: make.__name__)
def test_answers_worked_out_by_hand(make: Any) -> None:
    problem = make(random.Random(7))
    part, value = WORKED[make]
    assert part in problem.text
    assert problem.value == pytest.approx(value, rel=1e-4)
