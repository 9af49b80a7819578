"""What a reader has to know beside the numbers: the same notes in every format."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult
from xdomain.report.layout import unmeasured

NOTATION = (
    "R[c, d] is the accuracy of checkpoint c on domain d: the mean over test items of the mean over an item's samples. "
    "(d) is the run trained on domain d only."
)
"""Printed before the first table."""
SILENCE = '"No effect shown" never means that there is no effect: the interval says which effects are not ruled out.'


def notes(result: AnalysisResult) -> list[str]:
    """Return the notes: what intervals speak of, how p is adjusted, and why tables have no number."""
    empty = (f"{title}: {why}" for title, why in unmeasured(result))
    return [*result.meta.statements, SILENCE, *empty]


def missing_note(result: AnalysisResult, most: int | None = None) -> str:
    """Return a sentence that names the planned evaluations that are missing; empty if none is.

    Args:
        most: Evaluations to name before the rest is counted; None names all.
    """
    missing = result.meta.missing
    if not missing:
        return ""
    rest = len(missing) - len(missing[:most])
    return f"Not measured: {', '.join(missing[:most])}{f' and {rest} more' if rest else ''}."
