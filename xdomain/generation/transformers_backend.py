"""Generation with transformers: length-sorted batches under a token budget, one prefill for all samples of a prompt.

`model.generate` draws a whole batch from one global generator, so a completion would depend on its neighbours. Here
every
sample has its own stream of uniform numbers and picks its tokens by inverse distribution function: the same seed
gives the
same completion in any batch, up to rounding of the logits. Rows that are finished leave the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from xdomain.core.errors import StageError
from xdomain.generation.base import Completion, PromptRequest, Sampling


class TransformersBackend:
    """Draws completions from a loaded causal language model.

    Args:
        model: on its device, in evaluation mode.
        tokenizer: its pad token may be any; padding is masked.
        batch_tokens: prompt and completion tokens that a batch holds at most.
    """

    def __init__(self, model: Any, tokenizer: Any, batch_tokens: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._batch_tokens = batch_tokens
        ends = getattr(model.generation_config, "eos_token_id", None)
        ends = ends if isinstance(ends, list) else [ends]
        self._ends = torch.tensor(sorted({*ends, tokenizer.eos_token_id} - {None}), device=model.device)

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, progress: Callable[[int], None]
    ) -> list[list[Completion]]:
        """See `Backend.generate`.

        Raises:
            StageError: the model gives logits that are not finite.
        """
        found: list[list[Completion]] = [[] for _ in requests]
        done = 0
        for places in self._batches(requests, sampling.max_tokens):
            for place, completions in zip(places, self._batch([requests[p] for p in places], sampling), strict=True):
                found[place] = completions
            done += len(places)
            progress(done)
        return found

    def _batches(self, requests: Sequence[PromptRequest], max_tokens: int) -> Iterator[list[int]]:
        """Places of requests, longest first (so that running out of memory shows at once), batch by batch."""
        batch: list[int] = []
        rows = longest = 0
        for place in sorted(range(len(requests)), key=lambda p: (-len(requests[p].token_ids), p)):
            request = requests[place]
            longest = max(longest, len(request.token_ids))
            if batch and (rows + len(request.seeds)) * (longest + max_tokens) > self._batch_tokens:
                yield batch
                batch, rows, longest = [], 0, len(request.token_ids)
            batch.append(place)
            rows += len(request.seeds)
        if batch:
            yield batch

    @torch.inference_mode()
    def _batch(self, requests: Sequence[PromptRequest], sampling: Sampling) -> list[list[Completion]]:
        samples = len(requests[0].seeds)
        mask, logits, cache = self._prefill(requests, samples)
        noise = self._noise([seed for request in requests for seed in request.seeds], sampling)
        count = len(logits)
        tokens = torch.full((count, sampling.max_tokens), -1, dtype=torch.long, device=logits.device)
        entropies = torch.zeros(count, dtype=torch.float32, device=logits.device)
        lengths = torch.zeros(count, dtype=torch.long, device=logits.device)
        stopped = torch.zeros(count, dtype=torch.bool, device=logits.device)
        rows = torch.arange(count, device=logits.device)  # the rows that are still in the batch
        for position in range(sampling.max_tokens):
            alive = ~stopped[rows]
            chosen, entropy = self._choose(logits, sampling, None if noise is None else noise[rows, position])
            tokens[rows[alive], position] = chosen[alive]
            entropies[rows[alive]] += entropy[alive]
            lengths[rows[alive]] += 1
            stopped[rows] |= torch.isin(chosen, self._ends)
            alive = ~stopped[rows]
            if position + 1 == sampling.max_tokens or not bool(alive.any()):
                break
            if int(alive.sum()) * 2 <= len(rows):
                keep = alive.nonzero().squeeze(1)
                cache.batch_select_indices(keep)
                rows, mask, chosen = rows[keep], mask[keep], chosen[keep]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            output = self._model(
                input_ids=chosen.unsqueeze(1),
                attention_mask=mask,
                position_ids=mask.sum(dim=1, keepdim=True) - 1,
                past_key_values=cache,
                use_cache=True,
            )
            logits = output.logits[:, -1]
        return self._completions(tokens, lengths, stopped, entropies, samples)

    def _prefill(self, requests: Sequence[PromptRequest], samples: int) -> tuple[torch.Tensor, torch.Tensor, Any]:
        """Attention mask [rows, width], next-token logits [rows, vocabulary] and cache, rows = requests x samples."""
        width = max(len(request.token_ids) for request in requests)
        device = self._model.device
        ids = torch.full((len(requests), width), self._tokenizer.pad_token_id, dtype=torch.long)
        mask = torch.zeros((len(requests), width), dtype=torch.long)
        for row, request in enumerate(requests):
            ids[row, width - len(request.token_ids) :] = torch.tensor(request.token_ids)
            mask[row, width - len(request.token_ids) :] = 1
        mask = mask.to(device)
        output = self._model(
            input_ids=ids.to(device),
            attention_mask=mask,
            position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0),
            use_cache=True,
            logits_to_keep=1,
        )
        cache, logits = output.past_key_values, output.logits[:, -1]
        if samples > 1:
            cache.batch_repeat_interleave(samples)
            mask, logits = mask.repeat_interleave(samples, dim=0), logits.repeat_interleave(samples, dim=0)
        return mask, logits, cache

    def _noise(self, seeds: Sequence[int], sampling: Sampling) -> torch.Tensor | None:
        """Uniform numbers [rows, max_tokens], each row from its own seed; None when greedy."""
        if sampling.temperature == 0:
            return None
        streams = [np.random.default_rng(seed).random(sampling.max_tokens) for seed in seeds]
        return torch.from_numpy(np.stack(streams)).to(self._model.device)

    def _choose(
        self, logits: torch.Tensor, sampling: Sampling, uniform: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Next tokens [rows] and the entropy [rows] of the model's own distribution."""
        logits = logits.float()
        if not bool(torch.isfinite(logits).all()):
            raise StageError(
                "the model's logits are not finite.", fix="Its training diverged; lower the learning rate."
            )
        log_probabilities = logits.log_softmax(dim=-1)
        entropy = -(log_probabilities.exp() * log_probabilities).sum(dim=-1)
        if uniform is None:
            return logits.argmax(dim=-1), entropy
        probabilities = (logits / sampling.temperature).softmax(dim=-1)
        if sampling.top_p < 1:
            probabilities = nucleus(probabilities, sampling.top_p)
        # In double precision, so that rounding cannot push the threshold past the last token.
        cumulative = probabilities.double().cumsum(dim=-1)
        threshold = uniform.unsqueeze(1) * cumulative[:, -1:]
        chosen = torch.searchsorted(cumulative, threshold, right=True).squeeze(1)
        return chosen.clamp(max=logits.shape[-1] - 1), entropy

    def _completions(
        self,
        tokens: torch.Tensor,
        lengths: torch.Tensor,
        stopped: torch.Tensor,
        entropies: torch.Tensor,
        samples: int,
    ) -> list[list[Completion]]:
        ids, sizes, ends = tokens.tolist(), lengths.tolist(), stopped.tolist()
        texts = self._tokenizer.batch_decode(
            [row[: size - end] for row, size, end in zip(ids, sizes, ends, strict=True)], skip_special_tokens=True
        )
        means = (entropies / lengths).tolist()
        flat = [
            Completion(text, size, "stop" if end else "length", mean)
            for text, size, end, mean in zip(texts, sizes, ends, means, strict=True)
        ]
        return [flat[start : start + samples] for start in range(0, len(flat), samples)]


def nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """Zero all but the smallest set of most probable tokens whose mass reaches `top_p`. [rows, vocabulary], not
    renormalised."""
    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    return torch.zeros_like(probabilities).scatter(-1, order, ordered.masked_fill(before >= top_p, 0.0))
