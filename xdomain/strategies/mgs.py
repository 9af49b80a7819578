"""MGS: apply PCGrad within each parameter tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.config.strategy import MGSConfig, PCGradConfig
from xdomain.core.seeds import derive_seed
from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.gradients import combine, cosines, tensor_gramians
from xdomain.strategies.gramian import make_weighting, solve


class MGS(Strategy):
    """A strategy that applies PCGrad to each parameter tensor separately.

    For each tensor W: g_W = sum_k w_k,W (share_k g_k,W), with w from that tensor's own Gramian by PCGrad. Each tensor
    draws its own order of projections.

    Source: modular gradient surgery, 2602.02301. Ours: the weights of a tensor are rescaled to joint's sum, as for the
    Gramian methods, and a module is a parameter tensor.
    """

    def __init__(self, config: MGSConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._weighting = make_weighting(PCGradConfig())

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        gradients = [step.loss_and_gradient(domain).gradient for domain in step.domains]
        products = tensor_gramians(gradients)
        total = []
        for place, tensor_products in enumerate(products):
            seed = derive_seed("mgs", self.seed, step.number, place)
            weights = solve(tensor_products, self._weighting, seed).tolist()
            total += combine([[gradient[place]] for gradient in gradients], weights)
        step.set_gradient(total)
        conflicting = (cosines(products) < 0).any(dim=-1).any(dim=-1)
        return {"conflicting_tensors": int(conflicting.sum()), "tensors": len(conflicting)}
