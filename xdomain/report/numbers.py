"""How numbers are written: points with a sign and one decimal, intervals in brackets, p with three decimals."""

from __future__ import annotations

from xdomain.analysis.result import Matrix, Unit
from xdomain.core.number_text import bracketed, decimals, points

UNIT_WORDS: dict[Unit, str] = {
    "fraction": "percentage points",
    "ratio": "ratio",
    "logit": "logits",
    "odds ratio": "odds ratio",
}


def estimate_text(unit: Unit, value: float | None, *, signed: bool = True) -> str:
    """One value: "+15.5" points, "63.2" percent, "0.67". A missing value is an empty string.

    Args:
        unit: of the matrix; fractions are written as points of 100.
        value: the estimate or one end of its interval.
        signed: whether a positive value carries its sign (differences do, accuracies do not).
    """
    if value is None:
        return ""
    return points(value, sign=signed) if unit == "fraction" else decimals(value, 2, sign=signed)


def interval_text(unit: Unit, low: float | None, high: float | None) -> str:
    """ "[9.1, 21.8]"; an open end is infinite, and no ends at all are an empty string."""
    return bracketed(low, high, lambda value: estimate_text(unit, value, signed=False))


def p_text(p: float | None) -> str:
    """ "0.034", "< 0.001", "1"; empty where nothing was tested."""
    if p is None:
        return ""
    if p < 0.001:
        return "< 0.001"
    return "1" if p > 0.9995 else f"{p:.3f}"


def share_text(share: float | None) -> str:
    """A share of samples in percent, "4%"; small ones are not rounded to none."""
    if share is None:
        return ""
    if 0 < share < 0.005:
        return "< 0.5%"
    return f"{100 * share:.0f}%"


def count_text(count: float | None) -> str:
    """ "98,304"; means over seeds keep one decimal where they are not whole; "not recorded" where missing."""
    if count is None:
        return "not recorded"
    return f"{count:,.0f}" if abs(count - round(count)) < 0.05 else f"{count:,.1f}"


def unit_word(matrix: Matrix) -> str:
    """What the numbers of a matrix are counted in."""
    return "percent" if matrix.unit == "fraction" and matrix.centre is None else UNIT_WORDS[matrix.unit]
