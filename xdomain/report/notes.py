"""Notes that a reader needs to interpret the numbers, the same in every format."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult
from xdomain.report.layout import unmeasured

NOTATION = (
    "R[c, d] is the accuracy of checkpoint c on domain d: the mean over test items of the mean over an item's samples. "
    "(d) is the run trained on domain d only."
)
"""Text printed before the first table."""
SILENCE = (
    '"No effect shown" does not mean that there is no effect: the interval contains the effects that remain possible.'
)


def notes(result: AnalysisResult) -> list[str]:
    """Return the notes: the inference scope of intervals, the adjustment of p, and why some tables have no number."""
    empty = (f"{title}: {why}" for title, why in unmeasured(result))
    return [*result.meta.statements, SILENCE, *empty]


def missing_note(result: AnalysisResult, most: int | None = None) -> str:
    """Return a sentence that names the planned evaluations that are missing, or an empty string if none is.

    Args:
        most: Number of evaluations to name before the rest is counted; None names all.
    """
    missing = result.meta.missing
    if not missing:
        return ""
    rest = len(missing) - len(missing[:most])
    return f"Not measured: {', '.join(missing[:most])}{f' and {rest} more' if rest else ''}."
