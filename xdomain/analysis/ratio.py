"""Ratios of two correlated means, and the difference of two ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdomain.analysis.blank import Blank
from xdomain.analysis.inference import Estimate, to_cell
from xdomain.analysis.result import Cell


@dataclass(frozen=True)
class Ratio:
    """A ratio with its interval. Both limits are None if the interval is unbounded."""

    value: float
    low: float | None
    high: float | None


RatioEstimate = tuple[Ratio, Estimate]
"""A ratio, and an estimate that holds the number of items and seeds behind it."""


def fieller(
    numerator: float, denominator: float, variances: tuple[float, float], covariance: float, critical: float
) -> Ratio | None:
    """Return the ratio of two means whose joint distribution is nearly normal; None if the denominator is 0.

    The interval is the set of all rho with |numerator - rho denominator| <= critical SE(numerator - rho denominator).
    It is unbounded if the denominator's interval contains 0.

    Args:
        variances: Variances of numerator and denominator.
        critical: t quantile.

    Source: Fieller 1954.
    """
    if denominator == 0:
        return None
    value = numerator / denominator
    squared = critical**2
    a = denominator**2 - squared * variances[1]
    b = numerator * denominator - squared * covariance
    c = numerator**2 - squared * variances[0]
    if a <= 0:
        return Ratio(value, None, None)
    root = math.sqrt(max(b * b - a * c, 0.0))
    return Ratio(value, (b - root) / a, (b + root) / a)


def ratio_difference(left: Ratio, right: Ratio) -> Ratio:
    """Return left - right for two independent ratios, by the method of variance estimates recovery (MOVER).

    Source: Zou and Donner 2008, equation 5.
    """
    value = left.value - right.value
    if left.low is None or left.high is None or right.low is None or right.high is None:
        return Ratio(value, None, None)
    low = value - math.hypot(left.value - left.low, right.high - right.value)
    high = value + math.hypot(left.high - left.value, right.value - right.low)
    return Ratio(value, low, high)


def ratio_cell(found: RatioEstimate | Blank) -> Cell:
    """Return the cell of a ratio."""
    if isinstance(found, Blank):
        return to_cell(found)
    ratio, counts = found
    cell = to_cell(counts, tested=False)
    note = cell.note
    if ratio.low is None:
        note = "; ".join(filter(None, [note, "unbounded: the denominator's interval contains 0"]))
    return cell.model_copy(update={"low": ratio.low, "high": ratio.high, "note": note})


def ratio_difference_cell(left: RatioEstimate | Blank, right: RatioEstimate | Blank, compares: tuple[str, ...]) -> Cell:
    """Return the cell of the difference of two independent ratios."""
    for found in (left, right):
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=compares)
    assert not isinstance(left, Blank)
    assert not isinstance(right, Blank)
    ratio = ratio_difference(left[0], right[0])
    items, seeds = left[1].n_items + right[1].n_items, min(left[1].n_seeds, right[1].n_seeds)
    counts = Estimate(ratio.value, math.nan, 1.0, items, seeds, compares=compares)
    return ratio_cell((ratio, counts))
