"""Electricity: Ohm's law, power, charge, networks of resistors, cost of energy."""

from __future__ import annotations

import random

from xdomain.domains.procedural.science.problem import Kind, Problem, pick


def voltage(rng: random.Random) -> Problem:
    resistance, current = pick(rng, 5, 470), pick(rng, 0.1, 9, 0.1)
    text = f"A current of {current:g} A flows through {resistance:g} ohm. What is the voltage in V?"
    return Problem(text, resistance * current, (resistance / current, current / resistance, resistance * current**2))


def power(rng: random.Random) -> Problem:
    volts, current = pick(rng, 3, 240), pick(rng, 0.2, 15, 0.1)
    text = f"A device draws {current:g} A at {volts:g} V. What is its power in W?"
    return Problem(text, volts * current, (volts / current, volts * current**2, volts**2 * current))


def charge(rng: random.Random) -> Problem:
    current, minutes = pick(rng, 0.1, 5, 0.1), pick(rng, 1, 90)
    text = f"A current of {current:g} A flows for {minutes:g} minutes. What charge in C has passed?"
    value = current * minutes * 60
    return Problem(text, value, (value / 60, value / 3600, current / (minutes * 60)))


def current_in_milliamperes(rng: random.Random) -> Problem:
    volts, kilohms = pick(rng, 1, 48, 0.5), pick(rng, 0.5, 82, 0.5)
    text = f"A resistor of {kilohms:g} kilohm lies across {volts:g} V. What current in mA flows?"
    return Problem(text, volts / kilohms, (volts / kilohms / 1000, volts * kilohms, kilohms / volts))


def resistance_from_power(rng: random.Random) -> Problem:
    volts, watts = pick(rng, 6, 240), pick(rng, 5, 2000, 5)
    text = f"A heater takes {watts:g} W at {volts:g} V. What is its resistance in ohm?"
    return Problem(text, volts**2 / watts, (volts / watts, watts / volts, watts / volts**2))


def parallel(rng: random.Random) -> Problem:
    first, second = pick(rng, 2, 99), pick(rng, 2, 99)
    text = f"Resistors of {first:g} ohm and {second:g} ohm are connected in parallel. What is their resistance in ohm?"
    value = first * second / (first + second)
    return Problem(text, value, (first + second, 1 / first + 1 / second, (first + second) / 2))


def divider(rng: random.Random) -> Problem:
    volts, upper, lower = pick(rng, 3, 48), pick(rng, 1, 99), pick(rng, 1, 99)
    text = (
        f"Resistors of {upper:g} ohm and {lower:g} ohm are in series across {volts:g} V. "
        f"What voltage in V lies across the one of {lower:g} ohm?"
    )
    value = volts * lower / (upper + lower)
    return Problem(text, value, (volts * upper / (upper + lower), volts * lower / upper, volts / 2))


def cost(rng: random.Random) -> Problem:
    watts, hours, cents = pick(rng, 40, 3000, 10), pick(rng, 1, 24, 0.5), pick(rng, 12, 45)
    text = (
        f"A device of {watts:g} W runs {hours:g} hours a day for 30 days, at {cents:g} cents a kWh. "
        "What does that cost in cents?"
    )
    value = watts * hours * 30 / 1000 * cents
    return Problem(text, value, (value / 30, value / 10, value * 1000 / 3600))


def mixed_network(rng: random.Random) -> Problem:
    volts, series, first, second = pick(rng, 3, 48), pick(rng, 1, 60), pick(rng, 2, 60), pick(rng, 2, 60)
    text = (
        f"A resistor of {series:g} ohm is in series with a parallel pair of {first:g} ohm and {second:g} ohm, "
        f"across {volts:g} V. What total current in A flows?"
    )
    pair = first * second / (first + second)
    all_series = volts / (series + first + second)
    all_parallel = volts * (1 / series + 1 / first + 1 / second)
    return Problem(text, volts / (series + pair), (all_series, all_parallel, volts / pair))


KINDS = (
    Kind(1, voltage),
    Kind(1, power),
    Kind(2, charge),
    Kind(2, current_in_milliamperes),
    Kind(2, resistance_from_power),
    Kind(2, parallel),
    Kind(3, divider),
    Kind(3, cost),
    Kind(3, mixed_network),
)
