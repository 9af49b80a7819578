"""Table of the runs that are not beaten."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult

BEST_MEANING = "Multiple comparisons with the best, 95% jointly; inside a set differences lie within noise: no ranking."


def best_table(result: AnalysisResult) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and one row per set of runs that are not beaten."""
    rows: list[tuple[str, ...]] = [
        (
            found.group,
            found.domain,
            ", ".join(found.not_beaten),
            f"{len(found.not_beaten)} of {len(found.candidates)}",
            found.margin.caveat,
        )
        for found in result.summary.best
    ]
    return ("compared", "domain", "not beaten", "how many", "caveat"), rows
