"""Compute next-token logits of a batch of prompts, with the model's cache if possible, otherwise without a cache.

Transformers' caches differ. Most are called `past_key_values`, those of state space models `cache_params`; some models
keep their state inside their layers, or depend on padding. `fitting` tries the cache on the loaded model and falls back
to `Recomputed`, which needs only the model's forward pass.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Protocol

import torch

from xdomain.core.model_context import context_of
from xdomain.generation.base import PromptRequest
from xdomain.generation.batches import is_out_of_memory

CACHES = ("past_key_values", "cache_params")
"""Names of the argument and output of the forward pass that hold a cache."""
AGREEMENT = {torch.float32: 1e-3, torch.float64: 1e-3}
"""Largest mean difference of logits, in units of their standard deviation, that counts as rounding."""
HALF_AGREEMENT = 0.2
"""The same limit for half precision, in which a mixture may choose another expert. A wrong cache is off by about 1."""
FAILURES = (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError)
"""Exceptions that show that a model's cache cannot be used in this way."""
PROBES = (3, 6)
"""Prompt lengths of the trial, in tokens."""

NewDecoder = Callable[[], "Decoder"]
"""Function that creates the decoder of one batch, with its own cache."""


class Decoder(Protocol):
    """A source of next-token logits for the rows of one batch."""

    def begin(self, requests: Sequence[PromptRequest]) -> torch.Tensor:
        """Read the prompts and return the next logits [rows, vocabulary], with one row per seed of each request."""

    def select(self, rows: torch.Tensor) -> None:
        """Keep only these rows, given by their indices in the current batch."""

    def step(self, chosen: torch.Tensor) -> torch.Tensor:
        """Append one token per row and return the next logits [rows, vocabulary]."""


class Cached:
    """A decoder with the model's cache. Prompts are padded on the left and read once for all their samples.

    Args:
        model: Causal language model of transformers.
        pad: Token id that fills the rows of shorter prompts.
    """

    def __init__(self, model: Any, pad: int) -> None:
        self._model, self._pad = model, pad
        accepted = _accepted(model)
        self._cache_name = next((name for name in CACHES if name in accepted), None)
        self._positions = "position_ids" in accepted
        self._newest = {"logits_to_keep": 1} if "logits_to_keep" in accepted else {}
        self._last = None if (context := context_of(model.config)) is None else context - 1
        # State space models apply the mask to their input, which in a step is only the newest token.
        self._masked_steps = self._cache_name == "past_key_values"

    def begin(self, requests: Sequence[PromptRequest]) -> torch.Tensor:
        """See `Decoder.begin`."""
        width = max(len(request.token_ids) for request in requests)
        ids = torch.full((len(requests), width), self._pad, dtype=torch.long)
        mask = torch.zeros((len(requests), width), dtype=torch.long)
        for row, request in enumerate(requests):
            ids[row, width - len(request.token_ids) :] = torch.tensor(request.token_ids)
            mask[row, width - len(request.token_ids) :] = 1
        self._mask = mask.to(self._model.device)
        positions = {"position_ids": (self._mask.cumsum(dim=1) - 1).clamp(min=0)} if self._positions else {}
        output = self._model(
            input_ids=ids.to(self._model.device),
            attention_mask=self._mask,
            use_cache=True,
            **self._newest,
            **positions,
        )
        self._cache = getattr(output, str(self._cache_name))
        logits: torch.Tensor = output.logits[:, -1]
        samples = torch.tensor([len(request.seeds) for request in requests], device=logits.device)
        if bool((samples > 1).any()):
            rows = torch.arange(len(requests), device=logits.device).repeat_interleave(samples)
            self.select(rows)
            logits = logits[rows]
        return logits

    def select(self, rows: torch.Tensor) -> None:
        """See `Decoder.select`. `reorder_cache` is the one selection that every kind of cache has."""
        self._cache.reorder_cache(rows)
        self._mask = self._mask[rows]

    def step(self, chosen: torch.Tensor) -> torch.Tensor:
        """See `Decoder.step`."""
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), 1)], dim=1)
        # Finished rows may exceed the context, since their tokens are not kept.
        positions = (self._mask.sum(dim=1, keepdim=True) - 1).clamp(min=0, max=self._last)
        output = self._model(
            input_ids=chosen.unsqueeze(1),
            attention_mask=self._mask if self._masked_steps else None,
            use_cache=True,
            **{str(self._cache_name): self._cache},
            **({"position_ids": positions} if self._positions else {}),
        )
        logits: torch.Tensor = output.logits[:, -1]
        return logits


