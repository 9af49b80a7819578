"""Batches of completions from a loaded model of transformers; evaluation and training's batched rollouts use it.

`model.generate` draws a whole batch from one global generator, so a completion would depend on its neighbours. Here
every sample has its own stream of uniform numbers and picks its tokens by inverse distribution function: the same seed
gives the same completion in any batch, up to rounding of the logits. A prompt is read once for all its samples, and
finished rows leave the batch. Models whose cache cannot be shared in this way are answered one prompt per batch,
without a cache (`decoding`).
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import torch

from xdomain.core.model_context import context_of
from xdomain.generation.base import NonFiniteLogits, OutOfMemory, PromptRequest, Sampling
from xdomain.generation.batches import budgeted, halves, is_out_of_memory
from xdomain.generation.choice import choose, uniform_numbers
from xdomain.generation.decoding import fitting
from xdomain.generation.rows import Rows, Sampled
from xdomain.generation.stopping import StopStrings


class Sampler:
    """Draws token ids from one model.

    Args:
        model: A causal language model of transformers. Its weights may change between calls.
        tokenizer: Its tokenizer, which finds stop strings and pads.
        ends: Ids of the tokens that end a completion.
        batch_tokens: Largest number of prompt and completion tokens in a batch; None puts everything in one batch.
    """

    def __init__(self, model: Any, tokenizer: Any, ends: Sequence[int], batch_tokens: int | None) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._ends = torch.tensor(sorted(ends), device=model.device)
        self._batch_tokens = batch_tokens
        self.context = context_of(model.config)
        self._new_decoder, self.slow = fitting(model, tokenizer.pad_token_id)
        """`slow` is the reason why prompts are answered one at a time, or "" if they are not."""
        self._most_rows: int | None = None
        """What memory holds, once it ran out."""
        self.events: list[str] = []
        """Each time that memory ran out, in words."""

    def sample(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[tuple[int, list[Sampled]]]:
        """Yield the position of each request and its completions in the order of its seeds, batch by batch.

        Args:
            requests: Prompts that fit into the model's context.
            sampling: Settings of the draws.
            done: Positions that need no answer. Batches are formed as if they did.

        Raises:
            NonFiniteLogits: The model's logits hold NaN or infinity.
            OutOfMemory: Memory does not hold a single row.
        """
        everything = range(len(requests))
        if self.slow:
            batches: Iterator[list[int]] = ([position] for position in everything)
        elif self._batch_tokens is None:
            batches = iter([list(everything)])
        else:
            batches = budgeted(requests, everything, self._batch_tokens, sampling.max_tokens)
        for positions in batches:
            if all(position in done for position in positions):
                continue
            found = self._within_memory([requests[position] for position in positions], sampling)
            yield from ((p, rows) for p, rows in zip(positions, found, strict=True) if p not in done)

    def _within_memory(self, requests: Sequence[PromptRequest], sampling: Sampling) -> list[list[Sampled]]:
        """Answer a batch, in halves where memory does not hold it whole."""
        rows = sum(len(request.seeds) for request in requests)
        parts = halves(requests) if self._most_rows is not None and rows > self._most_rows else None
        if parts is None:
            try:
                return self._batch(requests, sampling)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            # Outside of the handler, whose traceback would keep the batch's tensors.
            release_memory()
            parts = halves(requests)
            if parts is None:
                raise OutOfMemory(
                    f"memory does not hold one sequence of {len(requests[0].token_ids)} prompt and up to "
                    f"{sampling.max_tokens} completion tokens.",
                    fix="Lower max_completion_tokens, or use a machine with more memory.",
                )
            self._most_rows = max(1, rows // 2)
            self.events.append(f"out of memory with {rows} sequences in a batch: halved to {self._most_rows}")
        first, second = (self._within_memory(part, sampling) for part in parts)
        # The samples of one request, or those of different ones.
        return [first[0] + second[0]] if len(requests) == 1 else first + second

    @torch.no_grad()
    def _batch(self, requests: Sequence[PromptRequest], sampling: Sampling) -> list[list[Sampled]]:
        decoder = self._new_decoder()
        logits = decoder.begin(requests)
        noise = uniform_numbers([seed for request in requests for seed in request.seeds], sampling, logits.device)
        watch = StopStrings(self._tokenizer, sampling.stop)
        state = Rows(requests, sampling, self.context, logits.device)
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
        flat = iter(state.sampled())
        return [[next(flat) for _ in request.seeds] for request in requests]

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
    """Return unused memory to the system and to the GPU."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
