"""Adaptive domain weights: earlier rollouts decide how many prompts of each domain the next rollout has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xdomain.config.strategy import AdaptiveConfig, TransferAwareConfig
from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.gradients import combine, cosines, gramian, joint_gradient


class Adaptive(Strategy):
    """A strategy whose shares follow a softmax over the domains' values.

    share_k = floor + (1 - K floor) w_k, with w_k in proportion to nominal_k exp(value_k / temperature). nominal_k is
    the domain's share as the phase is written.

    value_k = L_k + `bonus_k` + exploration sqrt(2 ln(n + 1) / (n_k + 1)). L_k is the running mean of the domain's mean
    absolute advantage, n_k the number of prompts it had, and n the number of all prompts. Shares become whole prompts
    by carrying the remainder over to the next rollout. Nothing here is random: earlier rollouts decide the counts.

    Source: DUMP, 2504.09710: mean absolute advantage as learnability, an upper confidence bound, a softmax. Ours: a
    running mean instead of its sliding window, prompts instead of its samples, the floor, and the nominal weights as a
    prior. With `scale_rewards: group` an informative group's advantages have unit deviation, so L_k is mostly the share
    of groups that carry gradient.
    """

    def __init__(self, config: AdaptiveConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._config = config
        self.taken = dict.fromkeys(self.domains, 0)
        """Number of prompts that each domain had so far, which is the position in its queue."""
        self._credit = dict.fromkeys(self.domains, 0.0)
        """Prompts, in fractions, that a domain's share promised and that rounding has not given yet."""
        self._learnability = dict.fromkeys(self.domains, math.nan)

    def allocate(self, prompts: int, nominal: Mapping[str, float]) -> dict[str, int]:
        """Return the number of prompts of each domain in the next rollout, and count them as taken."""
        counts = dict.fromkeys(self.domains, 0)
        for name, share in self.shares(nominal).items():
            self._credit[name] += share * prompts
        for _ in range(prompts):
            name = max(self._credit, key=lambda each: self._credit[each])
            self._credit[name] -= 1
            counts[name] += 1
            self.taken[name] += 1
        return counts

    def shares(self, nominal: Mapping[str, float]) -> dict[str, float]:
        """Return each domain's share of the next rollout. Shares sum to 1."""
        values = self.values()
        highest = max(values.values())
        total = sum(nominal.values())
        raw = {
            name: nominal[name] / total * math.exp((value - highest) / self._config.temperature)
            for name, value in values.items()
        }
        floor = self._config.floor
        return {name: floor + (1 - len(raw) * floor) * each / sum(raw.values()) for name, each in raw.items()}

    def values(self) -> dict[str, float]:
        """Return each domain's value; a higher one gives more prompts.

        A domain that was not seen yet has the learnability of the best one.
        """
        known = [value for value in self._learnability.values() if not math.isnan(value)]
        best = max(known, default=0.0)
        wide = 2 * math.log(sum(self.taken.values()) + 1)
        return {
            name: (best if math.isnan(value) else value)
            + self.bonus(name)
            + self._config.exploration * math.sqrt(wide / (self.taken[name] + 1))
            for name, value in self._learnability.items()
        }

    def bonus(self, domain: str) -> float:
        """Return a method's own addition to a domain's value."""
        return 0.0

    def observe(self, mean_absolute_advantages: Mapping[str, float]) -> None:
        """Update the running means with a rollout's mean absolute advantages, by domain."""
        for name, seen in mean_absolute_advantages.items():
            self._learnability[name] = self.running_mean(self._learnability[name], seen)

    def running_mean(self, before: float, seen: float) -> float:
        """Return `before` moved towards `seen`, or `seen` if there is no value before."""
        memory = self._config.memory
        return seen if math.isnan(before) else memory * before + (1 - memory) * seen

    def state(self) -> dict[str, Tensor]:
        return {
            "taken": torch.tensor(list(self.taken.values()), dtype=torch.int64),
            "credit": torch.tensor(list(self._credit.values()), dtype=torch.float64),
            "learnability": torch.tensor(list(self._learnability.values()), dtype=torch.float64),
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        self.taken = dict(zip(self.domains, state["taken"].tolist(), strict=True))
        self._credit = dict(zip(self.domains, state["credit"].tolist(), strict=True))
        self._learnability = dict(zip(self.domains, state["learnability"].tolist(), strict=True))


class Bandit(Adaptive):
    """Adaptive weights with bonus_k = 0. The step is joint's, on the chosen rollout."""

    stock_step = True

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        step.set_gradient(joint_gradient(step))
        return {}


class TransferAware(Adaptive):
    """Adaptive weights with a bonus for domains whose gradient agrees with the others'.

    bonus_k = transfer T_k. T_k is the running mean of the mean cosine of g_k with the other domains' gradients, which
    measures the first-order effect of a step on domain k on the other domains. The step is joint's.

    Source: inspired by TAC, 2606.25178: advantages for learnability, gradients' alignment for transferability. Ours:
    whole gradients instead of projected ones, the mean, and the sum of both terms.
    """

    def __init__(self, config: TransferAwareConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._weight = config.transfer
        self._transfer = dict.fromkeys(self.domains, math.nan)

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        gradients = [step.loss_and_gradient(domain).gradient for domain in step.domains]
        alignment = cosines(gramian(gradients))
        for place, name in enumerate(step.domains):
            others = [float(alignment[place, other]) for other in range(len(gradients)) if other != place]
            known = [cosine for cosine in others if math.isfinite(cosine)]
            if known:
                self._transfer[name] = self.running_mean(self._transfer[name], sum(known) / len(known))
        step.set_gradient(combine(gradients, [1.0] * len(gradients)))
        return {"transfer": {name: None if math.isnan(value) else value for name, value in self._transfer.items()}}

    def bonus(self, domain: str) -> float:
        value = self._transfer[domain]
        return 0.0 if math.isnan(value) else self._weight * value

    def state(self) -> dict[str, Tensor]:
        return super().state() | {"transfer": torch.tensor(list(self._transfer.values()), dtype=torch.float64)}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        super().load_state(state)
        self._transfer = dict(zip(self.domains, state["transfer"].tolist(), strict=True))
