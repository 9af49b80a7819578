"""Generate with transformers: length-sorted batches under a token budget, one prefill for all samples of a prompt.

`model.generate` draws a whole batch from one global generator, so a completion would depend on its neighbours. Here
every sample has its own stream of uniform numbers and chooses its tokens by the inverse distribution function. So the
same seed gives the same completion in any batch, up to rounding of the logits. Finished rows leave the batch. Models
whose cache cannot be shared in this way are answered with one prompt per batch and without a cache (`decoding`).
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import torch

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.model_context import context_of
from xdomain.generation.base import (
    Answered,
    Checkpoint,
    Completion,
    FinishReason,
    NonFiniteLogits,
    OutOfMemory,
    PromptRequest,
    Sampling,
)
from xdomain.generation.batches import budgeted, halves, is_out_of_memory
from xdomain.generation.choice import choose, uniform_numbers
from xdomain.generation.decoding import NewDecoder, fitting
from xdomain.generation.rows import Rows
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
        self._checkpoint: Checkpoint | None = None
        self._model: Any = None
        self._new_decoder: NewDecoder | None = None
        self._events: list[str] = []
        self._most_rows: int | None = None
        """Largest number of rows that fit into memory, once it ran out."""

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend.load`."""
        self.close()  # before the next model is read, so that memory holds only one
        self._checkpoint, self._tokenizer = checkpoint, checkpoint.tokenizer
        self._model = checkpoint.load_model().to(self._device).eval()
        declared = getattr(self._model.generation_config, "eos_token_id", None)
        self._ends = torch.tensor(end_tokens(declared, self._tokenizer), device=self._model.device)
        self._context = context_of(self._model.config)
        self._new_decoder, slow = fitting(self._model, self._tokenizer.pad_token_id)
        self._alone = bool(slow)
        if slow:
            self._events.append(f"{slow}: prompts are answered one at a time, without a cache")

    def close(self) -> None:
        self._model = self._checkpoint = self._new_decoder = None
        release_memory()

    def events(self) -> list[str]:
        found, self._events = self._events, []
        return found

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[Answered]:
        """See `Backend.generate`."""
        fits = []
        for place, request in enumerate(requests):
            if self._context is None or len(request.token_ids) < self._context:
                fits.append(place)
            elif place not in done:
                yield place, self._too_long(request)
        batches = budgeted(requests, fits, self._batch_tokens, sampling.max_tokens)
        for places in ([place] for place in fits) if self._alone else batches:
            if all(place in done for place in places):
                continue
            found = self._within_memory([requests[place] for place in places], sampling)
            for place, completions in zip(places, found, strict=True):
                if place not in done:
                    yield place, completions

    def _too_long(self, request: PromptRequest) -> list[Completion]:
        length = len(request.token_ids)
        problem = f"the prompt's {length} tokens do not fit the model's context of {self._context}"
        return [Completion("", 0, FinishReason.PROMPT_TOO_LONG, None, length, problem) for _ in request.seeds]

    def _within_memory(self, requests: Sequence[PromptRequest], sampling: Sampling) -> list[list[Completion]]:
        """Return the completions of a batch, which is divided in halves if memory does not hold it.

        Raises:
            OutOfMemory: Memory does not hold even a single row.
        """
        rows = sum(len(request.seeds) for request in requests)
        parts = halves(requests) if self._most_rows is not None and rows > self._most_rows else None
        if parts is None:
            try:
                return self._batch(requests, sampling)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            # Outside of the exception handler, whose traceback would keep the batch's tensors.
            release_memory()
            parts = halves(requests)
            if parts is None:
                raise OutOfMemory(
                    f"memory does not hold one sequence of {len(requests[0].token_ids)} prompt and up to "
                    f"{sampling.max_tokens} completion tokens.",
                    fix="Lower evaluation.max_completion_tokens, or use a machine with more memory.",
                )
            self._most_rows = max(1, rows // 2)
            self._events.append(f"out of memory with {rows} sequences in a batch: halved to {self._most_rows}")
        first, second = (self._within_memory(part, sampling) for part in parts)
        # The halves hold samples of one request, or different requests.
        return [first[0] + second[0]] if len(requests) == 1 else first + second

    @torch.inference_mode()
    def _batch(self, requests: Sequence[PromptRequest], sampling: Sampling) -> list[list[Completion]]:
        samples = len(requests[0].seeds)
        assert self._new_decoder is not None
        decoder = self._new_decoder()
        logits = decoder.begin(requests, samples)
        noise = uniform_numbers([seed for request in requests for seed in request.seeds], sampling, self._model.device)
        watch = StopStrings(self._tokenizer, sampling.stop)
        state = Rows(requests, sampling, self._context, logits.device)
        rows = torch.arange(state.count, device=logits.device)  # the rows that are still in the batch
        for position in range(sampling.max_tokens):
            chosen, entropy = choose(logits, sampling, None if noise is None else noise[rows, position])
            self._check_finite(entropy, position)
            alive = state.add(rows, chosen, entropy, position, self._ends, watch)
            if position + 1 == sampling.max_tokens or not bool(alive.any()):
                break
            if int(alive.sum()) * 2 <= len(rows):
                keep = alive.nonzero().squeeze(1)
                decoder.select(keep)
                rows, chosen = rows[keep], chosen[keep]
            logits = decoder.step(chosen)
        flat = state.completions(watch, frozenset(self._ends.tolist()))
        return [flat[start : start + samples] for start in range(0, len(flat), samples)]

    def _check_finite(self, entropy: torch.Tensor, position: int) -> None:
        if bool(torch.isfinite(entropy).all()):
            return
        named = [name for name, weight in self._model.named_parameters() if not bool(torch.isfinite(weight).all())]
        if named:
            detail = f'{len(named)} of its weights hold NaN or infinity, the first is "{named[0]}".'
            fix = None
        else:
            detail, fix = "Its weights are finite.", f"{self._model.dtype} overflows: evaluate it in float32."
        raise NonFiniteLogits(
            f"the model's logits are not finite at completion token {position + 1}. {detail}", fix=fix
        )


def release_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
