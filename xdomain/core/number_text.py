"""Format numbers for people, in sentences, in reports and on the terminal."""

from __future__ import annotations

from collections.abc import Callable

MINUS = "−"
"""U+2212, which is as wide as a plus sign, so that columns of signed numbers line up."""
UNBOUNDED = "∞"


def decimals(value: float, digits: int, *, sign: bool = False) -> str:
    """Return a number with `digits` decimals. Zero never has a sign.

    Args:
        value: Number to format.
        digits: Number of decimals.
        sign: Whether a positive number gets a plus sign.
    """
    shown = f"{value:.{digits}f}"
    shown = shown.lstrip("-") if float(shown) == 0 else shown
    return f"+{shown}" if sign and float(shown) > 0 else shown.replace("-", MINUS)


def points(fraction: float, *, sign: bool = False) -> str:
    """Return a fraction in percentage points with one decimal: 0.155 is "15.5"."""
    return decimals(100 * fraction, 1, sign=sign)


def bracketed(low: float | None, high: float | None, write: Callable[[float], str] = points) -> str:
    """Return an interval as "[9.1, 21.8]". A missing end is infinite; without both ends, the result is ""."""
    if low is None and high is None:
        return ""
    left = MINUS + UNBOUNDED if low is None else write(low)
    return f"[{left}, {UNBOUNDED if high is None else write(high)}]"
