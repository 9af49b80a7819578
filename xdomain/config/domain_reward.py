"""What a verdict is paid: values, a format gate and a length term. Rewards never change an accuracy."""

from __future__ import annotations

from pydantic import Field, field_validator

from xdomain.config.model_base import ConfigModel


class FormatGate(ConfigModel):
    """A completion that is not `<think>...</think><answer>...</answer>` gets `value`, whatever its answer."""

    think_tag: str | None = "think"
    """Name of the tag round the reasoning; None demands none."""
    answer_tag: str | None = "answer"
    """Name of the tag round the answer; None demands none."""
    value: float = -1.0


class LengthTerm(ConfigModel):
    """Takes `per_character * min(abs(len(answer) - len(gold)), cap)` off the reward of a right answer."""

    per_character: float = Field(default=0.05, ge=0)
    cap: int = Field(default=10, ge=0)
    """In characters."""


class RewardShape(ConfigModel):
    """Values by verdict. An unscored completion has no reward at all."""

    right: float = 1.0
    wrong: float = 0.0
    tie: float | None = None
    """For the tie of a pairwise judge (score 0.5); None pays it as wrong."""
    malformed: float = 0.0
    graded: bool = False
    """Pay every answer by its credit c, `wrong + c * (right - wrong)`, whether it counts as right or not: for judges
    whose credit is a share (`criteria_judge`, and `rubric_judge` with `graded: true`)."""
    gate: FormatGate | None = None
    length: LengthTerm | None = None


class RewardPreset(ConfigModel):
    """A published reward table: one shape a kind of task, and which verifier takes which."""

    source: str
    """Paper and section."""
    tables: dict[str, RewardShape]
    by_verifier: dict[str, str]
    """Verifier kind to table name; "default" serves the rest."""

    @field_validator("by_verifier")
    @classmethod
    def has_default(cls, by_verifier: dict[str, str]) -> dict[str, str]:
        if "default" not in by_verifier:
            raise ValueError("should name a table for `default`.")
        return by_verifier
