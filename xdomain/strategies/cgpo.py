"""CGPO: visit the domains one after the other, then stretch the total displacement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from xdomain.config.strategy import CGPOConfig
from xdomain.core.seeds import generator
from xdomain.strategies.base import DomainStep, Strategy


class CGPO(Strategy):
    """phi_0 = theta; for each domain k of a fresh random order: phi_k = phi_{k-1} - optimizer step on g_k, the
    learning rate scaled by share_k; theta = phi_0 + alpha (phi_K - phi_0).

    Each g_k is taken where the domain before it left the parameters, so that to second order the total is the joint
    step plus Hessian-gradient terms between domains. With one domain and alpha 1 it is the joint step itself.

    Source: CGPO, Alg. 1, which writes a minus before a gradient it says to maximise. Ours: the share scales the
    learning rate, since under Adam a scaled gradient makes the same step; even so it moves less far than joint
    (docs/reference/papers.md has the figures); the domains share the optimizer's moments, which every inner step
    advances; each inner step is clipped by itself; a domain without samples in a step is not visited.
    """

    def __init__(self, config: CGPOConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._alpha = config.alpha
        self._fixed_order = config.fixed_order

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        start = [parameter.detach().clone() for parameter in step.parameters] if self._alpha != 1 else []
        order = self.order(step)
        for domain in order:
            part = step.loss_and_gradient(domain)
            step.set_gradient(part.mean_gradient())
            step.optimizer_step(part.share)
        with torch.no_grad():
            # Exactly alpha = 1 leaves the parameters bitwise alone.
            for parameter, origin in zip(step.parameters, start, strict=False):
                parameter.copy_(origin.lerp_(parameter, self._alpha))
        return {"order": order}

    def order(self, step: DomainStep) -> list[str]:
        """The order of this step, drawn from the seed and the step's number."""
        if self._fixed_order:
            return [domain for domain in self._fixed_order if domain in step.domains]
        order = list(step.domains)
        generator("cgpo", self.seed, step.number).shuffle(order)
        return order
