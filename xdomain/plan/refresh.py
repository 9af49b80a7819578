"""A refresh: a short return to a domain that an alarm found damaged, as an ordinary training phase with a warm-up.

Source: the return is the domain refresh of 2606.02398; the condition and the warm-up are ours. Without a
warm-up, the first steps of a new optimizer are erratic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.config.alarms import AlarmsConfig
from xdomain.config.training import TrainingConfig

if TYPE_CHECKING:  # it imports numpy, which planning does without
    from xdomain.plan.alarms.looks import StageLooks

PART = 4
"""By default, a refresh has one step per this many steps of the stage."""


def refresh_steps(steps: int, training: TrainingConfig) -> int:
    """Return the optimizer steps of a refresh: those that `training.alarms` sets, or else a part in whole rollouts.

    Args:
        steps: Optimizer steps of the stage that it follows.
        training: Settings of that stage, with `alarms`.
    """
    assert training.alarms is not None
    period = training.rollout_period
    return training.alarms.refresh_steps or max(period, steps // PART // period * period)


def refresh_settings(training: TrainingConfig) -> TrainingConfig:
    """Return the settings of a refresh: with a learning-rate warm-up, not monitored, and not self-paced."""
    found = training.model_copy(update={"alarms": None, "self_paced": None})
    warmup = (training.alarms or AlarmsConfig()).refresh_warmup
    if warmup <= training.warmup_ratio:
        return found
    schedule = "constant_with_warmup" if training.lr_schedule == "constant" else training.lr_schedule
    return found.model_copy(update={"lr_schedule": schedule, "warmup_ratio": warmup})


def refreshed_domain(looks: StageLooks | None, threshold: float) -> str | None:
    """Return the domain that a stage's alarms call to refresh; None if no alarm does.

    Of the domains with an alarm, it is the one whose accuracy had fallen most at the stage's last look, because the
    refresh starts from the stage's end; the first alarm among equals.

    Args:
        looks: Looks of the stage; None if it was not monitored.
        threshold: Smallest fall of accuracy that counts.
    """
    falls: dict[str, float] = {}
    alarmed: dict[str, None] = {}  # in the order of their alarms
    for look in looks.looks if looks else ():
        if look.decision is not None:
            falls[look.domain] = -look.decision.change
            if look.decision.alarm:
                alarmed[look.domain] = None
    largest = max(alarmed, key=lambda domain: falls[domain], default=None)
    return largest if largest is not None and falls[largest] >= threshold else None
