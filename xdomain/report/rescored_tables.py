"""Tables that `xdomain rescore` prints to show what changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from xdomain.analysis.result import Cell
from xdomain.core.terminal_text import text
from xdomain.core.words import count

if TYPE_CHECKING:  # the import would load pandas
    from xdomain.analysis.rescored import CellChange, EvaluationJudged, RescoredChanges


def rescored_tables(changes: RescoredChanges) -> list[RenderableType]:
    """Return verdicts by kind, the accuracies and conclusions that change, and the old and new verifiers."""
    parts: list[RenderableType] = [
        Text(
            f"{count(len(changes.evaluations), 'evaluation')} of {changes.experiment}, "
            f"{count(changes.completions, 'completion')} judged by the current verifiers; "
            f"{changes.generated_tokens} tokens generated"
        ),
        _verdict_table(changes),
    ]
    if changes.accuracies:
        parts.append(_cell_table("Accuracies that change", changes.accuracies))
    if changes.flips:
        parts.append(_cell_table("Conclusions that change", changes.flips))
    else:
        parts.append(Text("No conclusion changes."))
    return parts + [text(line) for line in _trained(changes.evaluations)]


def _verdict_table(changes: RescoredChanges) -> Table:
    table = Table("domain", "before", "now", "completions", title="Verdicts", title_justify="left")
    for each in changes.verdicts:
        style = "dim" if each.before == each.after else None
        table.add_row(text(each.domain), each.before, each.after, str(each.completions), style=style)
    return table


def _cell_table(title: str, cells: Iterable[CellChange]) -> Table:
    table = Table("matrix", "row", "column", "before", "now", title=title, title_justify="left")
    for each in cells:
        table.add_row(each.matrix, text(each.row), text(each.column), _words(each.before), _words(each.after))
    return table


def _words(cell: Cell) -> str:
    """Return a cell's estimate, interval and conclusion as text."""
    if cell.estimate is None:
        return escape(cell.note or "not measured")
    interval = "" if cell.low is None or cell.high is None else f" ({cell.low:.3f} to {cell.high:.3f})"
    equal = ", equivalent" if cell.equivalent else ""
    return f"{cell.estimate:.3f}{interval}" + (f" {cell.word}{equal}" if cell.word else "")


def _trained(evaluations: Sequence[EvaluationJudged]) -> list[str]:
    """Return one line per domain and combination of verifiers: in training, before rescoring, and now."""
    found = Counter(
        (each.domain, " then ".join(each.trained_under.get(each.domain, ())), each.judged_before, each.judged_by)
        for each in evaluations
    )
    return [
        f"{domain}: {count(number, 'evaluation')} of checkpoints "
        + (f"trained under {trained}" if trained else "not trained on it")
        + f", judged before by {before}, now by {now}"
        for (domain, trained, before, now), number in found.items()
    ]
