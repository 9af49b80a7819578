"""CGPO: take each domain's gradient at the parameters that the previous domain left, then stretch the total move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xdomain.config.strategy import CGPOConfig
from xdomain.core.seeds import generator
from xdomain.strategies.base import DomainStep, Gradient, Strategy
from xdomain.strategies.gradients import accumulate


class CGPO(Strategy):
    """A strategy that moves the parameters by one domain after another in a new random order per step.

    phi_0 = theta; for each domain k in the order phi_k = phi_{k-1} - move(share_k g_k(phi_{k-1})); at the end
    theta = phi_0 + alpha (phi_K - phi_0).

    `step_scale` chooses the move. "authors": one optimizer step at the full learning rate, which advances the
    optimizer's moments. "once": lr share_k g_k / (sqrt(v) + eps) with Adam's v unchanged (`inner_steps.look_ahead`),
    and phi_K is one optimizer step from phi_0 on sum_k share_k g_k(phi_{k-1}), so that the total is as long as joint's.
    In the first step of a stage Adam has no v yet, so every gradient is taken at phi_0, as joint does.

    To second order the total is the joint step plus Hessian-gradient terms between domains. With one domain and alpha 1
    it is exactly the joint step.

    Source: CGPO, Alg. 1, which writes a minus before a gradient to be maximised; "authors" follows the authors'
    code. As in their code, each inner step is clipped separately, and weight decay is stretched by alpha like the rest.
    Ours: weight decay counts once per outer step (in their code K times), and a domain without samples in a step is
    skipped.
    """

    def __init__(self, config: CGPOConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._alpha = config.alpha
        self._fixed_order = config.fixed_order
        self._once = config.step_scale == "once"

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        stretched = self._alpha != 1
        start = [each.detach().clone() for each in step.parameters] if stretched or self._once else []
        order = self.order(step)
        (self._one_step if self._once else self._inner_steps)(step, order, start)
        if stretched:  # with alpha = 1 the parameters stay bitwise unchanged
            with torch.no_grad():
                for parameter, origin in zip(step.parameters, start, strict=True):
                    parameter.copy_(origin.lerp_(parameter, self._alpha))
        return {"order": order}

    def order(self, step: DomainStep) -> list[str]:
        """Return the order of this step, drawn from the seed and the step's number."""
        if self._fixed_order:
            return [domain for domain in self._fixed_order if domain in step.domains]
        order = list(step.domains)
        generator("cgpo", self.seed, step.number).shuffle(order)
        return order

    def _inner_steps(self, step: DomainStep, order: Sequence[str], start: Sequence[Tensor]) -> None:
        for domain in order:
            step.set_gradient(step.loss_and_gradient(domain).gradient)
            step.optimizer_step()

    def _one_step(self, step: DomainStep, order: Sequence[str], start: Sequence[Tensor]) -> None:
        total: Gradient = []
        for domain in order:
            gradient = step.loss_and_gradient(domain).gradient
            total = accumulate(total, gradient, 1.0)
            if domain != order[-1]:
                step.set_gradient(gradient)
                step.look_ahead()
        with torch.no_grad():
            for parameter, origin in zip(step.parameters, start, strict=True):
                parameter.copy_(origin)
        step.set_gradient(total)
        step.optimizer_step()
