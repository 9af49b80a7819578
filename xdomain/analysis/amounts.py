"""How sentences write sizes and intervals."""

from __future__ import annotations

from xdomain.analysis.result import Cell


def points(value: float, *, sign: bool = False) -> str:
    """A fraction as points: 0.155 is "15.5"; a zero never carries a sign."""
    shown = f"{100 * value:.1f}"
    shown = shown.lstrip("-") if float(shown) == 0 else shown
    return f"+{shown}" if sign and float(shown) > 0 else shown


def interval(cell: Cell) -> str:
    """ "[9.1, 21.8]" in points."""
    if cell.low is None or cell.high is None:
        return "(no interval)"
    return f"[{points(cell.low)}, {points(cell.high)}]"


def sized(cell: Cell) -> str:
    """The interval of the size of an effect, so that a loss of 3 points reads [1.0, 5.0]."""
    if cell.low is None or cell.high is None:
        return "(no interval)"
    low, high = (cell.low, cell.high) if (cell.estimate or 0) >= 0 else (-cell.high, -cell.low)
    return f"[{points(low)}, {points(high)}]"
