"""The item record: one row an evaluated item and sample. Every number of this project is computed from these."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

RECORD_SCHEMA_VERSION = 1


class Outcome(StrEnum):
    """What a verifier can say of a completion."""

    RIGHT = "right"
    WRONG = "wrong"
    MALFORMED = "malformed"
    """No answer of the demanded form could be extracted."""
    UNSCORED = "unscored"
    """The verifier itself failed (no sandbox, judge down): missing, never 0."""


@dataclass(frozen=True)
class Verdict:
    """A verifier's judgement of one completion.

    Attributes:
        outcome: right, wrong, malformed or unscored.
        score: accuracy credit in [0, 1]; None exactly when unscored.
        reason: a few words for the item browser ("equal", "no box", "timeout").
        answer: the extracted answer, None if there was none.
    """

    outcome: Outcome
    score: float | None
    reason: str = ""
    answer: str | None = None

    def __post_init__(self) -> None:
        if (self.score is None) != (self.outcome is Outcome.UNSCORED):
            raise ValueError(f"score should be None exactly when unscored. Found {self.outcome} with {self.score}.")
        if self.score is not None and not 0.0 <= self.score <= 1.0:
            raise ValueError(f"score should lie in [0, 1]. Found {self.score}.")

    @classmethod
    def right(cls, reason: str = "equal", answer: str | None = None) -> Verdict:
        return cls(Outcome.RIGHT, 1.0, reason, answer)

    @classmethod
    def wrong(cls, reason: str = "different", answer: str | None = None, score: float = 0.0) -> Verdict:
        return cls(Outcome.WRONG, score, reason, answer)

    @classmethod
    def malformed(cls, reason: str) -> Verdict:
        return cls(Outcome.MALFORMED, 0.0, reason)

    @classmethod
    def unscored(cls, reason: str) -> Verdict:
        return cls(Outcome.UNSCORED, None, reason)


@dataclass(frozen=True)
class ItemRecord:
    """One item and sample of one checkpoint, as stored in Parquet. Column order is field order."""

    stage_key: str
    """Key of the evaluation stage."""
    checkpoint: str
    """Name of the evaluated checkpoint: "<key of its train or base stage>@<step>", or a model's label in `xdomain
    eval`."""
    domain: str
    item_id: str
    """Stable within domain and split; the pairing key between checkpoints."""
    cluster_id: str
    """Items that share a context share this (the item's own id where none do)."""
    sample: int
    """0-based index of the sample of this item."""
    prompt_hash: str
    """sha256 of the prompt as the model saw it, chat template applied."""
    completion: str
    answer: str | None
    """What the verifier extracted."""
    gold: str
    score: float | None
    """Accuracy credit in [0, 1]; None when unscored."""
    outcome: str
    reason: str
    completion_tokens: int | None
    """None where an endpoint does not say."""
    finish_reason: str
    """"stop", "length" (truncated), or why there is no completion: "prompt_too_long", "refused"."""
    mean_entropy: float | None
    """Mean over completion tokens of the sampling distribution's entropy, in nats, before temperature; None where
    the backend has none."""
    scorer: str
    """Scorer id and version, "exact/1"."""
    seed: int
    """The sampling seed of this completion; `reproducibility` says what it reproduces."""
    prompt_tokens: int | None = None
    """Tokens of the prompt as the model saw it; None where the backend does not know."""
    backend: str | None = None
    """Name of the generation backend; None in records from before it was kept."""
    reproducibility: str | None = None
    """What the backend promises of `seed`, in words."""
    prefill: str | None = None
    """Reasoning tag that the prompt leaves open at its end ("<think>" and a line break), "" for none, None in records
    of earlier versions. The verifier judged `completion` after it."""


RECORD_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(ItemRecord))
