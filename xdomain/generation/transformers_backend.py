"""Generation with transformers: length-sorted batches under a token budget (see `sampler`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import torch

from xdomain.config.evaluation import EvaluationConfig
from xdomain.generation.base import Answered, Checkpoint, Completion, FinishReason, PromptRequest, Sampling
from xdomain.generation.rows import Sampled
from xdomain.generation.sampler import Sampler, release_memory
from xdomain.generation.stopping import StopStrings, end_tokens


class TransformersBackend:
    """A backend that draws completions from a causal language model in this process.

    Args:
        evaluation: Evaluation settings, whose `batch_tokens` limits the prompt and completion tokens of a batch.
        device: "cpu" or "cuda".
    """

    name = "transformers"
    reproducibility = "the seed gives the same completion in any batch, up to rounding of the logits"

    def __init__(self, evaluation: EvaluationConfig, device: str) -> None:
        self._batch_tokens = evaluation.batch_tokens
        self._device = device
        self._sampler: Sampler | None = None
        self._events: list[str] = []

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend.load`."""
        self.close()  # before the next one is read: memory holds one model
        self._tokenizer = checkpoint.tokenizer
        model = checkpoint.load_model().to(self._device).eval()
        declared = getattr(model.generation_config, "eos_token_id", None)
        self._ends = frozenset(end_tokens(declared, self._tokenizer))
        with torch.inference_mode():
            self._sampler = Sampler(model, self._tokenizer, sorted(self._ends), self._batch_tokens)
        if self._sampler.slow:
            self._events.append(f"{self._sampler.slow}: prompts are answered one at a time, without a cache")

    def close(self) -> None:
        """See `Backend.close`."""
        self._sampler = None
        release_memory()

    def events(self) -> list[str]:
        """See `Backend.events`."""
        found, self._events = self._events, []
        if self._sampler is not None:
            found += self._sampler.events
            self._sampler.events = []
        return found

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[Answered]:
        """See `Backend.generate`."""
        assert self._sampler is not None
        context = self._sampler.context
        fits = []
        for position, request in enumerate(requests):
            if context is None or len(request.token_ids) < context:
                fits.append(position)
            elif position not in done:
                yield position, [too_long(request, context) for _ in request.seeds]
        watch = StopStrings(self._tokenizer, sampling.stop)
        at_hand = {index for index, position in enumerate(fits) if position in done}
        batches = self._sampler.sample([requests[position] for position in fits], sampling, at_hand)
        while (answered := self._next(batches)) is not None:
            index, rows = answered
            request = requests[fits[index]]
            yield fits[index], [self._completion(row, watch, len(request.token_ids)) for row in rows]

    @torch.inference_mode()
    def _next(self, batches: Iterator[tuple[int, list[Sampled]]]) -> tuple[int, list[Sampled]] | None:
        return next(batches, None)

    def _completion(self, row: Sampled, watch: StopStrings, prompt_tokens: int) -> Completion:
        text, stopped = watch.read(row.token_ids, self._ends)
        reason = FinishReason.STOP if stopped else FinishReason.LENGTH
        return Completion(text, len(row.token_ids), reason, row.mean_entropy, prompt_tokens)


def too_long(request: PromptRequest, context: int) -> Completion:
    """Return what stands for a completion of a prompt that does not fit into the model's context."""
    length = len(request.token_ids)
    problem = f"the prompt's {length} tokens do not fit the model's context of {context}"
    return Completion("", 0, FinishReason.PROMPT_TOO_LONG, None, length, problem)
