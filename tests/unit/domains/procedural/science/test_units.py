"""Units: values computed another way."""

from __future__ import annotations

import random
from typing import Any

import pytest

from xdomain.domains.procedural.science import units

# Question of seed 7 (a part of it) and its answer, worked out by hand from the text alone.
WORKED = {
    units.prefixed: ("194.2 mL to L", 0.1942),
    units.derived: ("194.2 bar to kPa", 19420.0),
    units.fahrenheit: ("105.5 degrees Celsius", 221.9),
    units.chained: ("7.1 L of fuel a 100 km, and a litre costs 2.01 euros. What do 210 km", 2996.91),
    units.mass_from_density: ("8.7 g/cm^3. What is the mass in kg of 15.5 L", 134.85),
}


@pytest.mark.parametrize("make", WORKED, ids=lambda make: make.__name__)
def test_answers_worked_out_by_hand(make: Any) -> None:
    problem = make(random.Random(7))
    part, value = WORKED[make]
    assert part in problem.text
    assert problem.value == pytest.approx(value, rel=1e-4)
