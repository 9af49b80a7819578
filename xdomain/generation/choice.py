"""Choose the next token, greedily or by the inverse distribution function from a row's own uniform numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from xdomain.generation.base import Sampling


def uniform_numbers(seeds: Sequence[int], sampling: Sampling, device: torch.device) -> torch.Tensor | None:
    """Return uniform numbers [rows, max_tokens], each row from its own seed, or None if sampling is greedy."""
    if sampling.temperature == 0:
        return None
    streams = [np.random.default_rng(seed).random(sampling.max_tokens) for seed in seeds]
    return torch.from_numpy(np.stack(streams)).to(device)


def choose(logits: torch.Tensor, sampling: Sampling, uniform: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the next tokens [rows] and the entropies [rows] of the model's own distribution.

    A row's entropy is NaN if and only if its logits [rows, vocabulary] are not all finite.
    """
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
    """Set to 0 all probabilities except the smallest set of most probable tokens whose sum reaches `top_p`.

    Probabilities are [rows, vocabulary]. The result is not renormalised.
    """
    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    return torch.zeros_like(probabilities).scatter(-1, order, ordered.masked_fill(before >= top_p, 0.0))
