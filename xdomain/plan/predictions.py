"""Predictions of cells: which cells of a plan can be predicted, and the record of what was predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from xdomain.config.curriculum import sequence
from xdomain.config.run_id import JOINT, RunId
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.graph import Plan


class Predictor(StrEnum):
    """A way to predict cells from what is known before they are run."""

    FIRST_ORDER_TRANSFER = "first_order_transfer"
    """Inner product of the gradient of one domain at the base model with the change of the weights by another domain's
    single run. It predicts transfer and retention."""
    PROMPT_SIMILARITY = "prompt_similarity"
    """Cosine of the mean hidden states of two domains' prompts in the base model. It predicts transfer and retention.
    """
    ADDITIVE_MERGE = "additive_merge"
    """Accuracy of the sum of two single runs (base model plus both changes), minus that of the single run. It predicts
    retention."""


class Target(StrEnum):
    """A matrix whose cells are predicted. A cell belongs to an ordered pair of domains."""

    TRANSFER = "transfer"
    """transfer(first on second)"""
    RETENTION = "retention"
    """retention(first -> second), on the first domain"""


TARGETS: dict[Predictor, tuple[Target, ...]] = {
    Predictor.FIRST_ORDER_TRANSFER: (Target.TRANSFER, Target.RETENTION),
    Predictor.PROMPT_SIMILARITY: (Target.TRANSFER, Target.RETENTION),
    Predictor.ADDITIVE_MERGE: (Target.RETENTION,),
}
"""The matrices that each predictor predicts."""


@dataclass(frozen=True)
class PredictableCell:
    """A cell that a plan will measure and that can be predicted before.

    Attributes:
        target: Matrix of the cell.
        first: First domain of the pair.
        second: Second domain of the pair.
        evaluations: Keys of the evaluations that measure the cell and nothing that a predictor reads, one per seed.
    """

    target: Target
    first: str
    second: str
    evaluations: tuple[str, ...]

    @property
    def pair(self) -> tuple[str, str]:
        """The ordered pair of domains."""
        return self.first, self.second


@dataclass(frozen=True)
class PredictedCell:
    """A predicted cell.

    Attributes:
        first: First domain of the pair.
        second: Second domain of the pair.
        value: Prediction, in the unit of its predictor: the mean over seeds.
        measured_before: Whether an evaluation of the cell was finished when the prediction was written. Predictors do
            not read it, but then the prediction does not come before the measurement.
    """

    first: str
    second: str
    value: float
    measured_before: bool


@dataclass(frozen=True)
class Prediction:
    """The predictions of one predictor for the cells of one matrix.

    Attributes:
        predictor: The predictor.
        target: The matrix.
        cells: Predicted cells.
        note: Sentence on how reliable the predictor's own measurement was; "" if it has none.
    """

    predictor: Predictor
    target: Target
    cells: tuple[PredictedCell, ...]
    note: str = ""


@dataclass(frozen=True)
class Predictions:
    """The record of an experiment's predictions, which is written once.

    Attributes:
        experiment: Name of the experiment.
        written: Time of writing, ISO 8601 in UTC.
        reads: Keys of the stages that the predictors read.
        predictions: One entry per predictor and matrix.
        digest: sha256 of the other fields in canonical JSON.
    """

    experiment: str
    written: str
    reads: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    digest: str


def predictable_cells(plan: Plan) -> tuple[PredictableCell, ...]:
    """Return the cells of transfer and retention that a plan measures, over ordered pairs of its domains."""
    return tuple(_cells(plan))


def record_name(plan: Plan) -> str:
    """Return the name of the record of a plan's predictions. It depends on the predictors and the predicted cells."""
    keys = sorted(key for cell in predictable_cells(plan) for key in cell.evaluations)
    predictors = sorted(set(plan.experiment.analysis.predictors))
    return f"{plan.experiment.name}-{fingerprint({'predictors': predictors, 'evaluations': keys})[:16]}"


def _cells(plan: Plan) -> Iterator[PredictableCell]:
    keys = {(stage.checkpoint, stage.domain): stage.key for stage in plan.evaluations}
    names = plan.experiment.domain_names

    def evaluations(run: RunId, domain: str) -> tuple[str, ...]:
        return tuple(keys[stage.end, domain] for stage in plan.phase_stages if stage.run == run)

    for first in names:
        for second in names:
            if first == second:
                continue
            single = RunId(sequence([first]), JOINT)
            pair = RunId(sequence([first, second]), JOINT)
            for target, run, domain in ((Target.TRANSFER, single, second), (Target.RETENTION, pair, first)):
                found = evaluations(run, domain)
                if found:
                    yield PredictableCell(target, first, second, found)
