"""Expect how much one more training seed narrows the interval of a contrast.

With S seeds, the variance of a contrast is var(seed)/S + var(item)/n + var(e)/(n S), see `analysis.variance`. One more
seed changes S in the first and the last term, and the degrees of freedom in proportion to S - 1.

Source: ours.
"""

from __future__ import annotations

import math
from dataclasses import replace

from xdomain.analysis.inference import t_quantile
from xdomain.analysis.power import Design, expected_error
from xdomain.analysis.result import Cell
from xdomain.analysis.variance import Components

UNKNOWN = 1.0
"""Half-width of an interval that says nothing: a difference of accuracies is between -1 and 1."""
TAIL = 0.975


def half_width(cell: Cell) -> float:
    """Return half of the width of a cell's 95% interval for the recipe; `UNKNOWN` with fewer than two seeds."""
    if (cell.n_seeds or 0) < 2 or cell.standard_error is None or cell.degrees is None:
        return UNKNOWN
    return t_quantile(TAIL, cell.degrees) * cell.standard_error


def with_one_more_seed(cell: Cell, parts: Components | None, design: Design) -> float:
    """Return the expected half-width with one more seed. The interval from a first seed covers its checkpoints only.

    Args:
        cell: Cell of the contrast.
        parts: Variance parts of the contrast; None if it was not measured.
        design: Planned design of the contrast, whose assumptions replace variances that fewer than two seeds cannot
            give.
    """
    seeds = 0 if parts is None else parts.n_seeds
    if parts is None or seeds < 2 or cell.standard_error is None or cell.degrees is None:
        error, degrees = expected_error(replace(design, n_seeds=seeds + 1))
        return t_quantile(TAIL, degrees) * error
    items, noise = float(parts.items), float(parts.noise)
    of_seeds = max(cell.standard_error**2 - items, 0.0) * seeds / (seeds + 1)
    of_items = max(items - noise / seeds, 0.0) + noise / (seeds + 1)
    return t_quantile(TAIL, cell.degrees * seeds / (seeds - 1)) * math.sqrt(of_seeds + of_items)
