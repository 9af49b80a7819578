"""What was measured of a plan, or of models side by side: item records with the place of every checkpoint.

`store` makes it of a grid's artifacts, `analysis` of files from elsewhere; every matrix is computed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from xdomain.config.analysis import Quantity
from xdomain.config.run_id import RunId

if TYPE_CHECKING:
    import pandas as pd

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Effort:
    """What was spent from the base to a checkpoint, earlier phases included. None = not recorded."""

    steps: int | None = 0
    """Optimizer steps."""
    prompts: int | None = 0
    """Prompts consumed by those steps."""
    completion_tokens: int | None = 0
    """Generated tokens."""
    informative_groups: int | None = 0
    """Prompt groups whose rewards were not all equal: only these carry gradient."""

    seconds: float | None = 0.0
    """Wall time of those steps, rollouts included, on the machine that ran them."""

    update_processor_seconds: float | None = 0.0
    """Processor time of those steps without their rollouts, all threads of the first process."""

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
        )


UNRECORDED = Effort(None, None, None, None, None, None)
"""Of a model that was trained elsewhere, or by a version that did not record it."""


@dataclass(frozen=True)
class StepTelemetry:
    """What one step of a mixed phase says of its domains' gradients.

    Attributes:
        cosine: of each pair "a|b" of gradients, None where one is 0; {} on a step that telemetry did not look at.
        gradient_share: of each domain in the rollout, its part of the sum of |advantage| x tokens, None where that sum
            is 0; {} on a step that reuses a rollout.
    """

    cosine: Mapping[str, float | None]
    gradient_share: Mapping[str, float | None]


@dataclass(frozen=True)
class EvaluatedCheckpoint:
    """One checkpoint and its place in the grid.

    A checkpoint inside a shared prefix appears once, under the prefix's own run: the checkpoints of "math -> science"
    are those of its second phase; its first phase is the run "math" with the same seed.

    Attributes:
        checkpoint: the value of the records' `checkpoint` column.
        run: all phases up to and with the one it lies in, with their strategy; or a model that is only compared.
        seed: training seed; None for the base, which does not depend on it, and for a model that is only compared.
        step: optimizer steps done inside the phase.
        is_end: it is the last of its phase.
        parent: run that its phase started from; None where only its curriculum says so, and for the base.
        displacement: Euclidean length of the change of all weights in its phase; None where it was not recorded, as
            inside a phase.
        template: how its prompts were made of the items, where every model may have its own way; None in a grid, whose
            checkpoints all share one.
        telemetry: of every step of its phase, at the end of a mixed one; () elsewhere and where it was not recorded.
    """

    checkpoint: str
    run: RunId
    seed: int | None = None
    step: int = 0
    is_end: bool = True
    parent: RunId | None = None
    model: str = ""
    effort: Effort = field(default_factory=Effort)
    displacement: float | None = None
    template: str | None = None
    telemetry: tuple[StepTelemetry, ...] = ()


@dataclass(frozen=True)
class MeasuredGrid:
    """Everything that analysis works on: the runs of an experiment, or a comparison of models.

    A comparison knows models by name alone: no curriculum, seed, plan or budget.

    Attributes:
        experiment: its name.
        domains: evaluated domains, in file order.
        runs: planned runs in the order of rows, those that others start from included, the base left out.
        checkpoints: those that have at least one record.
        records: columns of `core.records.RECORD_COLUMNS` (completion text may be absent), one row per item and sample.
        seeds: planned training seeds.
        missing: title of every planned evaluation that is not in the store.
        failed: why an evaluation failed, by run and domain, where that is to be shown.
        planned: how many evaluations the plan has; None where nothing was planned, as for results from elsewhere.
        chance: accuracy of a constant or uniform answer by domain; None where unknown.
        contrasts: declared contrasts.
        estimands: names of matrices from other packages to compute.
        margin: differences of accuracy smaller than this are of no interest; None if equivalence is not tested.
        budget: the budget rule, "per_phase", "per_domain" or "total"; None where the training was not ours.
        prompts: what was asked, by domain and item id; empty where the data is not here (records hold digests alone).
        description: what a reader needs to know of the run (model, steps, evaluation settings), plain JSON, shown as
            it is.
        statements: sentences that every format of the report carries, such as what trained the checkpoints.
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

    @property
    def measured_runs(self) -> tuple[RunId, ...]:
        return tuple(dict.fromkeys(checkpoint.run for checkpoint in self.checkpoints))

    @property
    def is_comparison(self) -> bool:
        """Whether it holds models of which nobody says what they were trained on."""
        return bool(self.runs) and all(run.curriculum is None for run in self.runs)
