"""Unit conversions: prefixes, speeds, energies, pressures, temperatures, densities."""

from __future__ import annotations

import random

from xdomain.domains.procedural.science.problem import Kind, Problem, pick, show

PREFIXED: tuple[tuple[str, str, float], ...] = (
    ("km", "m", 1e3),
    ("mm", "m", 1e-3),
    ("micrometres", "mm", 1e-3),
    ("kg", "g", 1e3),
    ("mg", "g", 1e-3),
    ("mL", "L", 1e-3),
    ("kJ", "J", 1e3),
    ("MW", "kW", 1e3),
    ("hPa", "Pa", 1e2),
    ("mA", "A", 1e-3),
)
"""Unit to convert from, unit to convert to, factor."""

DERIVED: tuple[tuple[str, str, float], ...] = (
    ("km/h", "m/s", 1 / 3.6),
    ("m/s", "km/h", 3.6),
    ("kWh", "MJ", 3.6),
    ("kcal", "kJ", 4.184),
    ("atm", "kPa", 101.325),
    ("bar", "kPa", 100.0),
    ("cm^2", "m^2", 1e-4),
    ("m^3", "L", 1e3),
    ("g/cm^3", "kg/m^3", 1e3),
    ("days", "s", 86_400.0),
    ("mmHg", "kPa", 0.133322),
)
"""Unit to convert from, unit to convert to, factor. All are exact except the millimetre of mercury."""


def prefixed(rng: random.Random) -> Problem:
    return convert(rng, PREFIXED)


def derived(rng: random.Random) -> Problem:
    return convert(rng, DERIVED)


def convert(rng: random.Random, table: tuple[tuple[str, str, float], ...]) -> Problem:
    (source, target, factor), value = rng.choice(table), pick(rng, 0.1, 200, 0.1)
    text = f"Convert {value:g} {source} to {target}."
    return Problem(text, value * factor, (value / factor, value * factor * 10, value * factor / 10))


def fahrenheit(rng: random.Random) -> Problem:
    celsius = pick(rng, -60, 350, 0.5)
    text = f"Convert {celsius:g} degrees Celsius to degrees Fahrenheit."
    return Problem(text, celsius * 1.8 + 32, (celsius * 1.8 - 32, (celsius + 32) * 1.8, (celsius - 32) / 1.8))


def chained(rng: random.Random) -> Problem:
    litres, kilometres, price = pick(rng, 3, 15, 0.1), pick(rng, 20, 900, 5), pick(rng, 1, 2.5, 0.01)
    text = (
        f"A car uses {litres:g} L of fuel a 100 km, and a litre costs {show(price)} euros. "
        f"What do {kilometres:g} km cost in cents?"
    )
    value = litres * kilometres / 100 * price * 100
    return Problem(text, value, (value / 100, value * 100, litres * kilometres / 100 / price * 100))


def mass_from_density(rng: random.Random) -> Problem:
    density, litres = pick(rng, 0.5, 20, 0.1), pick(rng, 0.1, 80, 0.1)
    text = f"A substance has a density of {density:g} g/cm^3. What is the mass in kg of {litres:g} L of it?"
    return Problem(text, density * litres, (density * litres * 1000, litres / density, density * litres / 1000))


KINDS = (Kind(1, prefixed), Kind(2, derived), Kind(2, fahrenheit), Kind(3, chained), Kind(3, mass_from_density))
