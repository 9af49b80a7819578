"""Genetics: values computed another way."""

from __future__ import annotations

import random
from typing import Any

import pytest

from xdomain.domains.procedural.science import genetics

# Question of seed 7 (a part of it) and its answer, worked out by hand from the text alone.
WORKED = {
    genetics.expected_recessives: ("Tt x Tt, how many of 1980", 495.0),
    genetics.expected_heterozygotes: ("Tt x Tt, how many of 1980", 990.0),
    genetics.carrier: ("exactly 1 of their 4 children", 42.1875),
    genetics.gene_pool: ("0.22. How many of 10500", 3603.6),
}


@pytest.mark.parametrize("make", WORKED, ids=lambda make: make.__name__)
def test_answers_worked_out_by_hand(make: Any) -> None:
    problem = make(random.Random(7))
    part, value = WORKED[make]
    assert part in problem.text
    assert problem.value == pytest.approx(value, rel=1e-4)


def test_two_traits_against_counted_gametes():
    for seed in range(200):
        problem = genetics.two_traits(random.Random(seed))
        cross = problem.text.split("In a cross ")[1]
        parents, rest = cross.split(", how many of ")[0].split(" x "), cross.split(", how many of ")[1]
        offspring, looks = int(rest.split()[0]), rest.split("expected to have ")[1].rstrip("?")
        wanted = 0
        for a in (0, 1):
            for b in (2, 3):
                for c in (0, 1):
                    for d in (2, 3):
                        genes = (parents[0][a] + parents[1][c], parents[0][b] + parents[1][d])
                        wanted += " and ".join(look_of(pair) for pair in genes) == looks
        assert problem.value == pytest.approx(wanted / 16 * offspring)


def look_of(pair: str) -> str:
    allele, dominant, recessive = next(trait for trait in genetics.TRAITS if trait[0] == pair[0].upper())
    return dominant if allele in pair else recessive
