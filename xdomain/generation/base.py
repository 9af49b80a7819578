"""The contract of a generation backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn; `temperature` 0 is greedy."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0


@dataclass(frozen=True)
class PromptRequest:
    """One prompt and the samples wanted of it.

    Attributes:
        token_ids: the prompt as the model sees it.
        seeds: one a sample; a sample depends on its own seed, never on what else is in the batch
            (up to rounding, which differs between batch shapes).
    """

    token_ids: tuple[int, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Completion:
    """One sampled completion.

    Attributes:
        text: without the end token.
        tokens: with it.
        finish_reason: "stop" or "length".
        mean_entropy: nats a token of the model's own distribution (before temperature and top-p); None where unknown.
    """

    text: str
    tokens: int
    finish_reason: str
    mean_entropy: float | None


class Backend(Protocol):
    """Draws completions from one loaded model."""

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, progress: Callable[[int], None]
    ) -> list[list[Completion]]:
        """Completions of every request, in order of requests and seeds; `progress` gets finished requests so far."""
