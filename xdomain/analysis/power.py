"""Smallest detectable effects, before a run from its design and after it from what was measured. No torch.

Source: Miller 2411.00640, section 5 (items only); the seed part is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

POWER = 0.8
LEVEL = 0.05
LARGE_SAMPLE = 200
"""Degrees of freedom above which the t distribution is written as the normal's expansion."""
ITEM_VARIANCE = 1 / 9
"""Miller's variance between items of the difference of two models' chances to be right."""
SAMPLE_VARIANCE = 1 / 6
"""Miller's mean variance of one answer given the item: a uniform chance p has mean p(1-p) = 1/6."""


@dataclass(frozen=True)
class Detectable:
    """A smallest detectable effect with what it assumes.

    Attributes:
        items_only: for these checkpoints, fraction.
        recipe: for the recipe at the assumed seed SD, pooled over a matrix; None with one seed.
        recipe_alone: the same for a lone contrast (S - 1 degrees of freedom).
        assumptions: a sentence.
    """

    items_only: float
    recipe: float | None
    recipe_alone: float | None
    assumptions: str


def smallest_detectable(
    n_items: int,
    n_samples: int,
    n_seeds: int = 1,
    *,
    seed_sd: float = 0.02,
    n_contrasts: int = 6,
    item_variance: float = ITEM_VARIANCE,
    sample_variance: float = SAMPLE_VARIANCE,
) -> Detectable:
    """Smallest paired difference found in 80% of runs at the two-sided 5% level, before any adjustment for many cells.

    Args:
        seed_sd: standard deviation of one run's accuracy between seeds, fraction; a difference has sqrt(2) times that.
        n_contrasts: contrasts of the matrix that the seed variance is pooled over (6 pairs of 4 domains).

    Raises:
        ValueError: no items, samples, seeds or contrasts.
    """
    if min(n_items, n_samples, n_seeds, n_contrasts) < 1:
        raise ValueError("items, samples, seeds and contrasts should be at least 1.")
    shared = item_variance / n_items
    answers = 2 * sample_variance / (n_samples * n_items)
    items_only = power_factor(max(n_items - 1, 1)) * math.sqrt(shared + answers)
    assumptions = (
        f"{n_items} items x {n_samples} samples x {n_seeds} seeds; variance of the difference between items "
        f"{item_variance:.3f}, of one answer {sample_variance:.3f} (Miller 2411.00640)"
    )
    if n_seeds == 1:
        return Detectable(
            items_only, None, None, assumptions + "; one seed: nothing is said about a re-run of training"
        )
    seeds = 2 * seed_sd**2 / n_seeds
    items = shared + answers / n_seeds
    total = math.sqrt(seeds + items)

    def degrees(contrasts: int) -> float:
        spread = seeds**2 / (contrasts * (n_seeds - 1)) + items**2 / max(n_items - 1, 1)
        return max(n_seeds - 1, (seeds + items) ** 2 / spread)

    pooled = power_factor(degrees(n_contrasts)) * total
    alone = power_factor(n_seeds - 1) * total
    words = f"; seed SD {100 * seed_sd:g} points a run (assumed), pooled over {n_contrasts} contrasts"
    return Detectable(items_only, pooled, alone, assumptions + words)


def items_needed(effect: float, n_samples: int, **assumed: float) -> int:
    """Items that make `effect` (fraction) detectable for given checkpoints.

    Raises:
        ValueError: the effect is not above 0.
    """
    if effect <= 0:
        raise ValueError(f"effect should be above 0. Found {effect}.")
    variance = (
        assumed.get("item_variance", ITEM_VARIANCE) + 2 * assumed.get("sample_variance", SAMPLE_VARIANCE) / n_samples
    )
    needed = 2
    for _ in range(50):
        following = max(2, math.ceil(variance * (power_factor(max(needed - 1, 1)) / effect) ** 2))
        if following == needed:
            break
        needed = following
    return needed


def seeds_needed(effect: float, seed_sd: float, n_contrasts: int = 6, largest: int = 1_000) -> int | None:
    """Seeds that make `effect` detectable with endless items, pooled over a matrix; None beyond `largest`."""
    for n_seeds in range(2, largest + 1):
        factor = power_factor(n_contrasts * (n_seeds - 1))
        if factor * seed_sd * math.sqrt(2 / n_seeds) <= effect:
            return n_seeds
    return None


def power_factor(degrees: float) -> float:
    """Effect in standard errors that a two-sided t test at 5% finds with 80% chance."""
    if degrees > LARGE_SAMPLE:  # the shifted t is exact to 2e-4 here, and the noncentral t loses digits
        return large_sample_quantile(1 - LEVEL / 2, degrees) + large_sample_quantile(POWER, degrees)
    from scipy import special  # here, and not scipy.stats: `grid plan` of a grid with many items starts without either

    # The noncentrality at which only 20% fall below; the other tail's chance is below 1e-4 at any degrees of freedom.
    return float(special.nctdtrinc(degrees, 1 - POWER, special.stdtrit(degrees, 1 - LEVEL / 2)))


def large_sample_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t to 1e-8 for more than 200 degrees of freedom, without scipy.

    Source: the Cornish-Fisher expansion, Abramowitz and Stegun 26.7.5.
    """
    z = NormalDist().inv_cdf(probability)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3
