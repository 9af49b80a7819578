"""Compute the reward of a completion by a shape of values or by a user's function."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, Protocol

from xdomain.config.domain_reward import FormatGate, FunctionReward, RewardConfig, RewardShape
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.rewards import resolve_reward, shaped_reward
from xdomain.domains.user_function import UserFunction, plain_number


class Payment(Protocol):
    """A rule that turns verdicts into rewards."""

    gate: FormatGate | None
    control: bool
    graded: bool

    def pay(self, item: Item, completion: str, verdict: Verdict) -> tuple[float | None, str]:
        """Return the reward and "", or None and the reason why there is none."""

    def identity(self) -> Mapping[str, Any]:
        """See `Domain.reward_identity`."""

    def preflight(self) -> None:
        """See `Domain.preflight`."""


class ShapePayment:
    """A payment by a reward shape."""

    def __init__(self, shape: RewardShape) -> None:
        self.shape = shape
        self.gate, self.control, self.graded = shape.gate, shape.control, shape.graded

    def pay(self, item: Item, completion: str, verdict: Verdict) -> tuple[float | None, str]:
        return shaped_reward(self.shape, completion, verdict, item.gold), ""

    def identity(self) -> Mapping[str, Any]:
        # `control` only affects checks and does not change rewards.
        return self.shape.model_dump(mode="json", exclude_defaults=True, exclude={"control"})

    def preflight(self) -> None:
        """Do nothing, since nothing is needed."""


class FunctionPayment:
    """A payment by a user's `function(item, completion, verdict)`.

    The function is not called for an unscored completion, which has no reward.
    """

    gate: FormatGate | None = None
    graded = False

    def __init__(self, config: FunctionReward) -> None:
        self.config = config
        self.control = config.control
        self._function = UserFunction(config, arguments=3)
        self._logged = False  # whether the first failure was logged, since a reward cannot hold its reason

    def pay(self, item: Item, completion: str, verdict: Verdict) -> tuple[float | None, str]:
        if verdict.outcome is Outcome.UNSCORED:
            return None, ""
        returned, problem = self._function.call(item, completion, verdict)
        if not problem and returned is not None:
            number = plain_number(returned)
            if number is not None and math.isfinite(number):
                return float(number), ""
            problem = f"the function returned {type(returned).__name__ if number is None else number}, no finite number"
        if problem and not self._logged:
            self._logged = True
            words = "%s paid nothing for item %s: %s. Later failures are not logged."
            logging.getLogger(__name__).warning(words, self.config.function, item.id, problem)
        return None, problem

    def identity(self) -> Mapping[str, Any]:
        return {"function": self.config.function, "source_digest": self.config.source_digest}

    def preflight(self) -> None:
        self._function.load()


def payment_of(reward: RewardConfig, verifier_kind: str) -> Payment:
    """Return the payment that a domain's `reward` names.

    Raises:
        ConfigError: The preset or table is unknown.
    """
    if isinstance(reward, FunctionReward):
        return FunctionPayment(reward)
    return ShapePayment(resolve_reward(reward, verifier_kind))
