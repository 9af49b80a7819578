"""Electricity: values computed another way."""

from __future__ import annotations

import random
from typing import Any

import pytest

from xdomain.domains.procedural.science import electricity

# Question of seed 7 (a part of it) and its answer, worked out by hand from the text alone.
WORKED = {
    electricity.voltage: ("2 A flows through 170", 340.0),
    electricity.power: ("4 A at 85 V", 340.0),
    electricity.charge: ("2.1 A flows for 20 minutes", 2520.0),
    electricity.current_in_milliamperes: ("19.5 kilohm lies across 21.5 V", 1.102564),
    electricity.resistance_from_power: ("390 W at 88 V", 19.85641),
    electricity.parallel: ("43 ohm and 21 ohm", 14.109375),
    electricity.divider: ("20 ohm and 51 ohm are in series across 23 V", 16.521127),
    electricity.cost: ("1690 W runs 5.5 hours a day for 30 days, at 37 cents", 10317.45),
    electricity.mixed_network: ("10 ohm is in series with a parallel pair of 27 ohm and 43 ohm, across 23 V", 0.865126),
}


@pytest.mark.parametrize("make", WORKED, ids=lambda make: make.__name__)
def test_answers_worked_out_by_hand(make: Any) -> None:
    problem = make(random.Random(7))
    part, value = WORKED[make]
    assert part in problem.text
    assert problem.value == pytest.approx(value, rel=1e-4)
