"""What other verdicts on the same completions change: verdicts by kind, accuracies, findings."""

from __future__ import annotations

from collections import Counter

import pandas as pd
from pydantic import Field

from xdomain.analysis.result import AnalysisResult, Cell, ResultModel


class VerdictChange(ResultModel):
    """Completions of one domain that one kind of verdict became another of."""

    domain: str
    before: str
    """"right", "wrong", "malformed" or "unscored"."""
    after: str
    completions: int


class CellChange(ResultModel):
    """A number of a matrix that is another one now, or a finding that flips."""

    matrix: str
    row: str
    column: str
    before: Cell
    after: Cell


class EvaluationJudged(ResultModel):
    """One evaluation: under which verifiers its checkpoint was trained, and which judged it before and now."""

    title: str
    key: str
    domain: str
    trained_under: dict[str, list[str]] = Field(default_factory=dict)
    """Scorers by trained domain; empty for the base."""
    judged_before: str
    judged_by: str


class RescoredChanges(ResultModel):
    """Before and after a rescoring."""

    experiment: str
    evaluations: tuple[EvaluationJudged, ...]
    completions: int
    generated_tokens: int
    absent: tuple[str, ...]
    """Planned evaluations of which nothing is stored."""
    verdicts: tuple[VerdictChange, ...]
    """Every pair of verdicts that occurs, unchanged ones too."""
    accuracies: tuple[CellChange, ...]
    """Cells of the accuracy matrix that differ."""
    flips: tuple[CellChange, ...]
    """Cells of the other matrices whose word, or equivalence, is another one."""


def verdict_changes(before: pd.DataFrame, after: pd.DataFrame) -> tuple[VerdictChange, ...]:
    """Count pairs of verdicts by domain.

    Args:
        before: columns checkpoint, domain, item_id, sample, outcome; one row a completion.
        after: The same completions.
    """
    where = ["checkpoint", "domain", "item_id", "sample"]
    both = before.merge(after, on=where, suffixes=("_before", "_after"), validate="one_to_one")
    kinds = Counter(zip(both["domain"], both["outcome_before"], both["outcome_after"], strict=True))
    return tuple(
        VerdictChange(domain=domain, before=old, after=new, completions=number)
        for (domain, old, new), number in sorted(kinds.items())
    )


def accuracy_changes(before: AnalysisResult, after: AnalysisResult) -> tuple[CellChange, ...]:
    """Cells of the accuracy matrix whose number is another one."""
    return tuple(
        change for change in _cells(before, after, "accuracy") if change.before.estimate != change.after.estimate
    )


def flipped_findings(before: AnalysisResult, after: AnalysisResult) -> tuple[CellChange, ...]:
    """Cells whose word or equivalence is another one: what a reader would say otherwise now."""
    return tuple(
        change
        for name in before.matrices()
        if name != "accuracy"
        for change in _cells(before, after, name)
        if (change.before.word, change.before.equivalent) != (change.after.word, change.after.equivalent)
    )


def _cells(before: AnalysisResult, after: AnalysisResult, name: str) -> list[CellChange]:
    """Cells that both results have."""
    old, new = (result.matrices().get(name) for result in (before, after))
    if old is None or new is None:
        return []
    pairs = [(row, column, old.cell(row, column), new.cell(row, column)) for row in old.rows for column in old.columns]
    return [
        CellChange(matrix=name, row=row, column=column, before=first, after=second)
        for row, column, first, second in pairs
        if first is not None and second is not None
    ]
