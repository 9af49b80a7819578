"""The published shape of an analysis: what `analyse` returns, `report` renders and `--format json` prints."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from xdomain.analysis.matrix import AccuracyMatrix, Cell, Matrix, ResultModel, SpeaksOf
from xdomain.analysis.result.findings import Finding
from xdomain.analysis.result.published import PublishedStudy
from xdomain.analysis.result.runs import EndCheckpoint, ItemChange, RunEffort, Trajectory
from xdomain.analysis.result.strategies import BestSet, StrategyComparison
from xdomain.config.analysis import Quantity
from xdomain.core.errors import AnalysisError
from xdomain.core.field_docs import add_field_docs
from xdomain.core.registry import did_you_mean

RESULT_SCHEMA_VERSION = 2


class DeclaredContrast(ResultModel):
    """A contrast that the experiment declared before it ran; Holm over all declared ones."""

    contrast: Quantity
    cell: Cell


class Summary(ResultModel):
    """The few numbers that say what happened."""

    mean_diagonal_transfer: Cell
    """Mean over domains of transfer(d on d): did training train?"""
    mean_cross_transfer: Cell
    """Mean over ordered pairs of different domains of transfer(A on d)."""
    mean_retention: Cell
    """Mean over ordered pairs of retention(A -> B)."""
    mean_plasticity: Cell
    shown: dict[str, int] = Field(default_factory=dict)
    """Cells with an effect shown (adjusted), by matrix."""
    tested: dict[str, int] = Field(default_factory=dict)
    """Cells tested, by matrix."""
    best: tuple[BestSet, ...] = ()


class Meta(ResultModel):
    """Where the numbers come from and what they speak about."""

    schema_version: int = RESULT_SCHEMA_VERSION
    experiment: str
    model: str
    domains: tuple[str, ...]
    curricula: tuple[str, ...]
    seeds: tuple[int, ...]
    budget: str
    confidence: float = 0.95
    margin: float | None = None
    """Differences of accuracy that the experiment calls too small to matter; null if it states no margin."""
    speaks_of: SpeaksOf | None = None
    statements: tuple[str, ...] = ()
    """Words that every format carries: what intervals speak of, what is unadjusted, what was left out."""
    missing: tuple[str, ...] = ()
    """Planned evaluations that are not there."""
    planned: int | None = None
    """Planned evaluations, those that are not there among them; null where nothing was planned."""
    templates: dict[str, str] = Field(default_factory=dict)
    """Chat template by model, where the models that are compared were asked through different ones."""
    items: dict[str, int] = Field(default_factory=dict)
    """Test items by domain (the most of any checkpoint)."""
    samples: dict[str, int] = Field(default_factory=dict)
    """Samples an item by domain (the fewest of any checkpoint)."""
    description: dict[str, Any] = Field(default_factory=dict)


class AnalysisResult(ResultModel):
    """Everything that `analyse` found."""

    matrices: dict[str, AccuracyMatrix | Matrix]
    """Every matrix by name, in reading order."""
    trajectories: tuple[Trajectory, ...]
    strategies: tuple[StrategyComparison, ...] = ()
    """What the strategies of each mixed curriculum cost."""
    contrasts: tuple[DeclaredContrast, ...]
    references: tuple[PublishedStudy, ...] = ()
    effort: dict[str, RunEffort]
    checkpoints: tuple[EndCheckpoint, ...] = ()
    """Every end checkpoint by itself."""
    items: tuple[ItemChange, ...]
    summary: Summary
    findings: tuple[Finding, ...] = ()
    """The answer to each question of the report, the main ones first."""
    sentences: tuple[str, ...]
    """All sentences of the findings: the answers, then their details. Only what the intervals allow."""
    meta: Meta

    def matrix(self, name: str) -> Matrix:
        """Return the matrix of that name.

        Raises:
            AnalysisError: the result has no such matrix.
        """
        if name not in self.matrices:
            raise AnalysisError(
                f'the result has no matrix "{name}".{did_you_mean(name, self.matrices)}',
                fix=f"It has {', '.join(self.matrices)}.",
            )
        return self.matrices[name]

    @property
    def accuracy(self) -> AccuracyMatrix:
        """The accuracy of every run on every domain, which every analysis has."""
        found = self.matrices["accuracy"]
        assert isinstance(found, AccuracyMatrix)
        return found

    @property
    def has_exceptions(self) -> bool:
        """Whether some cell speaks of less than `meta.speaks_of` says."""
        return any(matrix.has_exceptions for matrix in self.matrices.values())


def result_schema() -> dict[str, Any]:
    """Return the JSON schema of the JSON export."""
    schema = AnalysisResult.model_json_schema(mode="serialization")
    add_field_docs(schema, AnalysisResult)
    return schema
