"""Wilson intervals for a single accuracy, with the effective number of items of clustered, repeated answers."""

from __future__ import annotations

import math

from scipy import special

from xdomain.analysis.blank import Blank
from xdomain.analysis.inference import Estimate, Measured, t_quantile, to_cell
from xdomain.analysis.result import Cell

NORMAL_QUANTILE = float(special.ndtri(0.975))


def wilson(share: float, effective_n: float, critical: float) -> tuple[float, float]:
    """Return Wilson's score interval for a share of `effective_n` independent answers.

    Source: Wilson 1927; equals statsmodels' `proportion_confint(method="wilson")` for a whole n and a normal quantile.
    """
    squared = critical**2
    centre = (share + squared / (2 * effective_n)) / (1 + squared / effective_n)
    half = critical / (1 + squared / effective_n)
    half *= math.sqrt(share * (1 - share) / effective_n + squared / (4 * effective_n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def effective_items(estimate: Estimate) -> float:
    """Return the number of independent answers that carry the same information: p(1-p) / V.

    It is the number of items if V or p(1-p) is 0. For one sample, one seed and no clusters it is exactly the number of
    items. Samples of one item are not independent, so items x samples overstates it (coverage 69-91% in simulation).

    Source: ours; the design effect of Kish 1965.
    """
    share = min(max(estimate.value, 0.0), 1.0)
    if estimate.n_items < 2 or not estimate.has_interval or share * (1 - share) < 1e-12:
        return float(estimate.n_items)
    variance = estimate.variance * (estimate.n_items - 1) / estimate.n_items
    return share * (1 - share) / variance


def accuracy_limits(estimate: Estimate) -> tuple[float, float]:
    """Return the 95% limits of a share of right answers.

    If the effective number of answers was estimated from the spread of items (or seeds), the t quantile replaces the
    normal one. For single answers of one checkpoint nothing is estimated, and the interval is Wilson's.
    """
    effective = effective_items(estimate)
    is_known = abs(effective - estimate.n_items) <= 1e-9 * estimate.n_items
    critical = NORMAL_QUANTILE if is_known else t_quantile(0.975, estimate.degrees)
    return wilson(min(max(estimate.value, 0.0), 1.0), effective, critical)


def accuracy_cell(measured: Measured) -> Cell:
    """Return the cell of a share of right answers."""
    cell = to_cell(measured, tested=False)
    if isinstance(measured, Blank):
        return cell
    low, high = accuracy_limits(measured)
    note = "" if measured.n_items == 1 or not measured.has_interval else measured.note
    return cell.model_copy(update={"low": low, "high": high, "note": note})
