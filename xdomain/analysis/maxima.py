"""Largest and smallest of several noisy values, corrected for selection.

A plain maximum is biased, and a plain bootstrap does not correct this: at the null, a percentile bootstrap of an order
sensitivity, or of a range over six permutations, never covers (0%).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import integrate, stats

from xdomain.analysis.blank import join
from xdomain.analysis.columns import FloatArray, IntArray
from xdomain.analysis.inference import Estimate
from xdomain.analysis.power import extreme_factor, factor_beyond, power_factor
from xdomain.analysis.result import Cell
from xdomain.analysis.variance import SeedPool, add_domains, components, pooled_degrees, satterthwaite


@dataclass(frozen=True)
class Extreme:
    """A corrected extreme: estimate, 95% interval and two-sided p of "it is 0".

    Attributes:
        detectable: An extreme this far from 0 is found in at least 80% of repetitions, unadjusted; None if this is not
            defined.
    """

    value: float
    low: float
    high: float
    p: float | None
    detectable: float | None = None


def extreme_cell(
    extreme: Extreme, parts: Sequence[Estimate], compares: tuple[str, ...], n_items: int, note: str = ""
) -> Cell:
    """Return the cell of a corrected extreme, with the number of items and seeds behind it."""
    return Cell(
        estimate=extreme.value,
        low=extreme.low,
        high=extreme.high,
        n_items=n_items,
        n_seeds=min(part.n_seeds for part in parts),
        p=extreme.p,
        speaks_of=min(parts, key=lambda part: part.n_seeds).speaks_of,
        smallest_detectable=extreme.detectable,
        compares=compares,
        note=join(note, *(part.note for part in parts)),
        caveat=join(*(part.caveat for part in parts)),
    )


def smallest(parts: Sequence[Estimate], tail: float = 0.025) -> Extreme:
    """Return the smallest of several values.

    Args:
        parts: The values.
        tail: Error of each limit of the interval, smaller than 0.025 if several such intervals shall hold together.

    The lower limit needs no correction, because the smallest of all lower limits is below that of the truly smallest
    value. The upper limit is the smallest of the upper limits at level 0.025/k each, since any of them may be too low.
    For p, "all are above 0" requires every one-sided test (intersection-union), and "one is below 0" requires one of
    them (Bonferroni).

    Source: ours; Berger 1982 for the intersection-union test.
    """
    k = len(parts)
    low = min(part.limits(lower_tail=tail)[0] for part in parts)
    high = min(part.limits(upper_tail=tail / k)[1] for part in parts)
    tails = [stats.t.cdf(part.value / part.error, part.degrees) for part in parts]
    above, below = max(1 - tail for tail in tails), min(1.0, k * min(tails))
    detectable = max(extreme_factor(part.degrees, k) * part.error for part in parts)
    return Extreme(min(part.value for part in parts), low, high, float(min(1.0, 2 * min(above, below))), detectable)


def largest(parts: Sequence[Estimate]) -> Extreme:
    """Return the largest of several values, as the mirror image of `smallest`."""
    mirrored = smallest([replace(part, value=-part.value) for part in parts])
    return Extreme(-mirrored.value, -mirrored.high, -mirrored.low, mirrored.p, mirrored.detectable)


def size(parts: Sequence[Estimate]) -> Extreme:
    """Return the root mean square of several effects, minus the part that is expected from noise.

    p is based on the largest |t| (the smallest p of the parts): 1 - (1 - smallest p)^k, exact for independent effects
    and conservative for correlated ones (Sidak 1967). The interval runs from the smallest to the largest root mean
    square within the simultaneous box of all effects. The detectable size assumes that one of the effects is at least
    as large as their root mean square.

    Source: ours.
    """
    k = len(parts)
    level = 1 - 0.95 ** (1 / k)
    value = math.sqrt(max(0.0, math.fsum(part.value**2 - part.variance for part in parts) / k))
    lowest = highest = 0.0
    for part in parts:
        low, high = part.limits(level / 2, level / 2)
        lowest += 0.0 if low <= 0 <= high else min(low**2, high**2)
        highest += max(low**2, high**2)
    best = min(1.0 if part.p is None else part.p for part in parts)
    detectable = max(power_factor(part.degrees, level) * part.error for part in parts)
    return Extreme(value, math.sqrt(lowest / k), math.sqrt(highest / k), 1 - (1 - best) ** k, detectable)


@dataclass(frozen=True)
class Pairwise:
    """All differences among k runs on one domain.

    Attributes:
        means: Mean of each run, shape [k].
        errors: Standard error of the difference of two runs, shape [k, k], NaN on the diagonal.
        degrees: Degrees of freedom of each difference, shape [k, k].
    """

    means: FloatArray
    errors: FloatArray
    degrees: FloatArray


def pairwise(scores: FloatArray, clusters: IntArray | None) -> Pairwise:
    """Compare every pair of runs.

    Seed variation is pooled over all pairs. It has at most (k-1)(S-1) degrees of freedom for k runs, not one set per
    pair, and fewer if runs share stages.

    Args:
        scores: Scores with seeds and items common to all runs, shape [k, S, n].
        clusters: Cluster number of each item, shape [n]; None without clusters.
    """
    return pairwise_over([(scores, clusters)])


def pairwise_over(domains: Sequence[tuple[FloatArray, IntArray | None]]) -> Pairwise:
    """Compare every pair of runs in the sum of their scores over several domains.

    Args:
        domains: Scores of the same runs and seeds on each domain, shape [k, S, n], and the cluster number of each item,
            as for `pairwise`.
    """
    k, n_seeds, _ = domains[0][0].shape
    errors, degrees = np.full((k, k), np.nan), np.full((k, k), np.inf)
    rows = [
        add_domains([components(scores[i] - scores[i + 1 :], clusters) for scores, clusters in domains])
        if len(domains) > 1
        else components(domains[0][0][i] - domains[0][0][i + 1 :], domains[0][1])
        for i in range(k - 1)
    ]
    nominal = max((k - 1.0) * (n_seeds - 1), 1.0)
    seed_means = np.sum([scores.mean(axis=-1) for scores, _ in domains], axis=0)
    degrees_between = np.clip(pooled_degrees(seed_means - seed_means.mean(axis=0)), 1.0, nominal)
    shared = SeedPool(
        between=np.concatenate([row.between for row in rows]).mean(),
        noise=np.concatenate([row.noise for row in rows]).mean(),
        degrees=np.asarray(degrees_between),
        nominal_degrees=np.asarray(nominal),
        noise_degrees=np.asarray(max(nominal * float(rows[0].item_degrees[0]), 1.0)),
        lone=k == 2,
    )
    for i, row in enumerate(rows):
        if n_seeds > 1:
            variance, freedom = satterthwaite(row, shared)
        else:
            variance, freedom = row.items, np.maximum(row.item_degrees, 1.0)
        errors[i, i + 1 :] = errors[i + 1 :, i] = np.sqrt(variance)
        degrees[i, i + 1 :] = degrees[i + 1 :, i] = freedom
    return Pairwise(seed_means.mean(axis=-1), errors, degrees)


def spread(table: Pairwise) -> Extreme | None:
    """Return the largest minus the smallest of k means, minus the part expected from noise; None without any noise.

    The value is sqrt(max(0, range^2 - c SE^2)), where c SE^2 is the expected squared range of k equal means (SE of a
    difference). The interval comes from the simultaneous Tukey-Kramer intervals of all differences, p from the largest
    studentised difference. The detectable range is found if the difference of the two extreme runs is.

    Source: ours; Tukey-Kramer for the simultaneous intervals.
    """
    k = len(table.means)
    upper = np.triu_indices(k, 1)
    errors = table.errors[upper]
    if not (errors > 0).all():
        return None
    differences = np.abs(table.means[:, None] - table.means[None, :])[upper]
    degrees = float(table.degrees[upper].min())
    critical = studentized_quantile(k, round(min(degrees, 1_000.0), 1)) / math.sqrt(2)
    excess = differences.max() ** 2 - null_range(k) / 2 * float((errors**2).mean())
    p = float(stats.studentized_range.sf(math.sqrt(2) * (differences / errors).max(), k, min(degrees, 1_000.0)))
    low = max(0.0, float((differences - critical * errors).max()))
    high = float((differences + critical * errors).max())
    detectable = factor_beyond(critical, degrees) * float(errors.max())
    return Extreme(math.sqrt(max(0.0, excess)), low, high, min(p, 1.0), detectable)


def bounded_spread(differences: Sequence[Estimate]) -> Extreme:
    """Return the largest minus the smallest of k means, given all k(k-1)/2 differences with bounds of their errors.

    The value is the plain range, because the part due to noise is not known if errors are only bounded. Interval and p
    use Bonferroni over the differences.

    Source: ours.
    """
    tail = 0.025 / len(differences)
    limits = [replace(part, value=abs(part.value)).limits(tail, tail) for part in differences]
    p = min(1.0, len(differences) * min(1.0 if part.p is None else part.p for part in differences))
    largest_difference = max(abs(part.value) for part in differences)
    return Extreme(largest_difference, max(0.0, *(low for low, _ in limits)), max(high for _, high in limits), p)


@lru_cache(maxsize=1024)
def studentized_quantile(k: int, degrees: float) -> float:
    """Return the 0.95 quantile of the studentised range of k means."""
    return float(stats.studentized_range.ppf(0.95, k, degrees))


@lru_cache(maxsize=64)
def null_range(k: int) -> float:
    """Return the expected squared range of k independent standard normal values (2 for k = 2)."""

    x, width = np.linspace(-9, 9, 1_201)[None, :], np.linspace(0, 14, 1_401)[:, None]
    inner = stats.norm.pdf(x) * (stats.norm.cdf(x + width) - stats.norm.cdf(x)) ** (k - 1)
    within = k * integrate.simpson(inner, x=x[0], axis=1)
    return float(integrate.simpson(2 * width[:, 0] * (1 - within), x=width[:, 0]))
