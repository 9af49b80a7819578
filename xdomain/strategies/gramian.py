"""PCGrad, CAGrad, MGDA, UPGrad and AlignedMTL: weights from the inner products of the domains' gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torchjd import aggregation

from xdomain.config.strategy import AlignedMTLConfig, CAGradConfig, GramianConfig, MGDAConfig, PCGradConfig
from xdomain.core.seeds import derive_seed
from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.gradients import combine, gramian

LEAST_WEIGHT_SUM = 1e-6
"""Least sum of weights that is rescaled. Below it weights are rounding noise around 0 (opposite gradients)."""

Weighting = Callable[[Tensor], Tensor]


class GramianStrategy(Strategy):
    """A strategy that weighs the domains' parts by their inner products.

    g = sum_k w_k (share_k g_k), with w from the K x K Gramian of the parts by torchjd's weighting.

    Domains with zero gradient are left out first, since MGDA would put all weight there. The weights are rescaled so
    that their sum is the number of remaining domains, as with joint. So methods differ in direction and not in length.
    If the method finds no common direction, all weights are 0 and stay 0.

    Source: PCGrad 2001.06782, CAGrad 2110.14048, MGDA 1810.04650, UPGrad 2406.16232, AlignedMTL (Senushkin et al., CVPR
    2023), all as torchjd implements them. Ours: the weights apply to the parts, shares included, so that without
    conflict PCGrad is joint; the rescaling; and the Gramian is first divided by its mean diagonal, since torchjd's
    thresholds are absolute. AdamW afterwards may bring conflicts back, so telemetry logs the angle between the actual
    step and each gradient.
    """

    def __init__(self, config: GramianConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._weighting = make_weighting(config)

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        gradients = [step.loss_and_gradient(domain).gradient for domain in step.domains]
        weights = solve(gramian(gradients), self._weighting, derive_seed("gramian", self.seed, step.number))
        step.set_gradient(combine(gradients, weights.tolist()))
        return {"weights": dict(zip(step.domains, weights.tolist(), strict=True))}


def make_weighting(config: GramianConfig) -> Weighting:
    """Return torchjd's weighting for the strategy's parameters.

    Raises:
        ImportError: The weighting's solver is not installed.
    """
    weighting: Weighting
    match config:
        case PCGradConfig():
            weighting = aggregation.PCGradWeighting()
        case CAGradConfig():
            weighting = aggregation.CAGradWeighting(c=config.c)
        case MGDAConfig():
            weighting = aggregation.MGDAWeighting()
        case AlignedMTLConfig():
            weighting = aggregation.AlignedMTLWeighting(scale_mode=config.scale_mode)
        case _:
            weighting = aggregation.UPGradWeighting()
    return weighting


def solve(products: Tensor, weighting: Weighting, seed: int) -> Tensor:
    """Return the weights of K parts. They sum to the number of parts that are not 0.

    Args:
        products: Gramian of the parts, shape (K, K).
        weighting: torchjd's weighting.
        seed: Seed of the order in which PCGrad projects. No global generator changes.

    Returns:
        Weights, shape (K,).
    """
    weights = torch.zeros(len(products), dtype=torch.float64)
    diagonal = products.diagonal()
    if not torch.isfinite(products).all() or not bool((diagonal > 0).any()):
        # The trainer deals with non-finite gradients, as in a plain step.
        return torch.ones_like(weights)
    kept = (diagonal > diagonal.max() * torch.finfo(torch.float64).eps).nonzero().flatten()
    inner = products[kept][:, kept] / diagonal[kept].mean()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the GPU's too, which is not forked
        found = weighting(inner)
    total = float(found.sum())
    weights[kept] = found * (len(kept) / total) if total > LEAST_WEIGHT_SUM else torch.zeros_like(found)
    return weights
