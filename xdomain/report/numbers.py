"""Format of numbers: points with a sign and one decimal, intervals in brackets, p with three decimals."""

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
    """Return a value as text: "+15.5" points, "63.2" percent, "0.67". A missing value gives an empty string.

    Args:
        unit: Unit of the matrix; fractions are written as points of 100.
        value: Estimate, or one end of its interval.
        signed: True if a positive value carries its sign (differences do, accuracies do not).
    """
    if value is None:
        return ""
    return points(value, sign=signed) if unit == "fraction" else decimals(value, 2, sign=signed)


def interval_text(unit: Unit, low: float | None, high: float | None) -> str:
    """Return an interval such as "[9.1, 21.8]". One missing end is infinite; two missing ends give an empty string."""
    return bracketed(low, high, lambda value: estimate_text(unit, value, signed=False))


def p_text(p: float | None) -> str:
    """Return p as "0.034", "< 0.001" or "1", or an empty string if nothing was tested."""
    if p is None:
        return ""
    if p < 0.001:
        return "< 0.001"
    return "1" if p > 0.9995 else f"{p:.3f}"


def share_text(share: float | None) -> str:
    """Return a share of samples in percent, such as "4%"; a small positive share is not rounded to 0%."""
    if share is None:
        return ""
    if 0 < share < 0.005:
        return "< 0.5%"
    return f"{100 * share:.0f}%"


def count_text(count: float | None) -> str:
    """Return a count such as "98,304". A mean over seeds keeps one decimal if it is not whole.

    A missing count is "not recorded".
    """
    if count is None:
        return "not recorded"
    return f"{count:,.0f}" if abs(count - round(count)) < 0.05 else f"{count:,.1f}"


def unit_word(matrix: Matrix) -> str:
    """Return the unit that the numbers of a matrix are counted in."""
    return "percent" if matrix.unit == "fraction" and matrix.centre is None else UNIT_WORDS[matrix.unit]
