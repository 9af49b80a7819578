"""How numbers are written wherever a person reads them: in sentences, in reports, on the terminal."""

from __future__ import annotations

from collections.abc import Callable

MINUS = "−"
"""U+2212: as wide as a plus sign, so that columns of signed numbers line up."""
UNBOUNDED = "∞"


def decimals(value: float, digits: int, *, sign: bool = False) -> str:
    """Return a number with `digits` decimals; a zero never carries a sign.

    Args:
        sign: Whether a positive number carries one.
    """
    shown = f"{value:.{digits}f}"
    shown = shown.lstrip("-") if float(shown) == 0 else shown
    return f"+{shown}" if sign and float(shown) > 0 else shown.replace("-", MINUS)


def points(fraction: float, *, sign: bool = False) -> str:
    """Return a fraction in points of 100 with one decimal: 0.155 is "15.5"."""
    return decimals(100 * fraction, 1, sign=sign)


def bracketed(low: float | None, high: float | None, write: Callable[[float], str] = points) -> str:
    """Return an interval as "[9.1, 21.8]"; an open end is infinite, and no ends at all are an empty string."""
    if low is None and high is None:
        return ""
    left = MINUS + UNBOUNDED if low is None else write(low)
    return f"[{left}, {UNBOUNDED if high is None else write(high)}]"
