"""Measurements of a plan or of a comparison: item records, and the position of each checkpoint in the grid.

`store` creates them from a grid's artifacts, `analysis` from imported files. All matrices are computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from xdomain.config.analysis import Quantity
from xdomain.config.run_id import RunId
from xdomain.plan.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd

    from xdomain.plan.alarms.looks import StageLooks

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Effort:
    """Amounts spent from the base model to a checkpoint, including earlier phases. None means not recorded."""

    steps: int | None = 0
    """Optimizer steps."""
    prompts: int | None = 0
    """Prompts consumed by those steps."""
    completion_tokens: int | None = 0
    """Generated tokens."""
    informative_groups: int | None = 0
    """Prompt groups whose rewards differ. Only these contribute to the gradient."""

    seconds: float | None = 0.0
    """Wall time of those steps on the machine that ran them, including rollouts."""

    update_processor_seconds: float | None = 0.0
    """Processor time of those steps without rollouts, over all threads of the first process."""

    taught_tokens: int | None = 0
    """Tokens whose distribution a teacher gave, in distillations."""

    teacher_passes: int | None = 0
    """Completions that a teacher read, in distillations."""

    def plus(self, other: Effort) -> Effort:
        def add(a: Number | None, b: Number | None) -> Number | None:
            return None if a is None or b is None else a + b

        return Effort(
            add(self.steps, other.steps),
            add(self.prompts, other.prompts),
            add(self.completion_tokens, other.completion_tokens),
            add(self.informative_groups, other.informative_groups),
            add(self.seconds, other.seconds),
            add(self.update_processor_seconds, other.update_processor_seconds),
            add(self.taught_tokens, other.taught_tokens),
            add(self.teacher_passes, other.teacher_passes),
        )


UNRECORDED = Effort(None, None, None, None, None, None, None, None)
"""Effort of a model that was trained elsewhere, or by a version that did not record it."""


@dataclass(frozen=True)
class StepTelemetry:
    """Telemetry of the domains' gradients in one step of a mixed phase.

    Attributes:
        cosine: Cosine of each pair "a|b" of gradients, None if one of them is 0. It is {} for a step that telemetry
            skipped.
        gradient_share: Share of each domain of the rollout in the sum of |advantage| x tokens, None if that sum is 0.
            It is {} for a step that reuses a rollout.
    """

    cosine: Mapping[str, float | None]
    gradient_share: Mapping[str, float | None]


@dataclass(frozen=True)
class DevChoice:
    """A setting that a stage chose on dev items.

    Attributes:
        value: The chosen value.
        tried: Each candidate with its mean accuracy over the domains' dev items.
    """

    value: float
    tried: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class EvaluatedCheckpoint:
    """One checkpoint and its position in the grid.

    A checkpoint inside a shared prefix appears once, under the prefix's run. The checkpoints of "math -> science" are
    those of its second phase; its first phase is the run "math" with the same seed.

    Attributes:
        checkpoint: Value of the records' `checkpoint` column.
        run: Phases up to and including the checkpoint's phase, with their strategy; or a compared model.
        seed: Training seed; None for the base model, which does not depend on it, and for compared models.
        step: Optimizer steps done inside the phase.
        is_end: True if it is the last checkpoint of its phase.
        parent: Run that its phase started from. None for the base model, and if only the curriculum names the parent.
        added: Amounts of the stages below the checkpoint that no other run of the plan rests on; None if there was no
            plan, and for a checkpoint that is not the end of a planned run.
        displacement: Euclidean length of the change of all weights in its phase. None if it was not recorded, which
            includes all checkpoints inside a phase.
        template: Name of the way prompts were made from items, if models may differ in it. None in a grid, whose
            checkpoints all share one template.
        telemetry: Telemetry of each step of its phase, if it is the end of a mixed phase. Otherwise, and if it was not
            recorded, ().
        looks: Looks of its phase's alarms, if it is the end of a phase that was monitored; else None.
        refreshes: Whether an alarm called for a refresh of each monitored domain; {} if no refresh was planned.
        choice: Choice of its stage on dev items, if it made one; else None.
    """

    checkpoint: str
    run: RunId
    seed: int | None = None
    step: int = 0
    is_end: bool = True
    parent: RunId | None = None
    model: str = ""
    effort: Effort = field(default_factory=Effort)
    added: Effort | None = None
    displacement: float | None = None
    template: str | None = None
    telemetry: tuple[StepTelemetry, ...] = ()
    looks: StageLooks | None = None
    refreshes: Mapping[str, bool] = field(default_factory=dict)
    choice: DevChoice | None = None


@dataclass(frozen=True)
class MeasuredGrid:
    """All input of the analysis: the runs of an experiment, or a comparison of models.

    A comparison only knows the names of models. It has no curriculum, seed, plan or budget.

    Attributes:
        experiment: Name of the experiment.
        domains: Evaluated domains, in file order.
        runs: Planned runs in the order of rows, including those that others start from, excluding the base model.
        checkpoints: Checkpoints with at least one record.
        records: Columns of `core.records.RECORD_COLUMNS` (completion text may be absent), one row per item and sample.
        seeds: Planned training seeds.
        missing: Title of each planned evaluation that is not in the store.
        failed: Reason of each failed evaluation that should be shown, keyed by run and domain.
        planned: Number of evaluations in the plan; None if there was no plan, as for imported results.
        chance: Accuracy of constant or uniform guessing, keyed by domain; None if unknown.
        contrasts: Declared contrasts.
        estimands: Names of matrices from other packages to compute.
        margin: Differences of accuracy smaller than this are negligible; None if equivalence is not tested.
        budget: Budget rule: "per_phase", "per_domain" or "total"; None if the training was not run by xdomain.
        prompts: Prompt text, keyed by domain and item id. It is empty if the data is not available, because records
            hold digests only.
        statements: Sentences that the report prints, such as what trained the checkpoints.
        declared: Runs whose checkpoints the user declared; some seeds of them may have been trained here.
        predictions: Predictions that were stored for its cells; None if there are none.
        description: Facts about the run that a reader needs (model, steps, evaluation settings), as plain JSON that is
            shown unchanged.
    """

    experiment: str
    domains: tuple[str, ...]
    runs: tuple[RunId, ...]
    checkpoints: tuple[EvaluatedCheckpoint, ...]
    records: pd.DataFrame
    seeds: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    failed: Mapping[tuple[RunId, str], str] = field(default_factory=dict)
    planned: int | None = None
    chance: Mapping[str, float | None] = field(default_factory=dict)
    contrasts: tuple[Quantity, ...] = ()
    estimands: tuple[str, ...] = ()
    margin: float | None = None
    budget: str | None = None
    prompts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    description: Mapping[str, Any] = field(default_factory=dict)
    statements: tuple[str, ...] = ()
    declared: tuple[RunId, ...] = ()
    predictions: Predictions | None = None

    @property
    def measured_runs(self) -> tuple[RunId, ...]:
        return tuple(dict.fromkeys(checkpoint.run for checkpoint in self.checkpoints))

    @property
    def is_comparison(self) -> bool:
        """True if it holds models whose training is unknown."""
        return bool(self.runs) and all(run.curriculum is None for run in self.runs)
