"""Genetics crosses: expected shares of genotypes and phenotypes, computed from the gametes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product

from xdomain.domains.procedural.science.problem import Kind, Problem, pick

TRAITS: tuple[tuple[str, str, str], ...] = (
    ("R", "round seeds", "wrinkled seeds"),
    ("Y", "yellow seeds", "green seeds"),
    ("T", "tall stems", "short stems"),
    ("P", "purple flowers", "white flowers"),
    ("B", "black fur", "brown fur"),
)
"""Allele, dominant phenotype, recessive phenotype."""

Genotype = tuple[bool, bool]
"""Two alleles, True for the dominant one."""

CROSSES: tuple[tuple[Genotype, Genotype], ...] = (
    ((True, False), (True, False)),
    ((True, False), (False, False)),
    ((True, True), (True, False)),
)


def share(parents: Sequence[Genotype], wanted: Callable[[Genotype], bool]) -> Fraction:
    """Return the expected share of two parents' offspring whose genotype is `wanted`."""
    one, other = parents
    offspring = list(product(one, other))
    return Fraction(sum(wanted(child) for child in offspring), len(offspring))


def dominant(child: Genotype) -> bool:
    return any(child)


def heterozygous(child: Genotype) -> bool:
    return child[0] != child[1]


def spell(parent: Genotype, allele: str) -> str:
    return "".join(allele if gene else allele.lower() for gene in sorted(parent, reverse=True))


def percent(part: Fraction) -> float:
    return float(100 * part)


def expected_recessives(rng: random.Random) -> Problem:
    (allele, _, recessive), offspring = rng.choice(TRAITS), rng.randrange(40, 2001, 4)
    parents = rng.choice(CROSSES[:2])
    crossed = " x ".join(spell(parent, allele) for parent in parents)
    part = 1 - share(parents, dominant)
    text = (
        f"The allele {allele} is dominant. In a cross {crossed}, how many of {offspring} offspring are expected to "
        f"have {recessive}?"
    )
    value = float(part * offspring)
    return Problem(text, value, (offspring - value, offspring / 3, offspring / 8))


def expected_heterozygotes(rng: random.Random) -> Problem:
    (allele, look, _), offspring, parents = rng.choice(TRAITS), rng.randrange(40, 2001, 4), rng.choice(CROSSES)
    crossed = " x ".join(spell(parent, allele) for parent in parents)
    value = float(share(parents, heterozygous) * offspring)
    text = (
        f"The dominant allele {allele} gives {look}. In a cross {crossed}, how many of {offspring} offspring are "
        f"expected to be {allele}{allele.lower()}?"
    )
    return Problem(text, value, (0.75 * offspring, offspring / 4, offspring - value / 2))


def carrier(rng: random.Random) -> Problem:
    children = rng.randint(2, 6)
    wanted = rng.randint(1, children - 1)
    text = (
        f"Both parents carry one recessive allele of a disease. What is the probability in percent that exactly "
        f"{wanted} of their {children} children fall ill?"
    )
    ways = binomial(children, wanted)
    value = percent(ways * Fraction(1, 4) ** wanted * Fraction(3, 4) ** (children - wanted))
    one_order = percent(Fraction(1, 4) ** wanted * Fraction(3, 4) ** (children - wanted))
    return Problem(text, value, (one_order, percent(Fraction(wanted, children) * Fraction(1, 4)), 25.0))


def two_traits(rng: random.Random) -> Problem:
    (first, *first_looks), (second, *second_looks) = rng.sample(TRAITS, 2)
    one, other = rng.choice(CROSSES), rng.choice(CROSSES)
    offspring = rng.randrange(160, 3201, 16)
    choose_first, choose_second = rng.random() < 0.5, rng.random() < 0.5
    looks = f"{first_looks[not choose_first]} and {second_looks[not choose_second]}"
    a = share(one, dominant) if choose_first else 1 - share(one, dominant)
    b = share(other, dominant) if choose_second else 1 - share(other, dominant)
    parents = " x ".join(f"{spell(one[side], first)}{spell(other[side], second)}" for side in (0, 1))
    text = (
        f"The genes {first} and {second} are unlinked and dominant. In a cross {parents}, how many of {offspring} "
        f"offspring are expected to have {looks}?"
    )
    value = float(a * b * offspring)
    return Problem(
        text, value, (float((a + b) / 2 * offspring), offspring / 16, 9 * offspring / 16, 3 * offspring / 16)
    )


def gene_pool(rng: random.Random) -> Problem:
    q, population = pick(rng, 0.02, 0.6, 0.01), rng.randrange(1000, 50_001, 500)
    text = (
        f"In Hardy-Weinberg equilibrium the recessive allele has the frequency {q:g}. "
        f"How many of {population} individuals are expected to be heterozygous?"
    )
    value = 2 * q * (1 - q) * population
    return Problem(text, value, (q * (1 - q) * population, q**2 * population, q * population))


def binomial(n: int, k: int) -> int:
    ways = 1
    for place in range(k):
        ways = ways * (n - place) // (place + 1)
    return ways


KINDS = (
    Kind(1, expected_recessives),
    Kind(1, expected_heterozygotes),
    Kind(2, carrier),
    Kind(2, gene_pool),
    Kind(3, two_traits),
)
