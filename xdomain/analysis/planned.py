"""The tests that a plan will make: the cells of each matrix that will be adjusted together.

They come from the same definitions as the measured cells.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.analysis.estimand import Family
from xdomain.analysis.estimands import estimands
from xdomain.analysis.runs import Run, RunBook
from xdomain.config.run_id import BASE_RUN
from xdomain.plan.graph import Plan


@dataclass(frozen=True)
class PlannedGrid:
    """The runs of a plan, none of them measured."""

    book: RunBook
    domains: tuple[str, ...]


def planned_families(plan: Plan) -> dict[str, Family]:
    """Return the family of each matrix that tests a cell, keyed by the matrix's name, in reading order."""
    parents = {stage.run: stage.parent_run for stage in plan.phase_stages}
    runs = {BASE_RUN: Run(BASE_RUN, planned=True)}
    runs |= {run: Run(run, parents[run], planned=True) for run in plan.run_ids}
    experiment = plan.experiment
    grid = PlannedGrid(RunBook(runs, experiment.seeds), experiment.domain_names)
    listed = estimands(experiment.analysis.estimands).values()
    found = {each.name: each.planned(grid) for each in listed if each.planned is not None}
    return {name: family for name, family in found.items() if family.cells > 0}
