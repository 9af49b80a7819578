"""Picking the next token: greedy, or by inverse distribution function from a row's own uniform numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from xdomain.generation.base import Sampling


def uniform_numbers(seeds: Sequence[int], sampling: Sampling, device: torch.device) -> torch.Tensor | None:
    """Uniform numbers [rows, max_tokens], each row from its own seed; None when greedy."""
    if sampling.temperature == 0:
        return None
    streams = [np.random.default_rng(seed).random(sampling.max_tokens) for seed in seeds]
    return torch.from_numpy(np.stack(streams)).to(device)


def choose(logits: torch.Tensor, sampling: Sampling, uniform: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Next tokens [rows] and the entropy [rows] of the model's own distribution, which is NaN exactly where the
    logits [rows, vocabulary] are not finite."""
    logits = logits.float()
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


def nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """Zero all but the smallest set of most probable tokens whose mass reaches `top_p`. [rows, vocabulary], not
    renormalised."""
    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    return torch.zeros_like(probabilities).scatter(-1, order, ordered.masked_fill(before >= top_p, 0.0))
