"""Compare the gradients of domains at one checkpoint, without training.

The gradient of a domain is that of the mean log-likelihood of the checkpoint's own right completions, drawn at
temperature 1: for one item, it is the direction that raises the probability of a right answer fastest. A step along it
changes another domain, to first order, in proportion to the inner product of the two gradients.

Source: ours. The gradient of log P(right) is the mean of grad log p(y) over right completions y (the score function).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.utils import logging

from xdomain.core.errors import ConfigError
from xdomain.diagnosis.answers import Batch, batches_of
from xdomain.diagnosis.inputs import DomainAnswers, StoredAnswer, Watch
from xdomain.diagnosis.result import DomainGradient, GradientCosine, Probe
from xdomain.models.checkpoint import load_plain, load_tokenizer, read_info

FEWEST = 2
"""Fewest right completions of a domain, one for each half."""


def run_probe(title: str, folder: Path, answers: Sequence[DomainAnswers], watch: Watch) -> Probe:
    """Return the gradient of each domain at a checkpoint, and the cosine of each pair.

    Memory holds the model in float32, and two gradients per domain.

    Args:
        title: Title of the checkpoint.
        folder: Folder of the checkpoint.
        answers: Stored answers of the checkpoint, as `right`, on each domain.
        watch: Callback for progress.

    Raises:
        ConfigError: The prompts of a domain are not those that were answered, or it has a single right completion.
    """
    for each in answers:
        if len(each.right) < FEWEST:
            raise ConfigError(
                f"has only one right completion of {title}, and two halves are compared.",
                where=each.domain,
                fix="Leave the domain out, or evaluate the checkpoint on more items.",
            )
    logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    halves = halves_of(load_plain(folder).float().to(device).eval(), folder, answers, device, watch)
    return compare_gradients(title, halves, {each.domain: len(each.right) for each in answers})


def halves_of(
    model: Any, folder: Path, answers: Sequence[DomainAnswers], device: str, watch: Watch
) -> dict[str, tuple[list[Tensor], list[Tensor]]]:
    """Return the gradients of a model on two halves of each domain's right completions, keyed by domain.

    Args:
        model: The checkpoint as a plain model in float32, on `device`.
        folder: Folder of the checkpoint.
        answers: Stored answers of the checkpoint, as `right`, on each domain.
        device: "cpu" or "cuda".
        watch: Callback for progress.
    """
    tokenizer, chat = load_tokenizer(folder), read_info(folder).chat_template
    vocabulary = model.get_input_embeddings().weight.shape[0]

    def gradient(part: Sequence[StoredAnswer]) -> list[Tensor]:
        batches = batches_of(part, tokenizer, chat=chat, vocabulary=vocabulary, device=device)
        return gradient_of(model, batches)

    halves = {}
    for done, each in enumerate(answers):
        watch("gradients", done, len(answers))
        halves[each.domain] = (gradient(each.right[::2]), gradient(each.right[1::2]))
    watch("gradients", len(answers), len(answers))
    return halves


def gradient_of(model: Any, batches: Sequence[Batch]) -> list[Tensor]:
    """Return the gradient of the mean log-likelihood of completions, one tensor per weight, on the CPU."""
    completions = sum(len(batch.positions) for batch in batches)
    model.zero_grad(set_to_none=True)
    for batch in batches:
        torch.autograd.backward(batch.log_likelihoods(model).sum() / completions)
    found = [torch.zeros_like(each) if each.grad is None else each.grad for each in model.parameters()]
    model.zero_grad(set_to_none=True)
    return [each.cpu() for each in found]


def compare_gradients(
    title: str, halves: dict[str, tuple[list[Tensor], list[Tensor]]], completions: dict[str, int]
) -> Probe:
    """Return reliabilities and cosines of gradients that were measured on two halves of each domain's completions.

    A reliability is the cosine of the halves, extended to the whole by the Spearman-Brown formula 2 c / (1 + c). A
    cosine that noise would make smaller is divided by the square root of both reliabilities.
    """
    norms, reliabilities = {}, {}
    gradients = {}
    for domain, (first, second) in halves.items():
        between = _cosine(first, second)
        reliabilities[domain] = 2 * between / (1 + between) if between is not None and between > 0 else 0.0
        gradients[domain] = [(one + two) / 2 for one, two in zip(first, second, strict=True)]
        norms[domain] = math.sqrt(inner_product(gradients[domain], gradients[domain]))
    pairs = []
    for one, two in combinations(gradients, 2):
        cosine, ceiling = _cosine(gradients[one], gradients[two]), math.sqrt(reliabilities[one] * reliabilities[two])
        pairs.append(GradientCosine(one, two, cosine, cosine / ceiling if cosine is not None and ceiling > 0 else None))
    return Probe(
        title,
        tuple(
            DomainGradient(domain, completions[domain], norms[domain], reliabilities[domain]) for domain in gradients
        ),
        tuple(pairs),
    )


def inner_product(one: Sequence[Tensor], two: Sequence[Tensor]) -> float:
    """Return the inner product of two lists of tensors with the same shapes."""
    return math.fsum(float((first * second).double().sum()) for first, second in zip(one, two, strict=True))


def _cosine(one: Sequence[Tensor], two: Sequence[Tensor]) -> float | None:
    lengths = math.sqrt(inner_product(one, one) * inner_product(two, two))
    return inner_product(one, two) / lengths if lengths > 0 else None
