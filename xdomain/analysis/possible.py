"""Intervals end at what is possible: an accuracy lies between 0 and 1, a difference of two between -1 and 1.

A t interval does not know that. The limits are those of any pair of accuracies, not of the measured base: the base is
an estimate too.
"""

from __future__ import annotations

from xdomain.analysis.blank import join
from xdomain.analysis.result import Cell

DIFFERENCE = (-1.0, 1.0)
"""Limits of a difference of two accuracies."""
TELLS_NOTHING = "its interval holds every possible value, so it tells nothing"
ROUNDING = 1e-9


def cut(cell: Cell, possible: tuple[float, float] | None = DIFFERENCE) -> Cell:
    """Return the cell with its interval cut at what is possible; a caveat says where everything possible is left.

    Args:
        possible: Smallest and largest possible value; None for a quantity without such limits.
    """
    if possible is None or cell.estimate is None or cell.low is None or cell.high is None:
        return cell
    smallest, largest = possible
    if not smallest - ROUNDING <= cell.estimate <= largest + ROUNDING:
        return cell  # a matrix of another package, whose limits are not known here
    low, high = max(cell.low, smallest), min(cell.high, largest)
    caveat = join(cell.caveat, TELLS_NOTHING) if (low, high) == possible else cell.caveat
    return cell.model_copy(update={"low": low, "high": high, "caveat": caveat})
