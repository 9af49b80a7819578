"""Consistency rules between the fields of a result, which every report format relies on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from xdomain.analysis.matrix import AccuracyMatrix, Cell, Matrix
from xdomain.analysis.result.analysis_result import AnalysisResult
from xdomain.analysis.result.runs import RunEffort, Trajectory
from xdomain.config.run_id import BASE

MATRIX_NAME = re.compile("[A-Za-z0-9_-]{1,80}")
"""A matrix is written into a file of its name."""
LONGEST_LINEAGE = 100
SHARES = ("p", "p_adjusted", "p_equivalent")
SIZES = ("n_items", "n_seeds", "seed_sd", "standard_error", "degrees", "smallest_detectable")
AMOUNTS = ("steps", "prompts", "completion_tokens", "informative_groups", "seconds")


class ContradictionError(ValueError):
    """Two fields of a result contradict each other, or a value is impossible."""


def demand_consistent(result: AnalysisResult) -> None:
    """Refuse a result that no analysis can produce.

    Raises:
        ContradictionError: Two fields contradict each other. The message names the field and the problem in one line.
    """
    for where, what in _contradictions(result):
        raise ContradictionError(f"{where}: {what}")


def _contradictions(result: AnalysisResult) -> Iterator[tuple[str, str]]:
    if not isinstance(result.matrices.get("accuracy"), AccuracyMatrix):
        yield "matrices.accuracy", "is missing, or has no chance and no answers"
    for name, matrix in result.matrices.items():
        where = f"matrices.{name}"
        if matrix.name != name or not MATRIX_NAME.fullmatch(name):
            yield where, f"should be named by its key, in letters, digits, - and _. Found {matrix.name!r}"
        yield from _of_matrix(matrix, where)
    yield from _of_summary(result)
    for label, run in result.effort.items():
        if any((getattr(run, amount) or 0) < 0 for amount in AMOUNTS):
            yield f"effort.{label}", "counts less than nothing"
        if _lineage_is_endless(result.effort, label):
            yield f"effort.{label}.parent", "does not lead to the base"
    for index, trajectory in enumerate(result.trajectories):
        yield from _of_trajectory(trajectory, result.effort, f"trajectories.{index}")
    for index, checkpoint in enumerate(result.checkpoints):
        where = f"checkpoints.{index}"
        if checkpoint.run not in result.effort:
            yield f"{where}.run", f'"{checkpoint.run}" is no run of `effort`'
        if any((getattr(checkpoint, amount) or 0) < 0 for amount in AMOUNTS):
            yield where, "counts less than nothing"
        for domain, cell in checkpoint.accuracy.items():
            yield from _of_cell(cell, f"{where}.accuracy.{domain}")
    for index, contrast in enumerate(result.contrasts):
        yield from _of_cell(contrast.cell, f"contrasts.{index}.cell")


def _of_matrix(matrix: Matrix, where: str) -> Iterator[tuple[str, str]]:
    rows, columns = set(matrix.rows), set(matrix.columns)
    if len(rows) < len(matrix.rows) or len(columns) < len(matrix.columns):
        yield where, "lists a row or a column twice"
    for row, cells in matrix.cells.items():
        for column, cell in cells.items():
            if row not in rows or column not in columns:
                yield f"{where}.cells.{row}.{column}", "is not among the matrix's rows and columns"
            yield from _of_cell(cell, f"{where}.cells.{row}.{column}")


def _of_cell(cell: Cell, where: str) -> Iterator[tuple[str, str]]:
    if cell.low is not None and cell.high is not None and cell.low > cell.high:
        yield where, f"has an interval from {cell.low} to {cell.high}"
    for name in SHARES:
        value = getattr(cell, name)
        if value is not None and not 0 <= value <= 1:
            yield f"{where}.{name}", f"should lie between 0 and 1. Found {value}"
    for name in SIZES:
        value = getattr(cell, name)
        if value is not None and value < 0:
            yield f"{where}.{name}", f"should not be negative. Found {value}"


def _of_summary(result: AnalysisResult) -> Iterator[tuple[str, str]]:
    summary = result.summary
    for name in ("mean_diagonal_transfer", "mean_cross_transfer", "mean_retention", "mean_plasticity"):
        yield from _of_cell(getattr(summary, name), f"summary.{name}")
    for name, shown in summary.shown.items():
        if not 0 <= shown <= summary.tested.get(name, 0):
            yield f"summary.shown.{name}", f"should lie between 0 and the number of tested cells. Found {shown}"


def _lineage_is_endless(effort: Mapping[str, RunEffort], label: str) -> bool:
    """Return whether following the parents of a run never reaches the base model."""
    for _ in range(LONGEST_LINEAGE):
        label, phases = run_before(effort, label, ())
        while label != BASE and label not in effort:
            label, phases = run_before(effort, label, phases)
        if label == BASE:
            return False
    return True


def run_before(effort: Mapping[str, RunEffort], label: str, phases: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the label of the run that a run started from, and the run's own phases.

    Args:
        effort: Effort of each run, keyed by label.
        label: Label of the run, which may not have been measured.
        phases: Phases of the run that started from it.
    """
    run = effort.get(label)
    own = run.phases if run else phases[:-1]
    return (run.parent if run else " -> ".join(own[:-1])) or BASE, own


def _of_trajectory(trajectory: Trajectory, effort: Mapping[str, RunEffort], where: str) -> Iterator[tuple[str, str]]:
    if trajectory.curriculum not in effort:
        yield f"{where}.curriculum", f'"{trajectory.curriculum}" is no run of `effort`'
    if any(step < 0 for step in trajectory.phase_ends) or list(trajectory.phase_ends) != sorted(trajectory.phase_ends):
        yield f"{where}.phase_ends", "should be steps in rising order"
    for index, point in enumerate(trajectory.points):
        if min(point.total_steps, point.phase, point.phase_step) < 0:
            yield f"{where}.points.{index}", "counts less than nothing"
        yield from _of_cell(point, f"{where}.points.{index}")
