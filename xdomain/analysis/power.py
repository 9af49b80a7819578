"""Minimum detectable effects, before a run from its design and after it from its measurements. No torch.

Source: Miller 2411.00640, section 5 (items only); the seed part is ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

POWER = 0.8
LEVEL = 0.05
LARGE_SAMPLE = 200
"""Degrees of freedom above which the t distribution is approximated by an expansion of the normal one."""
ITEM_VARIANCE = 1 / 9
"""Miller's variance, between items, of the difference of two models' chances to be right."""
SAMPLE_VARIANCE = 1 / 6
"""Miller's mean variance of one answer given the item: a uniform chance p has mean p(1-p) = 1/6."""
MOST_ITEMS, MOST_SEEDS = 10_000_000, 1_000
"""Upper ends of the search for the items and seeds that an effect needs."""


@dataclass(frozen=True)
class Design:
    """The design behind one cell of a matrix.

    Attributes:
        n_items: Number of test items.
        n_samples: Number of samples per item.
        n_seeds: Number of training seeds.
        trained_sides: Number of compared runs that differ from seed to seed: 2, or 1 against the base model.
        n_contrasts: Number of contrasts of the matrix on one evaluated domain, over which seed variation is pooled. A
            single one has S - 1 degrees of freedom.
        n_domains: Number of independent tests whose differences are added (2 for an asymmetry).
        n_parts: Number of differences that must all be shown (a mixture against each order of its domains).
        seed_sd: Standard deviation of one run's accuracy between seeds, as a fraction.
        item_variance: Variance of the difference between items.
        sample_variance: Variance of one answer given the item.

    Raises:
        ValueError: There are no items, samples, seeds, contrasts, domains or parts.
    """

    n_items: int
    n_samples: int
    n_seeds: int = 1
    trained_sides: int = 2
    n_contrasts: int = 6
    n_domains: int = 1
    n_parts: int = 1
    seed_sd: float = 0.02
    item_variance: float = ITEM_VARIANCE
    sample_variance: float = SAMPLE_VARIANCE

    def __post_init__(self) -> None:
        if min(self.n_items, self.n_samples, self.n_seeds, self.n_contrasts, self.n_domains, self.n_parts) < 1:
            raise ValueError("items, samples, seeds, contrasts, domains and parts should be at least 1.")

    @property
    def assumptions(self) -> str:
        """Return the assumptions in one sentence."""
        variances = (
            f"variance of the difference between items {self.item_variance:.3f}, of one answer "
            f"{self.sample_variance:.3f} (Miller 2411.00640)"
        )
        if self.n_seeds == 1:
            return f"{variances}; one seed: a re-run of training is not covered"
        return f"{variances}; seed SD {100 * self.seed_sd:g} points per run (assumed)"


def smallest_detectable(design: Design, n_tests: int = 1) -> float:
    """Return the smallest paired difference found in 80% of runs at the two-sided 5% level, as a fraction.

    With one seed, it is a difference between these checkpoints; with several, a difference of the recipe.

    Args:
        n_tests: Number of cells of the family. Above 1, the level is that at which Holm and Benjamini-Hochberg find the
            only effect of a family: 5% divided by the number of cells. If several effects are real, smaller ones are
            found.
    """
    error, degrees = expected_error(design)
    return extreme_factor(degrees, design.n_parts, LEVEL / n_tests) * error


def expected_error(design: Design) -> tuple[float, float]:
    """Return the standard error that a design is expected to have, and its degrees of freedom."""
    seeds = design.n_seeds
    sides, trained = 2 * design.sample_variance, design.trained_sides * design.sample_variance
    answers = (
        sides if seeds == 1 else trained / seeds + sides - trained
    )  # the base model is one checkpoint for all seeds
    items = (design.item_variance + answers / design.n_samples) / design.n_items
    item_degrees = max(design.n_items - 1, 1)
    if seeds == 1:
        return math.sqrt(design.n_domains * items), design.n_domains * item_degrees
    between = design.trained_sides * design.seed_sd**2 / seeds
    degrees = float(seeds - 1)
    if design.n_contrasts > 1:
        spread = between**2 / (design.n_contrasts * (seeds - 1)) + items**2 / item_degrees
        degrees = max(degrees, (between + items) ** 2 / spread)
    return math.sqrt(design.n_domains * (between + items)), design.n_domains * degrees


