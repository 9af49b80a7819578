"""Divide an optimizer step's rows by domain, and scale TRL's loss of each domain's rows to its part of the step's loss.

Each of TRL's losses is a sum over rows divided by a denominator. A part must keep the denominator of the whole:

| loss | TRL's denominator | scale of a part |
|---|---|---|
| dapo, cispo | tokens of the whole rollout, per step | 1 |
| grpo, dr_grpo, luspo | rows of the micro-batch that it gets | rows of the part / rows of a micro-batch |
| bnpo | tokens of the micro-batch that it gets | tokens of the part / tokens of its micro-batch |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

TOKEN_SUM_LOSSES = ("dapo", "cispo")

Batch = dict[str, Any]
"""TRL's batch: tensors with one row per completion, and scalars of the whole rollout."""


@dataclass(frozen=True)
class Chunk:
    """Rows of one domain for one forward and backward pass.

    Attributes:
        batch: TRL's batch of these rows.
        scale: Factor that turns TRL's loss of the batch into its part of the step's loss.
        share: Share of the tokens or samples that the loss averages over, on this process.
    """

    batch: Batch
    scale: float
    share: float


def chunks_by_domain(trainer: Any, window: Sequence[Batch]) -> list[list[Chunk]]:
    """Return the chunks of each domain, in the order of `trainer.domains`.

    The rows of all micro-batches are joined and cut again to micro-batch size. With `bnpo` the micro-batches stay
    apart, since each has its own denominator. With several processes, each gets the same number of rows of a domain,
    filled up with masked rows, because TRL gathers its metrics with every loss.
    """
    units = list(window) if trainer.loss_type == "bnpo" else [_join(window)]
    counts = torch.stack([
        torch.bincount(unit["domain_ids"], minlength=len(trainer.domains)) for unit in units
    ])  # fmt: skip
    if trainer.accelerator.num_processes > 1:
        counts = trainer.accelerator.gather(counts.unsqueeze(0)).amax(dim=0)
    size = len(window[0]["domain_ids"])
    return [
        [
            _chunk(trainer, window, unit, batch, size)
            for unit, wanted in zip(units, counts[:, domain].tolist(), strict=True)
            for batch in _cut(_domain_rows(unit, domain, wanted), wanted, size)
        ]
        for domain in range(len(trainer.domains))
    ]


def _chunk(trainer: Any, window: Sequence[Batch], unit: Batch, batch: Batch, size: int) -> Chunk:
    tokens = float(batch["completion_mask"].sum())
    if trainer.loss_type in TOKEN_SUM_LOSSES:
        rollout_tokens = float(batch["num_items_in_batch"].clamp(min=1)) / trainer.accelerator.num_processes
        return Chunk(batch, 1.0, tokens / (rollout_tokens * len(window) / trainer.args.steps_per_generation))
    if trainer.loss_type == "bnpo":
        whole = float(unit["completion_mask"].sum().clamp(min=1))
        return Chunk(batch, max(tokens, 1.0) / whole, tokens / whole / len(window))
    filled = len(batch["domain_ids"])
    real = int((batch["domain_ids"] >= 0).sum())
    return Chunk(batch, filled / size, real / size / len(window))


def _join(window: Sequence[Batch]) -> Batch:
    if len(window) == 1:
        return window[0]
    return {
        key: torch.cat([batch[key] for batch in window]) if _has_rows(value) else value
        for key, value in window[0].items()
    }


def _domain_rows(unit: Batch, domain: int, wanted: int) -> Batch:
    """Return the rows of `domain`, filled up to `wanted` with masked rows of domain -1, which add nothing to a loss."""
    own = (unit["domain_ids"] == domain).nonzero().flatten()
    filler = own.new_zeros(wanted - len(own))
    batch = rows_of(unit, torch.cat([own, filler]))
    if len(filler):
        batch["completion_mask"][len(own) :] = 0
        batch["advantages"][len(own) :] = 0
        batch["domain_ids"][len(own) :] = -1
    return batch


def _cut(batch: Batch, rows: int, size: int) -> Iterator[Batch]:
    for begin in range(0, rows, size):
        yield rows_of(batch, slice(begin, begin + size))


def rows_of(batch: Batch, rows: Tensor | slice) -> Batch:
    """Return the batch of some rows, with the scalars of the whole rollout."""
    return {key: value[rows] if _has_rows(value) else value for key, value in batch.items()}


def _has_rows(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim > 0
