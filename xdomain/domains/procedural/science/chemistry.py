"""Chemistry quantities: amount, mass, concentration, dilution, pH, reacting masses."""

from __future__ import annotations

import math
import random

from xdomain.domains.procedural.science.problem import Kind, Problem, pick

MOLAR_MASSES: tuple[tuple[str, float], ...] = (
    ("H2O", 18.02),
    ("CO2", 44.01),
    ("NaCl", 58.44),
    ("CH4", 16.04),
    ("NH3", 17.03),
    ("O2", 32.0),
    ("NaOH", 40.0),
    ("CaCO3", 100.09),
    ("H2SO4", 98.08),
    ("C6H12O6", 180.16),
)
"""Formula and molar mass in g/mol, from IUPAC's abridged atomic weights, rounded to 0.01."""

REACTIONS: tuple[tuple[str, str, float, int, str, float, int], ...] = (
    ("2 H2 + O2 -> 2 H2O", "H2", 2.02, 2, "H2O", 18.02, 2),
    ("CH4 + 2 O2 -> CO2 + 2 H2O", "CH4", 16.04, 1, "H2O", 18.02, 2),
    ("N2 + 3 H2 -> 2 NH3", "N2", 28.01, 1, "NH3", 17.03, 2),
    ("2 Mg + O2 -> 2 MgO", "Mg", 24.31, 2, "MgO", 40.3, 2),
    ("4 Al + 3 O2 -> 2 Al2O3", "Al", 26.98, 4, "Al2O3", 101.96, 2),
    ("CaCO3 -> CaO + CO2", "CaCO3", 100.09, 1, "CO2", 44.01, 1),
)
"""Equation; reactant, its molar mass and coefficient; product, its molar mass and coefficient."""


def amount(rng: random.Random) -> Problem:
    (formula, molar), mass = rng.choice(MOLAR_MASSES), pick(rng, 2, 400, 0.5)
    text = f"How many mol are {mass:g} g of {formula} (molar mass {molar:g} g/mol)?"
    return Problem(text, mass / molar, (mass * molar, molar / mass, mass / molar * 2))


def mass(rng: random.Random) -> Problem:
    (formula, molar), moles = rng.choice(MOLAR_MASSES), pick(rng, 0.05, 9, 0.05)
    text = f"What is the mass in g of {moles:g} mol of {formula} (molar mass {molar:g} g/mol)?"
    return Problem(text, moles * molar, (moles / molar, molar / moles, moles + molar))


def concentration(rng: random.Random) -> Problem:
    moles, millilitres = pick(rng, 0.05, 4, 0.05), pick(rng, 50, 2500, 10)
    text = f"{moles:g} mol of salt are dissolved to {millilitres:g} mL of solution. What is the concentration in mol/L?"
    value = 1000 * moles / millilitres
    return Problem(text, value, (value / 1000, moles * millilitres / 1000, 1 / value))


def dilution(rng: random.Random) -> Problem:
    strong, volume, weak = pick(rng, 2, 12, 0.1), pick(rng, 5, 200), pick(rng, 0.1, 1.8, 0.1)
    text = f"To what volume in mL must {volume:g} mL of a {strong:g} mol/L solution be diluted to reach {weak:g} mol/L?"
    value = strong * volume / weak
    return Problem(text, value, (value - volume, weak * volume / strong, strong * volume))


def acidity(rng: random.Random) -> Problem:
    tenth_millimolar = rng.randint(1, 5000)
    molar = tenth_millimolar / 10_000
    text = f"What is the pH of {molar:g} mol/L HCl, fully dissociated?"
    value = -math.log10(molar)
    return Problem(text, value, (14 - value, -math.log(molar), value + 1))


def solution_mass(rng: random.Random) -> Problem:
    formula, molar = rng.choice(MOLAR_MASSES)
    molarity, millilitres = pick(rng, 0.1, 3, 0.1), pick(rng, 50, 2000, 10)
    text = (
        f"How many g of {formula} (molar mass {molar:g} g/mol) make {millilitres:g} mL of a {molarity:g} mol/L "
        "solution?"
    )
    value = molarity * millilitres / 1000 * molar
    return Problem(text, value, (value * 1000, molarity * millilitres / 1000, molar / (molarity * millilitres / 1000)))


def reacting_mass(rng: random.Random) -> Problem:
    equation, reactant, molar, count, product, product_molar, product_count = rng.choice(REACTIONS)
    grams = pick(rng, 2, 300, 0.5)
    text = (
        f"{equation}. How many g of {product} ({product_molar:g} g/mol) come from {grams:g} g of {reactant} "
        f"({molar:g} g/mol), the rest in excess?"
    )
    value = grams / molar * product_count / count * product_molar
    one_to_one, inverted = grams / molar * product_molar, grams / molar * count / product_count * product_molar
    return Problem(text, value, (inverted, one_to_one, grams * product_count / count, grams))


KINDS = (
    Kind(1, amount),
    Kind(1, mass),
    Kind(2, concentration),
    Kind(2, dilution),
    Kind(2, acidity),
    Kind(3, solution_mass),
    Kind(3, reacting_mass),
)
