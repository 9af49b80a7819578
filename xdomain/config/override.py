"""Settings that differ by domain, by phase or by kind of phase: the entries of an experiment's `overrides`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from xdomain.config.evaluation import DomainEvaluation, EvaluationConfig
from xdomain.config.mistakes import RULE, mistake
from xdomain.config.model_base import ConfigModel
from xdomain.config.phases import AnyPhase, Distill, Stepless
from xdomain.config.strategy import StrategyConfig
from xdomain.config.training import PhaseTraining, TrainingConfig

PhaseKind = Literal["single", "mixture", "distill"]
ONE_QUEUE = "decides which prompts are in a domain's queue, and all phases take their prompts from one queue"
REASONS = {"max_prompt_tokens": ONE_QUEUE, "self_paced": ONE_QUEUE, "budget": "divides the steps of a whole curriculum"}
"""Reasons why a field is the same for all phases, if they are not obvious."""


def phase_kind(phase: AnyPhase) -> PhaseKind | None:
    """Return the kind of a phase; None for a merge or rollback, which has no training settings."""
    if isinstance(phase, Stepless):
        return None
    if isinstance(phase, Distill):
        return "distill"
    return "mixture" if phase.is_mixed else "single"


def _without_defaults(schema: dict[str, Any]) -> None:
    """Remove the defaults from a JSON schema, because a field that an override leaves out keeps its value."""
    for field in schema["properties"].values():
        field.pop("default", None)


class _Part(ConfigModel):
    """The fields of a section that an override sets."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    section: ClassVar[str]
    whole: ClassVar[type[ConfigModel]]
    unit: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _may_vary(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        for name in data:
            if name in cls.whole.model_fields and name not in cls.model_fields:
                reason = f": it {REASONS[name]}" if name in REASONS else ""
                what = (
                    f"`{cls.section}.{name}` is the same for every {cls.unit}{reason}. Set it under `{cls.section}`. "
                    f"These may differ: {', '.join(cls.model_fields)}."
                )
                raise mistake(RULE, what, name)
        return data

    @property
    def changes(self) -> dict[str, Any]:
        """Values of the fields that are set, keyed by field, in the order of the reference."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class TrainingOverride(_Part, PhaseTraining):
    """Training settings of the phases that an override selects. Other fields keep their value."""

    section = "training"
    whole = TrainingConfig
    unit = "phase"

    @model_validator(mode="after")
    def _numbered(self) -> TrainingOverride:
        if self.micro_batch == "auto":
            what = "`auto` is chosen once for all phases. Set it under `training`, or write a number here."
            raise mistake(RULE, what, "micro_batch")
        return self


class EvaluationOverride(_Part, DomainEvaluation):
    """Evaluation settings of the domain that an override selects. Other fields keep their value."""

    section = "evaluation"
    whole = EvaluationConfig
    unit = "domain"


class Where(ConfigModel):
    """A selection of phases, or of a domain. All conditions that are set must hold."""

    domain: str | None = None
    """Phases that train this domain. A mixture uses a setting of its domains only if they agree on it."""
    phase: int | None = Field(None, ge=1)
    """Number of the phase in its curriculum, from 1."""
    kind: PhaseKind | None = None
    """Kind of phase. single: one domain. mixture: several domains. distill: domains with teachers."""

    def selects(self, phase: AnyPhase, number: int) -> bool:
        """Return whether the conditions hold for a phase, given with its number from 1."""
        kind = phase_kind(phase)
        return (
            kind is not None
            and self.domain in (None, *phase.domains)
            and self.phase in (None, number)
            and self.kind in (None, kind)
        )

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.model_dump(exclude_none=True).items())


class Override(ConfigModel):
    """Settings of some phases or of one domain. Later entries win."""

    where: Where
    """Phases or domain that the settings are for."""
    training: TrainingOverride | None = None
    """Training settings of the selected phases."""
    strategy: StrategyConfig | None = None
    """Strategy of the selected phases, instead of those of `strategies`."""
    evaluation: EvaluationOverride | None = None
    """Evaluation settings of the domain."""

    @model_validator(mode="after")
    def _consistent(self) -> Override:
        if not self.where.model_fields_set:
            raise mistake(RULE, "should name a `domain`, a `phase` or a `kind` of phase.", "where")
        if not (self.phase_changes or self.evaluation_changes):
            raise ValueError("changes nothing. Set a field under `training` or `evaluation`, or a `strategy`.")
        if self.evaluation is not None and (self.where.domain is None or self.where.phase or self.where.kind):
            what = (
                "differs by domain only, because every checkpoint is evaluated on the same items. "
                "Write `where: {domain: NAME}`."
            )
            raise mistake(RULE, what, "evaluation")
        return self

    @property
    def phase_changes(self) -> dict[str, Any]:
        """Values of the training fields that are set, and the strategy as "strategy"."""
        found = self.training.changes if self.training else {}
        return found | ({"strategy": self.strategy} if self.strategy is not None else {})

    @property
    def evaluation_changes(self) -> dict[str, Any]:
        """Values of the evaluation fields that are set."""
        return self.evaluation.changes if self.evaluation else {}
