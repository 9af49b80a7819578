"""Teachers for toy distillations, and their loss written down again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.support.toy_training import CharacterDomain, toy_domains, toy_trainer
from xdomain.domains.base import Domain
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.distillation import DomainDistillationTrainer

NAMES = ("digits", "letters")


def moved_model(seed: int, size: float = 0.05) -> Any:
    """Return the tiny model with random changes of its weights."""
    model, _ = tiny_qwen3()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(size * torch.randn(parameter.shape, generator=generator))
    return model


def preferring(wanted: Callable[[str], bool], strength: float = 5.0) -> Any:
    """Return the tiny model with a higher logit for the characters that are wanted, whatever the prompt."""
    model, tokenizer = tiny_qwen3()
    bias = torch.zeros(model.config.vocab_size)
    for token, index in tokenizer.get_vocab().items():
        bias[index] = strength * float(len(token) == 1 and wanted(token))
    model.lm_head.bias = torch.nn.Parameter(bias)
    return model


def conflicting() -> tuple[dict[str, Domain], dict[str, Any]]:
    """Return two domains that a prompt tells apart, and teachers that want opposite characters."""
    kinds: dict[str, Callable[[str], bool]] = {"digits": str.isdigit, "letters": str.isalpha}
    domains: dict[str, Domain] = {name: CharacterDomain(name, wanted, shown=True) for name, wanted in kinds.items()}
    return domains, {name: preferring(wanted) for name, wanted in kinds.items()}


def distilling(folder: Path, teachers: Mapping[str, Any], **settings: Any) -> DomainDistillationTrainer:
    """Return a trainer that distills from `teachers` on the toy domains of their names."""
    domains = {name: domain for name, domain in toy_domains().items() if name in teachers}
    trainer = toy_trainer(folder, teachers=teachers, **{"domains": domains, **settings})
    assert isinstance(trainer, DomainDistillationTrainer)
    return trainer


def recorded(trainer: DomainDistillationTrainer) -> list[dict[str, Any]]:
    """Return a list that the micro-batches of the training will be appended to."""
    seen: list[dict[str, Any]] = []
    own = trainer._compute_loss

    def record(model: Any, inputs: dict[str, Any]) -> Tensor:
        seen.append(dict(inputs))
        return own(model, inputs)

    trainer._compute_loss = record  # type: ignore[method-assign]
    return seen


def reference_loss(
    student: Any, teachers: Sequence[Any], batches: Sequence[Mapping[str, Any]], temperature: float
) -> Tensor:
    """Return the mean reverse KL divergence per completion token, row by row, without padding.

    Args:
        student: Model whose gradient is wanted.
        teachers: Teacher of each domain id.
        batches: Micro-batches of one step.
        temperature: Number that all logits are divided by.
    """
    total, tokens = torch.zeros((), dtype=student.dtype), 0
    for batch in batches:
        for row, domain in enumerate(batch["domain_ids"].tolist()):
            prompt = batch["prompt_ids"][row][batch["prompt_mask"][row].bool()]
            answer = batch["completion_ids"][row][batch["completion_mask"][row].bool()]
            ids, places = torch.cat([prompt, answer])[None], slice(len(prompt) - 1, -1)
            own = (student(ids).logits[0, places] / temperature).log_softmax(dim=-1)
            with torch.no_grad():
                other = (teachers[domain](ids).logits[0, places] / temperature).log_softmax(dim=-1)
            total = total + (own.exp() * (own - other)).sum()
            tokens += len(answer)
    return total / tokens
