"""The contract of a generation backend: it draws completions from one checkpoint after another.

What a backend promises:

- a sample depends on the checkpoint, its prompt, its own seed and the sampling settings, never on the batch it is in,
  up to rounding; with `temperature` 0 and float32 every backend gives the same tokens;
- a completion ends at the model's end token, at a stop string (which the text then does not hold), at `max_tokens`, or
  where the model's context is full;
- a prompt that the context cannot hold is answered with `FinishReason.PROMPT_TOO_LONG`, never cut;
- logits that are not finite raise `NonFiniteLogits`: no completion of such a checkpoint means anything;
- `reproducibility` says what holds of sampled completions; it is stored with every record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from xdomain.core.errors import StageError


class FinishReason(StrEnum):
    """Why a completion ended."""

    STOP = "stop"
    """The end token, or a stop string."""
    LENGTH = "length"
    """Truncated: `max_tokens`, or the context is full."""
    PROMPT_TOO_LONG = "prompt_too_long"
    """Nothing was generated: the context cannot hold the prompt and one token."""
    REFUSED = "refused"
    """Nothing was generated: the endpoint refuses this prompt, whoever asks and however often."""


UNANSWERED = frozenset({FinishReason.PROMPT_TOO_LONG, FinishReason.REFUSED})
"""There is no completion to judge: such rows are unscored, which is missing and never 0."""


class NonFiniteLogits(StageError):
    """A checkpoint whose logits hold NaN or infinity: its evaluation fails, others go on."""


class OutOfMemory(StageError):
    """Memory does not hold even a single sequence."""


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn; `temperature` 0 is greedy."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    """A completion ends before the first of these that it holds."""


@dataclass(frozen=True)
class PromptRequest:
    """One prompt and the samples wanted of it.

    Attributes:
        token_ids: the prompt as the model sees it; () where the backend's server tokenises.
        seeds: one a sample.
        text: what `token_ids` encode.
        messages: the chat before any template, for a server that applies its own; () where none does.
    """

    token_ids: tuple[int, ...]
    seeds: tuple[int, ...]
    text: str = ""
    messages: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Completion:
    """One sampled completion.

    Attributes:
        text: without the end token or stop string.
        tokens: generated tokens, those of the end included; None where unknown.
        finish_reason: a `FinishReason`.
        mean_entropy: nats a token of the model's own distribution (before temperature and top-p); None where unknown.
        prompt_tokens: tokens of the prompt; None where unknown.
        problem: why there is no completion, for the reasons in `UNANSWERED`.
    """

    text: str
    tokens: int | None
    finish_reason: str
    mean_entropy: float | None
    prompt_tokens: int | None = None
    problem: str = ""


Answered = tuple[int, list[Completion]]
"""Place of a request, and its completions in the order of its seeds."""


@dataclass(frozen=True)
class Checkpoint:
    """What a backend is given to answer with.

    Attributes:
        name: for messages and records.
        folder: `checkpoint.json` and full weights (transformers format) or a LoRA adapter (peft format).
        tokenizer: loaded; None for an endpoint.
        dtype: torch dtype name of the weights.
        foundation: folder of the full weights below; `folder` itself for full weights.
        adapters: folders of the LoRA adapters on it, lowest first; () for full weights.
        load_model: the plain model, adapters merged, on the CPU in evaluation mode; takes time and memory.
        endpoint: address and model of an endpoint (`checkpoint.json`), {} for a model of ours.
    """

    name: str
    folder: Path
    tokenizer: Any
    dtype: str
    foundation: Path
    adapters: tuple[Path, ...]
    load_model: Callable[[], Any]
    endpoint: Mapping[str, Any]


class Backend(Protocol):
    """Draws completions. Built once for many checkpoints by `generation.build.build_backend`."""

    name: str
    reproducibility: str
    """A few words: what `seed` in a record reproduces."""

    def load(self, checkpoint: Checkpoint) -> None:
        """Answer with `checkpoint` from now on: the first call starts what is needed, a later one swaps weights in
        place where the architecture is the same."""

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[Answered]:
        """Every request's completions as they are finished, in any order.

        Args:
            requests: all of a domain that no earlier evaluation answered, each with equally many seeds.
            sampling: how to draw.
            done: places whose completions are at hand from an earlier, killed run: they are not yielded again. Batches
                are formed as if nothing were done, so that a resumed run equals an undisturbed one.

        Raises:
            NonFiniteLogits, OutOfMemory: see there.
        """

    def events(self) -> list[str]:
        """What happened since the last call that a reader of the records should know ("out of memory: batch halved
        to 8 rows")."""

    def close(self) -> None:
        """Release the model or engine."""
