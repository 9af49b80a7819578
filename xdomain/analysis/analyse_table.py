"""Analysis of a table of published accuracies: the matrices that need no items."""

from __future__ import annotations

from collections.abc import Iterator

from xdomain.analysis.accuracy_table import NEEDS_ITEMS, AccuracyTable, Pairing, table_measurements
from xdomain.analysis.analyse import UNKNOWN_BUDGET, counted
from xdomain.analysis.effort import unmeasured_effort
from xdomain.analysis.findings import worded
from xdomain.analysis.result import AnalysisResult, Cell, Meta, Summary
from xdomain.analysis.summary import mean_cell, mean_diagonal_transfer
from xdomain.core.errors import AnalysisError

MOST_ITEMS = 10**9
"""Largest test that is believed."""


def analyse_table(table: AccuracyTable, pairing: Pairing = "any") -> AnalysisResult:
    """Compute the matrices that follow from accuracies; cells that need items are blank and give the reason.

    Raises:
        AnalysisError: The table is empty, or an accuracy is not a fraction.
    """
    _check(table)
    measurements = table_measurements(table, pairing)
    study = measurements.study
    result = AnalysisResult(
        matrices=measurements.matrices(),
        trajectories=(),
        contrasts=(),
        effort={run.label: unmeasured_effort(run) for run in study.book},
        items=(),
        summary=Summary(
            mean_diagonal_transfer=mean_cell(study, mean_diagonal_transfer(measurements)),
            mean_cross_transfer=Cell(note=NEEDS_ITEMS),
            mean_retention=Cell(note=NEEDS_ITEMS),
            mean_plasticity=Cell(note=NEEDS_ITEMS),
        ),
        sentences=(),
        meta=_meta(table, pairing),
    )
    return worded(counted(result))


def _check(table: AccuracyTable) -> None:
    if not table.cells:
        raise AnalysisError(f'the accuracy table "{table.name}" is empty.')
    for (run, domain), cell in table.cells.items():
        if not 0 <= cell.accuracy <= 1 or not 1 <= cell.n_items <= MOST_ITEMS:
            raise AnalysisError(
                f'"{run}" on "{domain}" has the accuracy {cell.accuracy:g} of {cell.n_items} items.',
                where=table.name,
                fix="Accuracies are fractions between 0 and 1, of 1 to 10^9 items.",
            )


def _items(table: AccuracyTable) -> Iterator[str]:
    """Yield "math 500", or "math 200 to 300" if its accuracies come from different tests."""
    for domain in table.domains:
        counts = [cell.n_items for (_, name), cell in table.cells.items() if name == domain]
        if counts:
            least, most = min(counts), max(counts)
            yield f"{domain} {least}" if least == most else f"{domain} {least} to {most}"


def _meta(table: AccuracyTable, pairing: Pairing) -> Meta:
    bound = (
        "hold for any pairing of the items" if pairing == "any" else "hold if the answers of both sides are independent"
    )
    return Meta(
        experiment=table.name,
        model="",
        domains=table.domains,
        curricula=tuple(str(run) for run in table.runs if not run.is_base),
        seeds=(),
        budget=UNKNOWN_BUDGET,
        speaks_of="these checkpoints",
        statements=(
            f"Only aggregates are published: intervals are bounds that {bound}; conclusions follow their adjusted p.",
            "Intervals cover these checkpoints only, not a re-run of training.",
            f"Test items by domain: {', '.join(_items(table))}.",
        ),
        items={
            domain: max((cell.n_items for (_, name), cell in table.cells.items() if name == domain), default=0)
            for domain in table.domains
        },
        description={"source": table.source},
    )
