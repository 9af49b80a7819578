"""The item record, one row per evaluated item and sample. All results are computed from these records."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

RECORD_SCHEMA_VERSION = 1


class Outcome(StrEnum):
    """The kind of a verifier's verdict about a completion."""

    RIGHT = "right"
    WRONG = "wrong"
    MALFORMED = "malformed"
    """No answer of the required form could be extracted."""
    UNSCORED = "unscored"
    """The verifier failed (no sandbox, judge down). The verdict is missing and never counts as 0."""


@dataclass(frozen=True)
class Verdict:
    """A verifier's judgement of one completion.

    Attributes:
        outcome: right, wrong, malformed or unscored.
        score: Accuracy credit in [0, 1]; None if and only if the completion is unscored.
        reason: Short text for the item browser ("equal", "no box", "timeout").
        answer: Extracted answer; None if there was none.
    """

    outcome: Outcome
    score: float | None
    reason: str = ""
    answer: str | None = None

    def __post_init__(self) -> None:
        if (self.score is None) != (self.outcome is Outcome.UNSCORED):
            raise ValueError(f"score should be None exactly when unscored. Found {self.outcome} with {self.score}.")
        if self.score is not None and not 0.0 <= self.score <= 1.0:
            raise ValueError(f"score should be from 0 to 1. Found {self.score}.")

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
    """Id of the item, which is stable within domain and split. It pairs the records of different checkpoints."""
    cluster_id: str
    """Group of items that share a context. Without a shared context, it is the item's own id."""
    sample: int
    """0-based index of the sample of this item."""
    prompt_hash: str
    """sha256 of the prompt that the model got, after the chat template."""
    completion: str
    answer: str | None
    """Answer that the verifier extracted; None if there was none."""
    gold: str
    score: float | None
    """Accuracy credit in [0, 1]; None when unscored."""
    outcome: str
    reason: str
    completion_tokens: int | None
    """Number of completion tokens; None if an endpoint does not report it."""
    finish_reason: str
    """"stop", "length" (truncated), or the reason why there is no completion: "prompt_too_long", "refused"."""
    mean_entropy: float | None
    """Entropy of the sampling distribution before temperature, in nats, averaged over completion tokens; None if the
    backend does not report it."""
    scorer: str
    """Id and version of the verifier, such as "exact/1"."""
    seed: int
    """Sampling seed of this completion. `reproducibility` describes what it reproduces."""
    prompt_tokens: int | None = None
    """Number of tokens in the prompt that the model got; None if the backend does not report it."""
    backend: str | None = None
    """Name of the generation backend; None in records of earlier versions."""
    reproducibility: str | None = None
    """Description of what the backend reproduces for the same `seed`."""
    prefill: str | None = None
    """Reasoning tag that is open at the end of the prompt ("<think>" and a line break); "" if there is none, and None
    in records of earlier versions. The verifier judged `completion` with this tag in front."""


RECORD_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(ItemRecord))
