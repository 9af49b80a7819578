"""Mechanics: values computed another way."""

from __future__ import annotations

import random
from typing import Any

import pytest

from xdomain.domains.procedural.science import mechanics

# Question of seed 7 (a part of it) and its answer, worked out by hand from the text alone.
WORKED = {
    mechanics.speed: ("351 m in 13 s", 351 / 13),
    mechanics.force: ("43 kg accelerates at 2.4", 103.2),
    mechanics.kinetic_energy: ("41.5 kg moves at 12", 2988.0),
    mechanics.mass_from_weight: ("weighs 845 N", 86.1366),
    mechanics.height_from_energy: ("24 kg takes 21.5 kJ", 91.318),
    mechanics.speed_in_kilometres: ("85.5 km in 24 minutes", 213.75),
    mechanics.fall_speed: ("falls 42 m", 28.7061),
    mechanics.collision: ("11 kg at 14.5 m/s runs into one of 5.5", 9.66667),
    mechanics.braking: ("80 km/h brakes with locked wheels; the coefficient of friction is 0.4", 62.9239),
    mechanics.lifting_power: ("460 kg by 12 m in 55 s", 0.984567),
}


@pytest.mark.parametrize("make", WORKED, ids=lambda make: make.__name__)
def test_answers_worked_out_by_hand(make: Any) -> None:
    problem = make(random.Random(7))
    part, value = WORKED[make]
    assert part in problem.text
    assert problem.value == pytest.approx(value, rel=1e-4)
