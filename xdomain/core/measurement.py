"""What `store` hands to `analysis`: item records with the place of every checkpoint in the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

Number = TypeVar("Number", int, float)

BASE = "base"
"""The curriculum name of the untrained (or warmed-up) model that every curriculum starts from."""


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

    A checkpoint inside a shared prefix appears once, under the prefix's own curriculum: the checkpoints of
    "math -> science" are those of its second phase; its first phase is the curriculum "math" with the same seed.

    Attributes:
        checkpoint: the value of the records' `checkpoint` column.
        curriculum: canonical text of all phases up to and with the one it lies in, "base" for the base.
        parent: curriculum that its phase started from ("base" for a single, "math" for "math -> science"); None for
            the base.
        seed: training seed; None for the base, which does not depend on it.
        phase: 1-based; 0 for the base.
        step: optimizer steps done inside the phase.
        is_end: it is the last of its phase.
        strategy: name of the training strategy in mixed phases ("joint" by default); None for the base.
        displacement: Euclidean length of the change of all weights in its phase; None where it was not recorded, as
            inside a phase.
        template: how its prompts were made of the items, where every model may have its own way; None in a grid, whose
            checkpoints all share one.
        telemetry: of every step of its phase, at the end of a mixed one; () elsewhere and where it was not recorded.
    """

    checkpoint: str
    curriculum: str
    parent: str | None
    seed: int | None
    phase: int
    step: int
    is_end: bool
    strategy: str | None = "joint"
    model: str = ""
    effort: Effort = field(default_factory=Effort)
    displacement: float | None = None
    template: str | None = None
    telemetry: tuple[StepTelemetry, ...] = ()


@dataclass(frozen=True)
class MeasuredGrid:
    """Everything that analysis works on.

    Attributes:
        experiment: its name.
        domains: evaluated domains, in file order.
        curricula: planned curricula in canonical text, in plan order, prefixes that are themselves runs included.
        seeds: planned training seeds.
        checkpoints: those that have at least one record.
        records: columns of `core.records.RECORD_COLUMNS` (completion text may be absent), one row per item and sample.
        missing: "checkpoint-name on domain" of every planned evaluation that is not in the store.
        planned: how many evaluations the plan has; None where nothing was planned, as for results from elsewhere.
        chance: accuracy of a constant or uniform answer by domain; None where unknown.
        contrasts: declared contrasts, "order(math, science) on science".
        margin: differences of accuracy smaller than this are of no interest; None if equivalence is not tested.
        budget: the budget rule, "per_phase", "per_domain" or "total"; "unknown" where the training was not ours.
        prompts: what was asked, by domain and item id; empty where the data is not here (records hold digests alone).
        description: what a reader needs to know of the run (model, steps, evaluation settings), plain JSON, shown as
            it is.
    """

    experiment: str
    domains: tuple[str, ...]
    curricula: tuple[str, ...]
    seeds: tuple[int, ...]
    checkpoints: tuple[EvaluatedCheckpoint, ...]
    records: pd.DataFrame
    missing: tuple[str, ...] = ()
    planned: int | None = None
    chance: Mapping[str, float | None] = field(default_factory=dict)
    contrasts: tuple[str, ...] = ()
    margin: float | None = None
    budget: str = "per_phase"
    prompts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    description: Mapping[str, Any] = field(default_factory=dict)
