"""How the domains' gradients lie to one another, and to the step that was made of them. Looks, and changes nothing."""

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
    """Figures of one step, plain JSON.

    Args:
        gradients: of each domain's part of the loss.
        shares: of each domain in the loss.
        names: of the parameter tensors.

    Returns:
        norm: of each domain's mean gradient.
        norm_share: part of each domain in the sum of the parts' norms; groups without variance do not add to it.
        cosine: Cosine of each pair "a|b"; None if a gradient is 0.
        conflicts: pairs with a negative cosine.
        conflicting_tensors: of each pair, the share of tensors with a negative cosine, where both gradients are not 0.
        modules: the pairs' cosines in each parameter tensor.

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
    """How the parameters' change lies to each domain.

    Args:
        gradients: of each domain at the step's start.
        moved: change of each parameter tensor over the whole optimizer step, of the own rows if the gradients are
            sharded; one at a time is enough.

    Returns:
        distance: norm of the change.
        alignment: cosine of the change with each domain's descent direction; below 0 the step raises that domain's loss
        to first order, which an adaptive optimizer may do whatever the gradient promised.
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
    """None for NaN and infinities, which JSON has not."""
    number = float(value)
    return number if math.isfinite(number) else None


def _parts(norms: Mapping[str, float]) -> dict[str, float | None]:
    total = sum(norms.values())
    return {name: norm / total if total > 0 else None for name, norm in norms.items()}


def _conflicting(values: Tensor) -> float | None:
    known = values[torch.isfinite(values)]
    return float((known < 0).double().mean()) if len(known) else None
