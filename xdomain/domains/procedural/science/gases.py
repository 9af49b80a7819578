"""Gases: Boyle, Charles, Gay-Lussac, the ideal gas law."""

from __future__ import annotations

import random

from xdomain.domains.procedural.science.problem import Kind, Problem, pick

GAS_CONSTANT = 8.314
"""Gas constant in J/(mol K)."""

ZERO_CELSIUS = 273.15
"""0 degrees Celsius in K."""


def boyle(rng: random.Random) -> Problem:
    before, volume, after = pick(rng, 50, 400, 5), pick(rng, 1, 40, 0.5), pick(rng, 50, 400, 5)
    text = (
        f"A gas fills {volume:g} L at {before:g} kPa. What volume in L does it fill at {after:g} kPa and the same "
        "temperature?"
    )
    return Problem(text, before * volume / after, (after * volume / before, volume, before * after / volume))


def absolute_temperature(rng: random.Random) -> Problem:
    celsius = pick(rng, -80, 400, 0.5)
    text = f"A gas is at {celsius:g} degrees Celsius. What is its temperature in K?"
    return Problem(text, celsius + ZERO_CELSIUS, (celsius - ZERO_CELSIUS, celsius * 1.8 + 32, ZERO_CELSIUS - celsius))


def charles(rng: random.Random) -> Problem:
    volume, before, after = pick(rng, 1, 40, 0.5), pick(rng, 5, 60), pick(rng, 70, 250)
    text = (
        f"A gas fills {volume:g} L at {before:g} degrees Celsius. What volume in L does it fill at {after:g} degrees "
        "Celsius and the same pressure?"
    )
    ratio = (after + ZERO_CELSIUS) / (before + ZERO_CELSIUS)
    return Problem(text, volume * ratio, (volume * after / before, volume / ratio, volume * before / after))


def amount(rng: random.Random) -> Problem:
    pressure, volume, kelvin = pick(rng, 60, 500, 5), pick(rng, 1, 60, 0.5), pick(rng, 250, 500)
    text = (
        f"An ideal gas fills {volume:g} L at {pressure:g} kPa and {kelvin:g} K (R = 8.314 J/(mol K)). "
        "How many mol is it?"
    )
    value = pressure * volume / (GAS_CONSTANT * kelvin)
    return Problem(text, value, (value * 1000, 1 / value, value * kelvin / ZERO_CELSIUS))


def pressure_of_amount(rng: random.Random) -> Problem:
    moles, volume, celsius = pick(rng, 0.1, 9, 0.1), pick(rng, 2, 60, 0.5), pick(rng, 5, 150)
    text = (
        f"{moles:g} mol of an ideal gas fill {volume:g} L at {celsius:g} degrees Celsius (R = 8.314 J/(mol K)). "
        "What is the pressure in kPa?"
    )
    value = moles * GAS_CONSTANT * (celsius + ZERO_CELSIUS) / volume
    in_celsius = moles * GAS_CONSTANT * celsius / volume
    return Problem(text, value, (in_celsius, value * 1000, value * volume**2))


def combined(rng: random.Random) -> Problem:
    before, volume, cold = pick(rng, 60, 300, 5), pick(rng, 1, 40, 0.5), pick(rng, 0, 40)
    after, warm = pick(rng, 60, 300, 5), pick(rng, 50, 200)
    text = (
        f"A gas fills {volume:g} L at {before:g} kPa and {cold:g} degrees Celsius. What volume in L does it fill at "
        f"{after:g} kPa and {warm:g} degrees Celsius?"
    )
    ratio = (warm + ZERO_CELSIUS) / (cold + ZERO_CELSIUS)
    value = before * volume / after * ratio
    return Problem(
        text, value, (before * volume / after, before * volume / after / ratio, after * volume / before * ratio)
    )


KINDS = (
    Kind(1, boyle),
    Kind(1, absolute_temperature),
    Kind(2, charles),
    Kind(2, amount),
    Kind(3, pressure_of_amount),
    Kind(3, combined),
)
