"""Published form of an analysis: `analyse` returns it, `report` renders it, `--format json` prints it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from xdomain.analysis.matrix import AccuracyMatrix, Cell, Matrix, ResultModel, SpeaksOf
from xdomain.analysis.result.alarms import MonitoredDomain
from xdomain.analysis.result.course import Course
from xdomain.analysis.result.diagnoses import Diagnoses
from xdomain.analysis.result.findings import Finding
from xdomain.analysis.result.predictions import ScoredPredictions
from xdomain.analysis.result.published import PublishedStudy
from xdomain.analysis.result.recovery import Recovery
from xdomain.analysis.result.runs import EndCheckpoint, ItemChange, RunEffort, Trajectory
from xdomain.analysis.result.strategies import BestSet, StrategyComparison
from xdomain.analysis.result.ways import WaysToCombine
from xdomain.config.analysis import Quantity
from xdomain.core.errors import AnalysisError
from xdomain.core.field_docs import add_field_docs
from xdomain.core.registry import did_you_mean

RESULT_SCHEMA_VERSION = 2


class DeclaredContrast(ResultModel):
    """A contrast that the experiment declared before it ran, adjusted by Holm over all declared ones."""

    contrast: Quantity
    cell: Cell


class Summary(ResultModel):
    """Summary numbers of an experiment."""

    mean_diagonal_transfer: Cell
    """Mean over domains of transfer(d on d), which shows whether training had an effect."""
    mean_cross_transfer: Cell
    """Mean over ordered pairs of different domains of transfer(A on d)."""
    mean_retention: Cell
    """Mean over ordered pairs of retention(A -> B)."""
    mean_plasticity: Cell
    shown: dict[str, int] = Field(default_factory=dict)
    """Number of cells with an effect shown (adjusted), keyed by matrix."""
    tested: dict[str, int] = Field(default_factory=dict)
    """Number of tested cells, keyed by matrix."""
    best: tuple[BestSet, ...] = ()


class Meta(ResultModel):
    """Origin and inference scope of the numbers."""

    schema_version: int = RESULT_SCHEMA_VERSION
    experiment: str
    model: str
    domains: tuple[str, ...]
    curricula: tuple[str, ...]
    seeds: tuple[int, ...]
    budget: str
    confidence: float = 0.95
    margin: float | None = None
    """Differences of accuracy that the experiment declares negligible; null if it states no margin."""
    speaks_of: SpeaksOf | None = None
    statements: tuple[str, ...] = ()
    """Sentences that every format prints: the inference scope, what is unadjusted, and what was left out."""
    declared: tuple[str, ...] = ()
    """Runs with checkpoints that the user declared, which were not trained by xdomain."""
    missing: tuple[str, ...] = ()
    """Planned evaluations that are missing."""
    planned: int | None = None
    """Number of planned evaluations, including missing ones; null if there was no plan."""
    templates: dict[str, str] = Field(default_factory=dict)
    """Chat template of each model, if the compared models were queried with different ones."""
    items: dict[str, int] = Field(default_factory=dict)
    """Number of test items, keyed by domain (the most of any checkpoint)."""
    samples: dict[str, int] = Field(default_factory=dict)
    """Samples per item, keyed by domain (the fewest of any checkpoint)."""
    description: dict[str, Any] = Field(default_factory=dict)


class AnalysisResult(ResultModel):
    """All results of `analyse`."""

    matrices: dict[str, AccuracyMatrix | Matrix]
    """Matrices by name, in reading order."""
    trajectories: tuple[Trajectory, ...]
    strategies: tuple[StrategyComparison, ...] = ()
    """Cost of the strategies of each mixed curriculum."""
    ways_to_combine: tuple[WaysToCombine, ...] = ()
    """Ways to combine each set of domains that were combined in several ways, the largest set first."""
    course: Course = Course()
    """Falls of domains in later phases, steps to a target, and gains over steps."""
    alarms: tuple[MonitoredDomain, ...] = ()
    """Domains that were monitored during training."""
    diagnoses: Diagnoses = Diagnoses()
    """Diagnoses that `xdomain diagnose` stored."""
    recoveries: tuple[Recovery, ...] = ()
    """Repairs of damaged domains, dose by dose."""
    predictions: ScoredPredictions | None = None
    """Predictions that were stored before the cells were run, with their scores; null if there are none."""
    contrasts: tuple[DeclaredContrast, ...]
    references: tuple[PublishedStudy, ...] = ()
    effort: dict[str, RunEffort]
    checkpoints: tuple[EndCheckpoint, ...] = ()
    """All end checkpoints, separately."""
    items: tuple[ItemChange, ...]
    summary: Summary
    findings: tuple[Finding, ...] = ()
    """Answers to the questions of the report, the main ones first."""
    sentences: tuple[str, ...]
    """All sentences of the findings: the answers, then their details. They state only what the intervals allow."""
    meta: Meta

    def matrix(self, name: str) -> Matrix:
        """Return the matrix of that name.

        Raises:
            AnalysisError: The result has no such matrix.
        """
        if name not in self.matrices:
            raise AnalysisError(
                f'the result has no matrix "{name}".{did_you_mean(name, self.matrices)}',
                fix=f"It has {', '.join(self.matrices)}.",
            )
        return self.matrices[name]

    @property
    def accuracy(self) -> AccuracyMatrix:
        """Accuracy of every run on every domain, which every analysis has."""
        found = self.matrices["accuracy"]
        assert isinstance(found, AccuracyMatrix)
        return found

    @property
    def has_exceptions(self) -> bool:
        """True if some cell has a narrower scope than `meta.speaks_of`."""
        return any(matrix.has_exceptions for matrix in self.matrices.values())


def result_schema() -> dict[str, Any]:
    """Return the JSON schema of the JSON export."""
    schema = AnalysisResult.model_json_schema(mode="serialization")
    add_field_docs(schema, AnalysisResult)
    return schema