def items_needed(effect: float, design: Design) -> int | None:
    """Return the number of items that make `effect` (a fraction) detectable, with the rest of `design` unchanged.

    The result is None if the variation between seeds is already too large.

    Raises:
        ValueError: The effect is not above 0.
    """
    return _fewest(effect, lambda n: replace(design, n_items=n), 2, MOST_ITEMS)


def seeds_needed(effect: float, design: Design) -> int | None:
    """Return the number of seeds (at least 2) that make `effect` detectable for the recipe, with the same items.

    The result is None if no number of seeds suffices.

    Raises:
        ValueError: The effect is not above 0.
    """
    return _fewest(effect, lambda n: replace(design, n_seeds=n), 2, MOST_SEEDS)


def both_needed(effect: float, design: Design) -> tuple[int, int] | None:
    """Return the seeds and items that together make `effect` detectable with the fewest answers.

    This applies if neither more seeds nor more items suffice separately.

    Raises:
        ValueError: The effect is not above 0.
    """
    seeds = seeds_needed(effect, replace(design, n_items=MOST_ITEMS))
    if seeds is None:
        return None
    found = ((n, items_needed(effect, replace(design, n_seeds=n))) for n in range(seeds, 4 * seeds))
    return min(((n, items) for n, items in found if items is not None), key=lambda pair: pair[0] * pair[1])


def _fewest(effect: float, designs: Callable[[int], Design], low: int, high: int) -> int | None:
    """Return the smallest sufficient number by bisection.

    A larger number never makes an effect harder to detect.
    """
    if effect <= 0:
        raise ValueError(f"effect should be above 0. Found {effect}.")
    if smallest_detectable(designs(high)) > effect:
        return None
    while low < high:
        middle = (low + high) // 2
        if smallest_detectable(designs(middle)) <= effect:
            high = middle
        else:
            low = middle + 1
    return low


def extreme_factor(degrees: float, n_parts: int = 1, level: float = LEVEL) -> float:
    """Return the effect, in standard errors, that a test of the smallest of several differences finds with 80% chance.

    "All are above 0" requires each of them to be found: by Bonferroni, each test may fail with a chance of at most 20%
    / k. "One is below 0" is tested at the level divided by k. The result is the larger of both.
    """
    every = power_factor(degrees, level, 1 - (1 - POWER) / n_parts)
    return every if n_parts == 1 else max(every, power_factor(degrees, level / n_parts))


def power_factor(degrees: float, level: float = LEVEL, power: float = POWER) -> float:
    """Return the effect, in standard errors, that a two-sided t test at `level` finds with the chance `power`."""
    if degrees > LARGE_SAMPLE:
        return factor_beyond(large_sample_quantile(1 - level / 2, degrees), degrees, power)
    from scipy import special  # imported late and without scipy.stats: `grid plan` of a large grid needs neither

    return factor_beyond(float(special.stdtrit(degrees, 1 - level / 2)), degrees, power)


def factor_beyond(critical: float, degrees: float, power: float = POWER) -> float:
    """Return the effect, in standard errors, whose t exceeds `critical` with the chance `power`.

    The other tail's chance is below 1e-4 at any degrees of freedom.
    """
    if degrees > LARGE_SAMPLE:  # the shifted t is accurate to 2e-4 here, and the noncentral t loses digits
        return critical + large_sample_quantile(power, degrees)
    from scipy import special

    return float(special.nctdtrinc(degrees, 1 - power, critical))


def large_sample_quantile(probability: float, degrees: float) -> float:
    """Return a quantile of Student's t for more than 200 degrees of freedom without scipy.

    The error is below 2e-8 up to a probability of 0.9975, and below 1e-6 up to 1 - 2.5e-6. Importing scipy takes as
    long as the rest of `grid plan`, whose start-up time is limited to three times that of importing its libraries.

    Source: the Cornish-Fisher expansion, Abramowitz and Stegun 26.7.5.
    """
    z = NormalDist().inv_cdf(probability)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3
