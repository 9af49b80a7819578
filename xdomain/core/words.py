"""Format counts and durations as text."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return a duration with one unit: "45 s", "12 min", "3.5 h", "2.1 days"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 stage", "3 stages"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
