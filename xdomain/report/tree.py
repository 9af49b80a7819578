"""Curriculum tree: each run is a child of the run whose checkpoint it started from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdomain.analysis.result import AnalysisResult, RunEffort
from xdomain.analysis.result.consistency import run_before
from xdomain.config.run_id import BASE, JOINT
from xdomain.report.numbers import count_text


@dataclass(frozen=True)
class Branch:
    """One run, with the runs that continue from it."""

    label: str
    phase: str
    """Name of its last phase, such as "then science"."""
    steps: str
    children: tuple[Branch, ...]


def curriculum_tree(result: AnalysisResult) -> tuple[Branch, ...]:
    """Return the branches that start from the base model, in plan order. A prefix that is not a run has no steps."""
    children: dict[str, dict[str, str]] = {}
    for label in result.effort:
        parent = BASE
        for each, phase in reversed(lineage(result.effort, label)):
            children.setdefault(parent, {}).setdefault(each, phase)
            parent = each
    return _branches(result, BASE, children)


def lineage(effort: Mapping[str, RunEffort], label: str) -> list[tuple[str, str]]:
    """Return label and last phase of a run, of its parent run, and so on back to the base model, which is left out.

    A run that was not measured is labelled with the text of its phases.
    """
    found: list[tuple[str, str]] = []
    phases: tuple[str, ...] = ()
    while label != BASE:
        run = effort.get(label)
        before, phases = run_before(effort, label, phases)
        strategy = f" [{run.strategy}]" if run and run.strategy not in (None, JOINT) else ""
        found.append((label, phases[-1] + strategy if phases else label))
        label = before
    return found


def _branches(result: AnalysisResult, parent: str, children: Mapping[str, Mapping[str, str]]) -> tuple[Branch, ...]:
    return tuple(
        Branch(label, phase, _steps(result.effort.get(label)), _branches(result, label, children))
        for label, phase in children.get(parent, {}).items()
    )


def _steps(run: RunEffort | None) -> str:
    return "" if run is None or run.steps is None else count_text(run.steps)
