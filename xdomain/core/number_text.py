"""How numbers are written wherever a person reads them: in sentences, in reports, on the terminal."""

from __future__ import annotations


def decimals(value: float, digits: int, *, sign: bool = False) -> str:
    """Return a number with `digits` decimals; a zero never carries a sign.

    Args:
        sign: Whether a positive number carries one.
    """
    shown = f"{value:.{digits}f}"
    shown = shown.lstrip("-") if float(shown) == 0 else shown
    return f"+{shown}" if sign and float(shown) > 0 else shown


def points(fraction: float, *, sign: bool = False) -> str:
    """Return a fraction in points of 100 with one decimal: 0.155 is "15.5"."""
    return decimals(100 * fraction, 1, sign=sign)
