"""Alarms during training, as text."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.analysis.result import AnalysisResult
from xdomain.analysis.result.alarms import MonitoredDomain
from xdomain.core.number_text import points
from xdomain.core.words import count
from xdomain.report.numbers import share_text
from xdomain.report.text_section import TextSection, TextTable

HEADER = (
    "run",
    "domain",
    "alarm",
    "change",
    "p",
    "began between steps",
    "accuracy at start, lowest, end",
    "items changed",
    "would be found",
)
"""Columns of the table. The last one is the drop that the design can find."""
NO_ALARM = "none"
REFRESH = "refresh"
"""Column of the table, if refreshes were planned."""


def alarm_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the section on alarms; [] if nothing was monitored."""
    if not result.alarms:
        return []
    raised = sum(each.alarm is not None for each in result.alarms)
    stages = len({(each.run, each.seed) for each in result.alarms})
    return [
        TextSection(
            "interference",
            "Interference during training",
            "Did a domain get worse than at the start of a phase, and when did it begin?",
            f"{count(raised, 'alarm')} in {count(stages, 'stage')}. Looks at dev items during the last phase of each "
            "run, compared with its start on the same items and random numbers. The false-alarm rate holds per stage, "
            "over all its looks and domains. The steps between which the damage began are a 95% interval of the change "
            "point over items. Items changed are those with another score at the end than at the start: the fewer, the "
            "smaller the drops that are found. No alarm does not show that nothing changed: the last column is the "
            "drop that is found with a probability of about 80%." + _on_refreshes(result.alarms),
            (_table(result.alarms),),
        )
    ]


def _table(found: Sequence[MonitoredDomain]) -> TextTable:
    if all(each.refresh is None for each in found):
        return TextTable("alarms", HEADER, tuple(map(_row, found)))
    return TextTable("alarms", (*HEADER, REFRESH), tuple((*_row(each), each.refresh or "") for each in found))


def _row(found: MonitoredDomain) -> tuple[str, ...]:
    known = [look.accuracy for look in found.looks if look.accuracy is not None]
    curve = ", ".join(points(each) for each in (known[0], min(known), known[-1])) if known else ""
    run = f"{found.run}, seed {found.seed}"
    seen = curve, share_text(found.discordant), points(found.detectable_drop)
    if found.alarm is None:
        return run, found.domain, NO_ALARM, "", "", "", *seen
    raised = found.alarm
    began = f"{raised.onset_low} and {raised.onset_high}"
    return run, found.domain, f"step {raised.step}", points(raised.change), f"{raised.p:.2g}", began, *seen


def _on_refreshes(found: Sequence[MonitoredDomain]) -> str:
    """Return the sentence about planned refreshes; "" if none was planned."""
    planned = [each for each in found if each.refresh is not None]
    if not planned:
        return ""
    needed = sum(each.refresh == "needed" for each in planned)
    return (
        f" Of {count(len(planned), 'optional refresh stage')}, alarms called for {needed}; the others are not needed. "
        'A refresh is a run such as "math -> science -> refresh(math)@20", in the same tables as all others. Its '
        "runs are selected by an alarm, so their mean over seeds does not estimate what a refresh does on average."
    )
