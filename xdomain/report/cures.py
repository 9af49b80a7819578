"""Repairs of damaged domains as tables."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult, Cell, Recovery, RepairPoint
from xdomain.core.number_text import decimals
from xdomain.report.text_section import TextSection, TextTable

NAME, TITLE = "cures", "Cures of interference"
QUESTION = "What repairs a damaged domain, and what does it cost?"
MEANING = (
    "Recovered: the share of the damage that the repair undoes; kept: the share of the new skill that is left. "
    "Intervals are 95% over items, by Fieller's method, for these checkpoints. A dose is the weight of the damaged run "
    "in an interpolation, the steps of a refresh, and the share of entries that a rollback or a random reset (its "
    "control) resets. A dose that was chosen on these items looks better than it is."
)
HEADER = ("repair", "dose", "recovered", "kept", "run")


def cures_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the section on repairs; [] if no run repairs another."""
    if not result.recoveries:
        return []
    tables = tuple(TextTable(heading(each), HEADER, tuple(map(_row, each.points))) for each in result.recoveries)
    return [TextSection(NAME, TITLE, QUESTION, MEANING, tables)]


def heading(found: Recovery) -> str:
    """Return a text such as "math after math -> science, which learned science"."""
    return f"{found.domain} after {found.damaged}, which learned {found.skill}"


def dose_text(point: RepairPoint) -> str:
    """Return the dose with its unit."""
    if point.dose is None:
        return "chosen on dev items"
    return f"{point.dose:.0f} steps" if point.repair == "refresh" else f"{point.dose:g}"


def share_of(cell: Cell) -> str:
    """Return a share in percent with its interval, or the reason why it is missing."""
    if cell.estimate is None:
        return cell.note
    if cell.low is None or cell.high is None:
        return f"{_percent(cell.estimate)}% ({cell.note})"
    return f"{_percent(cell.estimate)}% [{_percent(cell.low)}, {_percent(cell.high)}]"


def _percent(share: float) -> str:
    return decimals(100 * share, 0)


def _row(point: RepairPoint) -> tuple[str, ...]:
    return point.repair, dose_text(point), share_of(point.recovered), share_of(point.kept), point.run