class Recomputed:
    """A decoder without a cache or padding. Every step reads all tokens again, and each request is a separate batch.

    It is slow, but right for every model that has a forward pass.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        accepted = _accepted(model)
        self._arguments = {
            name: value for name, value in (("use_cache", False), ("logits_to_keep", 1)) if name in accepted
        }

    def begin(self, requests: Sequence[PromptRequest]) -> torch.Tensor:
        """See `Decoder.begin`. Takes only one request."""
        (request,) = requests
        ids = torch.tensor([request.token_ids], device=self._model.device)
        samples = len(request.seeds)
        logits = self._read(ids).repeat_interleave(samples, dim=0)
        self._ids = ids.repeat_interleave(samples, dim=0)
        return logits

    def select(self, rows: torch.Tensor) -> None:
        """See `Decoder.select`."""
        self._ids = self._ids[rows]

    def step(self, chosen: torch.Tensor) -> torch.Tensor:
        """See `Decoder.step`."""
        self._ids = torch.cat([self._ids, chosen.unsqueeze(1)], dim=1)
        return self._read(self._ids)

    def _read(self, ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self._model(input_ids=ids, **self._arguments).logits[:, -1]
        return logits


def fitting(model: Any, pad: int) -> tuple[NewDecoder, str]:
    """Return the fastest decoder that is right for `model`, and the reason if that is `Recomputed`, otherwise "".

    Both decoders read the same few tokens for two prompts of different lengths, and drop samples in between.
    """
    cached, plain = partial(Cached, model, pad), partial(Recomputed, model)
    size = model.get_input_embeddings().weight.shape[0]
    prompts = [PromptRequest(tuple((7 * n + 3) % size for n in range(length)), (0, 1)) for length in PROBES]
    expected = torch.cat([_trial(plain(), [prompt], [0]) for prompt in prompts], dim=1)
    try:
        found = _trial(cached(), prompts, [0, 2])
    except FAILURES as error:
        if is_out_of_memory(error):
            raise
        return plain, f"the cache of {type(model).__name__} cannot be used ({type(error).__name__})"
    if not bool(torch.isfinite(expected).all()):
        return cached, ""  # logits are not finite: such a checkpoint is refused when it answers
    gap = float((found - expected).abs().mean() / expected.std())
    if gap <= AGREEMENT.get(model.dtype, HALF_AGREEMENT):
        return cached, ""
    return plain, f"{type(model).__name__} gives other answers with padding and a cache ({gap:.2g} standard deviations)"


def _accepted(model: Any) -> Collection[str]:
    """Return the names of the forward pass's arguments; of the model inside, if it has adapters."""
    inside = model.get_base_model() if hasattr(model, "get_base_model") else model
    return inspect.signature(inside.forward).parameters.keys()


@torch.no_grad()  # not inference mode: a sharded model keeps tensors of its first pass for training
def _trial(decoder: Decoder, requests: Sequence[PromptRequest], kept: Sequence[int]) -> torch.Tensor:
    """Return logits [3 tokens, kept rows, vocabulary], float32, after fixed tokens."""
    logits = [decoder.begin(requests)[list(kept)]]
    rows = torch.tensor(kept, device=logits[0].device)
    decoder.select(rows)
    logits += [decoder.step(torch.full_like(rows, token % logits[0].shape[-1])) for token in (5, 11)]
    return torch.stack(logits).float()
