"""Measure the angles between the domains' gradients, and between each gradient and the actual step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from xdomain.strategies.base import Gradient
from xdomain.strategies.gradients import cosines, gramian, tensor_gramians


def gradient_figures(
    gradients: Mapping[str, Gradient], shares: Mapping[str, float], names: Sequence[str]
) -> dict[str, Any]:
    """Return figures of one step's gradients as plain JSON.

    Args:
        gradients: Gradient of each domain's part of the loss.
        shares: Share of each domain in the loss.
        names: Names of the parameter tensors.

    Returns:
        norm: Norm of each domain's mean gradient.
        norm_share: Share of each domain in the sum of the parts' norms. Groups without variance do not add to it.
        cosine: Cosine of each pair "a|b"; None if a gradient is 0.
        conflicts: Number of pairs with a negative cosine.
        conflicting_tensors: For each pair, the share of tensors with a negative cosine among those in which neither
            gradient is 0.
        modules: Cosines of the pairs in each parameter tensor.

    Source: pairwise cosines as in MGS, 2602.02301, and CGPO's analysis; norm_share is ours.
    """
    domains = sorted(gradients)
    products = tensor_gramians([gradients[name] for name in domains])
    total = products.sum(dim=0)
    norms = dict(zip(domains, total.diagonal().clamp(min=0).sqrt().tolist(), strict=True))
    whole, by_tensor = cosines(total), cosines(products)
    pairs = {f"{domains[i]}|{domains[j]}": (i, j) for i, j in combinations(range(len(domains)), 2)}
    cosine = {pair: number_or_none(whole[place]) for pair, place in pairs.items()}
    return {
        "norm": {name: norms[name] / shares[name] for name in domains},
        "norm_share": _parts(norms),
        "cosine": cosine,
        "conflicts": sum(value is not None and value < 0 for value in cosine.values()),
        "conflicting_tensors": {pair: _conflicting(by_tensor[:, i, j]) for pair, (i, j) in pairs.items()},
        "modules": {
            name: {pair: number_or_none(by_tensor[row][place]) for pair, place in pairs.items()}
            for row, name in enumerate(names)
        },
    }


def step_figures(gradients: Mapping[str, Gradient], moved: Iterable[Tensor]) -> dict[str, Any]:
    """Return the length of the parameters' change and its alignment with each domain's gradient.

    Args:
        gradients: Gradient of each domain at the step's start.
        moved: Change of each parameter tensor over the whole optimizer step, of a process's own rows if the gradients
            are sharded. It may be a generator.

    Returns:
        distance: Norm of the change.
        alignment: Cosine of the change with each domain's descent direction. Below 0 the step raises that domain's
            loss to first order. An adaptive optimizer may do so even if the combined gradient does not.
    """
    domains = sorted(gradients)
    products = torch.zeros(len(domains) + 1, len(domains) + 1, dtype=torch.float64)
    for change, *parts in zip(moved, *(gradients[name] for name in domains), strict=True):
        products += gramian([*([part] for part in parts), [change]])
    descent = -cosines(products)[-1]
    return {
        "distance": math.sqrt(float(products[-1, -1])),
        "alignment": {name: number_or_none(descent[place]) for place, name in enumerate(domains)},
    }


def number_or_none(value: Tensor) -> float | None:
    """Return the value as a number, or None for NaN and infinities, which JSON lacks."""
    number = float(value)
    return number if math.isfinite(number) else None


def _parts(norms: Mapping[str, float]) -> dict[str, float | None]:
    total = sum(norms.values())
    return {name: norm / total if total > 0 else None for name, norm in norms.items()}


def _conflicting(values: Tensor) -> float | None:
    known = values[torch.isfinite(values)]
    return float((known < 0).double().mean()) if len(known) else None
