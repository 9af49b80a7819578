"""FAMO: weights that even out the domains' relative progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xdomain.config.strategy import FAMOConfig
from xdomain.strategies.base import DomainStep, Gradient, Strategy
from xdomain.strategies.gradients import accumulate

EPSILON = 1e-8


class FAMO(Strategy):
    """A strategy that weighs gradients so that the domains' error rates fall at the same relative rate.

    z = softmax(w); D_k = l_k - b_k + eps; weight_k = (z_k / D_k) / c, c = sum_k z_k / D_k; g = sum_k weight_k g_k.
    When D' is known, Adam moves w along J_softmax(w)^T (log D - log D').

    Source: FAMO, 2306.03792, Alg. 1, with b = 0. Ours: l is the rollout's error rate, floored, and the gradients are
    those of the GRPO losses, since a GRPO loss does not measure progress and 1 - mean reward has no gradient. A step's
    D' is known at the next rollout, so the weights lag by one. A domain that a rollout lacks keeps its last error rate.
    A phase starts with even weights, also after another mixed phase.
    """

    def __init__(self, config: FAMOConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._floor = config.floor
        self._logits = torch.zeros(len(self.domains), dtype=torch.float64, requires_grad=True)
        self._adam = torch.optim.Adam([self._logits], lr=config.learning_rate, weight_decay=config.weight_decay)
        self._error = torch.full((len(self.domains),), torch.nan, dtype=torch.float64)

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        if step.fresh_rollout:
            self.observe(step.error_rates)
        weights = self.weights(step.domains)
        total: Gradient = []
        for domain in step.domains:
            total = accumulate(total, step.loss_and_gradient(domain).mean_gradient(), weights[domain])
        step.set_gradient(total)
        return {"weights": weights}

    def observe(self, error_rates: Mapping[str, float]) -> None:
        """Record a rollout's error rates, and move the logits by the progress since the previous rollout."""
        seen = [error_rates.get(name) for name in self.domains]
        now = torch.tensor(
            [torch.nan if rate is None else max(rate, self._floor) for rate in seen], dtype=torch.float64
        )
        now = torch.where(now.isnan(), self._error, now)
        known = ~self._error.isnan()
        if bool(known.any()):
            progress = torch.where(known, (self._error + EPSILON).log() - (now + EPSILON).log(), 0.0)
            self._adam.zero_grad()
            torch.autograd.backward([torch.softmax(self._logits, 0)], [progress])
            self._adam.step()
        self._error = now

    def weights(self, present: Sequence[str]) -> dict[str, float]:
        """Return the weights of the domains in a step. Weights sum to 1."""
        places = [self.domains.index(name) for name in present]
        shares = torch.softmax(self._logits.detach(), 0)[places]
        errors = self._error[places]
        ratio = shares / (torch.where(errors.isnan(), 1.0, errors) + EPSILON)
        return dict(zip(present, (ratio / ratio.sum()).tolist(), strict=True))

    def state(self) -> dict[str, Tensor]:
        moments = self._adam.state.get(self._logits, {})
        return {"logits": self._logits.detach().clone(), "error": self._error.clone()} | {
            f"adam.{name}": torch.as_tensor(value).clone() for name, value in moments.items()
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            self._logits.copy_(state["logits"])
        self._error = state["error"].clone()
        moments = {name.removeprefix("adam."): each for name, each in state.items() if name.startswith("adam.")}
        if moments:
            self._adam.state[self._logits] = moments
