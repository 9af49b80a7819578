"""Compare two sets of verdicts on the same completions: verdicts by kind, accuracies, conclusions."""

from __future__ import annotations

from collections import Counter

import pandas as pd
from pydantic import Field

from xdomain.analysis.result import AnalysisResult, Cell, ResultModel


class VerdictChange(ResultModel):
    """Number of completions in one domain with a given verdict before and after."""

    domain: str
    before: str
    """"right", "wrong", "malformed" or "unscored"."""
    after: str
    completions: int


class CellChange(ResultModel):
    """A cell of a matrix before and after."""

    matrix: str
    row: str
    column: str
    before: Cell
    after: Cell


class EvaluationJudged(ResultModel):
    """Verifiers of one evaluation: in training, before the rescoring, and now."""

    title: str
    key: str
    domain: str
    trained_under: dict[str, list[str]] = Field(default_factory=dict)
    """Verifiers, keyed by trained domain; empty for the base model."""
    judged_before: str
    judged_by: str


class RescoredChanges(ResultModel):
    """Result of a rescoring: verdicts, accuracies and conclusions before and after."""

    experiment: str
    evaluations: tuple[EvaluationJudged, ...]
    completions: int
    generated_tokens: int
    absent: tuple[str, ...]
    """Titles of planned evaluations without stored completions."""
    verdicts: tuple[VerdictChange, ...]
    """All pairs of verdicts that occur, including unchanged ones."""
    accuracies: tuple[CellChange, ...]
    """Cells of the accuracy matrix whose estimate changed."""
    flips: tuple[CellChange, ...]
    """Cells of the other matrices whose conclusion changed."""


def verdict_changes(before: pd.DataFrame, after: pd.DataFrame) -> tuple[VerdictChange, ...]:
    """Count pairs of verdicts per domain.

    Args:
        before: Records with the columns checkpoint, domain, item_id, sample and outcome.
        after: Records of the same completions.
    """
    where = ["checkpoint", "domain", "item_id", "sample"]
    both = before.merge(after, on=where, suffixes=("_before", "_after"), validate="one_to_one")
    kinds = Counter(zip(both["domain"], both["outcome_before"], both["outcome_after"], strict=True))
    return tuple(
        VerdictChange(domain=domain, before=old, after=new, completions=number)
        for (domain, old, new), number in sorted(kinds.items())
    )


def accuracy_changes(before: AnalysisResult, after: AnalysisResult) -> tuple[CellChange, ...]:
    """Return the cells of the accuracy matrix whose estimate changed."""
    return tuple(
        change for change in _cells(before, after, "accuracy") if change.before.estimate != change.after.estimate
    )


def flipped_findings(before: AnalysisResult, after: AnalysisResult) -> tuple[CellChange, ...]:
    """Return the cells of all other matrices whose conclusion changed (gain, loss, equivalent, no effect shown)."""
    return tuple(
        change
        for name in before.matrices
        if name != "accuracy"
        for change in _cells(before, after, name)
        if (change.before.word, change.before.equivalent) != (change.after.word, change.after.equivalent)
    )


def _cells(before: AnalysisResult, after: AnalysisResult, name: str) -> list[CellChange]:
    """Return the cells of a matrix that both results have."""
    old, new = (result.matrices.get(name) for result in (before, after))
    if old is None or new is None:
        return []
    pairs = [(row, column, old.cell(row, column), new.cell(row, column)) for row in old.rows for column in old.columns]
    return [
        CellChange(matrix=name, row=row, column=column, before=first, after=second)
        for row, column, first, second in pairs
        if first is not None and second is not None
    ]
