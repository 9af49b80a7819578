"""Measure what predictors read from weights: first-order transfer, and similarity of prompts. Nothing is trained.

    first-order transfer (A on B) = <g_B, theta_A - theta_base>
    prompt similarity (A, B) = cosine of the mean hidden states of the prompts of A and of B in the base model

g_B is the gradient at the base model of the mean log-likelihood of the model's right completions on dev items of B, see
`diagnosis.probe`. The hidden states are those of the last layer, averaged over the tokens of each prompt and then over
prompts.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.utils import logging

from xdomain.diagnosis.inputs import DomainAnswers
from xdomain.diagnosis.probe import FEWEST, compare_gradients, halves_of, inner_product
from xdomain.models.checkpoint import load_plain, load_tokenizer, read_info
from xdomain.models.prompting import encode, render

Pairs = dict[tuple[str, str], float]
"""A number for each ordered pair of domains."""


@dataclass(frozen=True)
class WeightPredictions:
    """Predictions that are read from weights.

    Attributes:
        first_order: First-order transfer in nats per completion, keyed by (trained, evaluated), the mean over seeds. A
            domain with fewer than two right completions is not evaluated.
        reliability: Split-half reliability of each domain's gradient.
        similarity: Prompt similarity, keyed by (one, other) in both orders.
    """

    first_order: Pairs
    reliability: dict[str, float]
    similarity: Pairs


def measure_predictors(
    base: Path,
    answers: Sequence[DomainAnswers],
    singles: Mapping[str, Sequence[Path]],
    *,
    first_order: bool,
    similarity: bool,
) -> WeightPredictions:
    """Return the predictions that are read from weights.

    Memory holds the model in float32, and two gradients per domain.

    Args:
        base: Folder of the base model's checkpoint.
        answers: Stored answers of the base model on dev items, as `right` and `sampled`, on each domain.
        singles: Folders of the single runs' final checkpoints, one per seed, keyed by domain.
        first_order: Whether to measure first-order transfer.
        similarity: Whether to measure prompt similarity.

    Raises:
        ConfigError: The prompts of a domain are not those that were answered.
    """
    logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_plain(base).float().to(device).eval()
    similar = _similarity(model, base, answers, device) if similarity else {}
    if not first_order:
        return WeightPredictions({}, {}, similar)
    enough = [each for each in answers if len(each.right) >= FEWEST]
    halves = halves_of(model, base, enough, device, lambda what, done, total: None)
    probe = compare_gradients("base", halves, {each.domain: len(each.right) for each in enough})
    gradients = {domain: [(one + two) / 2 for one, two in zip(*parts, strict=True)] for domain, parts in halves.items()}
    start = [each.detach().cpu() for each in model.parameters()]
    transfers = {
        trained: [_first_order(start, folder, gradients) for folder in folders] for trained, folders in singles.items()
    }
    return WeightPredictions(
        first_order={
            (trained, domain): sum(each[domain] for each in found) / len(found)
            for trained, found in transfers.items()
            for domain in gradients
            if domain != trained and found
        },
        reliability={each.domain: each.reliability for each in probe.gradients},
        similarity=similar,
    )


def _first_order(start: Sequence[Tensor], folder: Path, gradients: Mapping[str, Sequence[Tensor]]) -> dict[str, float]:
    """Return the inner product of each gradient with the change of the weights from `start` to a checkpoint."""
    end = [each.detach().float() for each in load_plain(folder).parameters()]
    change = [after - before for after, before in zip(end, start, strict=True)]
    return {domain: inner_product(gradient, change) for domain, gradient in gradients.items()}


def _similarity(model: Any, base: Path, answers: Sequence[DomainAnswers], device: str) -> Pairs:
    tokenizer, chat = load_tokenizer(base), read_info(base).chat_template
    means = {}
    for each in answers:
        prompts = [render(answer.item, tokenizer, chat) for answer in each.sampled]
        states = [_state(model, ids, device) for ids in encode(prompts, tokenizer, chat)]
        means[each.domain] = torch.stack(states).mean(dim=0)
    return {
        (one, other): float(torch.cosine_similarity(means[one], means[other], dim=0))
        for one in means
        for other in means
        if one != other
    }


@torch.no_grad()
def _state(model: Any, ids: Sequence[int], device: str) -> Tensor:
    """Return the last layer's hidden state, averaged over the tokens of a prompt."""
    found = model(input_ids=torch.tensor([list(ids)], device=device), output_hidden_states=True)
    mean: Tensor = found.hidden_states[-1][0].mean(dim=0).cpu()
    return mean
