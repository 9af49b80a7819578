"""Procedural science: values computed another way, options that are apart, and every level of every topic."""

from __future__ import annotations

import math
import random

import pytest

from xdomain.domains.procedural.science import chemistry, electricity, gases, genetics, mechanics, units
from xdomain.domains.procedural.science.generators import (
    TOPICS,
    ScienceChoice,
    ScienceOpen,
    distinct,
    distractors,
    draw_problem,
)
from xdomain.domains.procedural.science.problem import show

KINDS = [(topic, kind) for topic, module in TOPICS.items() for kind in module.KINDS]

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
    electricity.voltage: ("2 A flows through 170", 340.0),
    electricity.power: ("4 A at 85 V", 340.0),
    electricity.charge: ("2.1 A flows for 20 minutes", 2520.0),
    electricity.current_in_milliamperes: ("19.5 kilohm lies across 21.5 V", 1.102564),
    electricity.resistance_from_power: ("390 W at 88 V", 19.85641),
    electricity.parallel: ("43 ohm and 21 ohm", 14.109375),
    electricity.divider: ("20 ohm and 51 ohm are in series across 23 V", 16.521127),
    electricity.cost: ("1690 W runs 5.5 hours a day for 30 days, at 37 cents", 10317.45),
    electricity.mixed_network: ("10 ohm is in series with a parallel pair of 27 ohm and 43 ohm, across 23 V", 0.865126),
    gases.boyle: ("10.5 L at 255 kPa. What volume in L does it fill at 300 kPa", 8.925),
    gases.absolute_temperature: ("85.5 degrees", 358.65),
    gases.charles: ("21.5 L at 14 degrees Celsius. What volume in L does it fill at 171", 33.25492),
    gases.amount: ("10.5 L at 265 kPa and 351 K", 0.953478),
    gases.pressure_of_amount: ("4.2 mol of an ideal gas fill 11.5 L at 106", 1151.2298),
    gases.combined: (
        "10.5 L at 160 kPa and 25 degrees Celsius. What volume in L does it fill at 265 kPa and 62",
        7.1263,
    ),
    chemistry.amount: ("79 g of O2", 2.46875),
    chemistry.mass: ("1.95 mol of O2", 62.4),
    chemistry.concentration: ("2.1 mol of salt are dissolved to 2470 mL", 0.850202),
    chemistry.dilution: ("43 mL of a 6.1 mol/L solution be diluted to reach 1.3", 201.76923),
    chemistry.solution_mass: ("O2 (molar mass 32 g/mol) make 1060 mL of a 0.5 mol/L", 16.96),
    chemistry.reacting_mass: ("17.03 g/mol) come from 79 g of N2", 96.06355),
    genetics.expected_recessives: ("Tt x Tt, how many of 1980", 495.0),
    genetics.expected_heterozygotes: ("Tt x Tt, how many of 1980", 990.0),
    genetics.carrier: ("exactly 1 of their 4 children", 42.1875),
    genetics.gene_pool: ("0.22. How many of 10500", 3603.6),
    units.prefixed: ("194.2 mL to L", 0.1942),
    units.derived: ("194.2 bar to kPa", 19420.0),
    units.fahrenheit: ("105.5 degrees Celsius", 221.9),
    units.chained: ("7.1 L of fuel a 100 km, and a litre costs 2.01 euros. What do 210 km", 2996.91),
    units.mass_from_density: ("8.7 g/cm^3. What is the mass in kg of 15.5 L", 134.85),
}


@pytest.mark.parametrize("make", WORKED, ids=lambda make: make.__name__)
def test_answers_worked_out_by_hand(make):
    problem = make(random.Random(7))
    part, value = WORKED[make]
    assert part in problem.text
    assert problem.value == pytest.approx(value, rel=1e-4)


def test_ph_is_the_negative_logarithm():
    for seed in range(50):
        problem = chemistry.acidity(random.Random(seed))
        molar = float(problem.text.split(" mol/L")[0].split()[-1])
        assert 10**-problem.value == pytest.approx(molar)


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


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_topic_serves_every_level(level):
    topics = {topic for topic, kind in KINDS if kind.level == level}
    assert topics == set(TOPICS)
    rng = random.Random(level)
    assert {draw_problem(rng, level)[0] for _ in range(200)} == topics


@pytest.mark.parametrize("level", [1, 2, 3])
def test_options_are_four_apart_and_fairly_placed(level):
    rng, letters = random.Random(level), []
    for _ in range(400):
        _, problem = draw_problem(rng, level)
        wrong = distractors(problem)
        assert len(wrong) == 3
        values = [problem.value, *wrong]
        assert all(distinct(values[i], values[j]) for i in range(4) for j in range(i))
        assert len({show(value) for value in values}) == 4
        letters.append(ScienceChoice().draw(rng, level).gold)
    assert min(letters.count(letter) for letter in "ABCD") > 60


@pytest.mark.parametrize("generator", [ScienceOpen(), ScienceChoice()])
def test_draws_depend_on_the_generator_alone(generator):
    one = [generator.draw(random.Random(5), 3) for _ in range(2)]
    assert one[0] == one[1]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0125, "0.0125"), (10317.45, "10320"), (86_400_000.0, "86400000"), (-12.5, "-12.5"), (4.3e-5, "0.000043")],
)
def test_numbers_are_shown_without_exponents(value, text):
    assert show(value) == text
    assert math.isclose(float(show(value)), value, rel_tol=1e-3)
