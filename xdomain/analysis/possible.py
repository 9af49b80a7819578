"""Cut intervals at possible values: an accuracy is between 0 and 1, a difference of two between -1 and 1.

A t interval ignores these limits. They hold for any pair of accuracies and do not depend on the measured base model,
whose accuracy is also an estimate.
"""

from __future__ import annotations

from xdomain.analysis.blank import join
from xdomain.analysis.result import Cell

DIFFERENCE = (-1.0, 1.0)
"""Limits of a difference of two accuracies."""
TELLS_NOTHING = "its interval contains every possible value, so it is uninformative"
ROUNDING = 1e-9


def cut(cell: Cell, possible: tuple[float, float] | None = DIFFERENCE) -> Cell:
    """Return the cell with its interval cut at possible values. A caveat marks an interval that covers all of them.

    Args:
        possible: Smallest and largest possible value; None for a quantity without such limits.
    """
    if possible is None or cell.estimate is None or cell.low is None or cell.high is None:
        return cell
    smallest, largest = possible
    if not smallest - ROUNDING <= cell.estimate <= largest + ROUNDING:
        return cell  # a matrix of another package, whose limits are unknown here
    low, high = max(cell.low, smallest), min(cell.high, largest)
    caveat = join(cell.caveat, TELLS_NOTHING) if (low, high) == possible else cell.caveat
    return cell.model_copy(update={"low": low, "high": high, "caveat": caveat})
