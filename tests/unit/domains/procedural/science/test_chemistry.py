"""Chemistry: values computed another way."""

from __future__ import annotations

import random
from typing import Any

import pytest

from xdomain.domains.procedural.science import chemistry

# Question of seed 7 (a part of it) and its answer, worked out by hand from the text alone.
WORKED = {
    chemistry.amount: ("79 g of O2", 2.46875),
    chemistry.mass: ("1.95 mol of O2", 62.4),
    chemistry.concentration: ("2.1 mol of salt are dissolved to 2470 mL", 0.850202),
    chemistry.dilution: ("43 mL of a 6.1 mol/L solution be diluted to reach 1.3", 201.76923),
    chemistry.solution_mass: ("O2 (molar mass 32 g/mol) make 1060 mL of a 0.5 mol/L", 16.96),
    chemistry.reacting_mass: ("17.03 g/mol) come from 79 g of N2", 96.06355),
}


@pytest.mark.parametrize("make", WORKED, ids=lambda make: make.__name__)
def test_answers_worked_out_by_hand(make: Any) -> None:
    problem = make(random.Random(7))
    part, value = WORKED[make]
    assert part in problem.text
    assert problem.value == pytest.approx(value, rel=1e-4)


def test_ph_is_the_negative_logarithm():
    for seed in range(50):
        problem = chemistry.acidity(random.Random(seed))
        molar = float(problem.text.split(" mol/L")[0].split()[-1])
        assert 10**-problem.value == pytest.approx(molar)
