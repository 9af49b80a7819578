"""The contract of a generation backend, which draws completions from one checkpoint after another.

A backend promises:

- A sample depends on the checkpoint, its prompt, its own seed and the sampling settings. It does not depend on its
  batch, up to rounding. With `temperature` 0 and float32 every backend gives the same tokens.
- A completion ends at the model's end token, at a stop string (which the text leaves out), at `max_tokens`, or when the
  model's context is full.
- A prompt that does not fit the context is answered with `FinishReason.PROMPT_TOO_LONG` and never cut.
- Logits that are not finite raise `NonFiniteLogits`, since completions of such a checkpoint mean nothing.
- `reproducibility` describes how far sampled completions can be reproduced. It is stored with every record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from xdomain.core.errors import StageError


class FinishReason(StrEnum):
    """Reason why a completion ended."""

    STOP = "stop"
    """The completion ended at the end token or at a stop string."""
    LENGTH = "length"
    """The completion was truncated at `max_tokens` or because the context was full."""
    PROMPT_TOO_LONG = "prompt_too_long"
    """Nothing was generated, since the prompt and one token do not fit the context."""
    REFUSED = "refused"
    """Nothing was generated, since the endpoint refuses this prompt every time."""


UNANSWERED = frozenset({FinishReason.PROMPT_TOO_LONG, FinishReason.REFUSED})
"""Reasons without a completion to judge. Such rows are unscored: their score is missing, not 0."""


class NonFiniteLogits(StageError):
    """Error for a checkpoint whose logits hold NaN or infinity. Its evaluation fails, and others continue."""


class OutOfMemory(StageError):
    """Error for memory that does not hold even a single sequence."""


@dataclass(frozen=True)
class Sampling:
    """Settings with which completions are drawn. `temperature` 0 is greedy."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    """Stop strings. A completion ends before the first one that it contains."""


@dataclass(frozen=True)
class PromptRequest:
    """One prompt and the samples to draw for it.

    Attributes:
        token_ids: Token ids of the prompt as the model sees it; () if a server tokenises it.
        seeds: Seed of each sample.
        text: Text that `token_ids` encode.
        messages: Chat messages for a server that applies its own template; () for other backends.
    """

    token_ids: tuple[int, ...]
    seeds: tuple[int, ...]
    text: str = ""
    messages: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Completion:
    """One sampled completion.

    Attributes:
        text: Text without the end token or stop string.
        tokens: Number of generated tokens, including the end token or stop string; None if unknown.
        finish_reason: Reason why it ended.
        mean_entropy: Mean entropy of the model's own distribution (before temperature and top-p) in nats per token;
            None if unknown.
        prompt_tokens: Number of tokens in the prompt; None if unknown.
        problem: Explanation of a missing completion, for the reasons in `UNANSWERED`.
    """

    text: str
    tokens: int | None
    finish_reason: str
    mean_entropy: float | None
    prompt_tokens: int | None = None
    problem: str = ""


Answered = tuple[int, list[Completion]]
"""Index of a request, and its completions in the order of its seeds."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in the form that backends take.

    Attributes:
        name: Name for messages and records.
        folder: Folder with `checkpoint.json` and full weights (transformers format) or a LoRA adapter (peft format).
        tokenizer: Loaded tokenizer; None for an endpoint.
        dtype: Torch dtype name of the weights.
        foundation: Folder of the full weights; equal to `folder` without adapters.
        adapters: Folders of the LoRA adapters on `foundation`, lowest first; () for full weights.
        load_model: Function that loads the plain model with merged adapters, on the CPU in evaluation mode. It takes
            time and memory.
        endpoint: Address and model of an endpoint (`checkpoint.json`); {} for a checkpoint with weights.
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
    """A generator of completions, built once for many checkpoints by `generation.build.build_backend`."""

    name: str
    reproducibility: str
    """Short description of what the `seed` of a record reproduces."""

    def load(self, checkpoint: Checkpoint) -> None:
        """Answer with `checkpoint` from now on.

        The first call starts the engine. A later call swaps weights in place if the architecture is the same.
        """

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[Answered]:
        """Yield each request's completions once they are finished, in any order.

        Args:
            requests: All requests of a domain that no earlier evaluation answered, each with the same number of seeds.
            sampling: Settings with which to draw.
            done: Indices of requests whose completions a killed attempt stored. They are not yielded again. Batches are
                formed as if nothing were done, so that a resumed evaluation equals one without interruption.

        Raises:
            NonFiniteLogits: The checkpoint's logits hold NaN or infinity.
            OutOfMemory: Memory does not hold even a single sequence.
        """

    def events(self) -> list[str]:
        """Return incidents since the last call that readers of the records should know.

        An example is "out of memory: batch halved to 8 rows".
        """

    def close(self) -> None:
        """Release the model or engine."""
