"""Weight changes of earlier phases, for strategies that use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from xdomain.models.adapters import adapter_products
from xdomain.models.checkpoint import load_plain, read_info


def weight_changes(checkpoints: Sequence[Path]) -> Iterator[dict[str, Tensor]]:
    """Yield the change of each weight from each checkpoint to the next, in float32, by the plain model's names.

    An adapter's change is computed from its factors, since the weights below it would only add rounding.

    Args:
        checkpoints: Checkpoints of the base model and of the end of every earlier phase, first to last. At most two
            are in memory at a time.
    """
    for before, after in pairwise(checkpoints):
        info = read_info(after)
        if info.foundation is None:
            yield _differences(_weights(before), _weights(after))
        elif read_info(before).foundation == info.foundation:  # `continue`: the same adapter, trained further
            yield _differences(dict(adapter_products(before)), dict(adapter_products(after)))
        else:
            yield dict(adapter_products(after))


def _weights(folder: Path) -> dict[str, Tensor]:
    return {name: weight.detach().to(torch.float32) for name, weight in load_plain(folder).named_parameters()}


def _differences(before: dict[str, Tensor], after: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight - before[name] for name, weight in after.items()}
