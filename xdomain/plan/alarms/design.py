"""Choose the looks and items of a stage's alarms, so that all their completions stay within a budget.

A look generates one completion for each of its items, since more items see more than more samples do. All looks use the
same items and random numbers as the first one, the reference at the stage's start. Two methods exist:

- sign-flip: every look answers all items.
- screen and confirm: every look answers a few items. If they look worse, the look also answers a larger set of other
  items. The number of such confirmations is limited, which limits the cost.

Source: ours; the methods were compared by simulation, see `docs/how-to/watch-for-interference.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, log2, sqrt
from statistics import NormalDist

from xdomain.core.errors import PlanError

MOST_LOOKS = (12, 8, 6, 4, 3, 2)
"""Numbers of looks after the reference, from which the first one that leaves `ENOUGH_ITEMS` is chosen."""
ENOUGH_ITEMS = 100
"""Items per look and domain below which looks are given up for items."""
FEWEST_ITEMS = 20
"""Items below which no test of the usual size can find anything."""
CONFIRMABLE = 1_000
"""Dev items from which a domain is screened and confirmed."""
SCREEN_ITEMS, MOST_CONFIRM_ITEMS, FEWEST_CONFIRM_ITEMS = 100, 900, 400
CONFIRMATIONS = 2
POWER = 0.8
CHANGED_BY_CHANCE = 0.12
"""Share of items whose result changes during a stage although the accuracy stays, as `detectable_drop` assumes."""


class Method(StrEnum):
    """The test of a monitored domain."""

    SIGN_FLIP = "sign-flip"
    CONFIRM = "screen and confirm"


@dataclass(frozen=True)
class DomainDesign:
    """The design of one monitored domain.

    Attributes:
        method: The test.
        items: Number of items of every look, including the reference.
        confirm_items: Number of further items of the reference and of each confirmation; 0 for sign-flip.
        confirmations: Largest number of confirmations.
    """

    method: Method
    items: int
    confirm_items: int = 0
    confirmations: int = 0

    def completions(self, looks: int) -> int:
        """Return the largest number of completions of the reference and `looks` looks."""
        return self.items * (looks + 1) + self.confirm_items * (self.confirmations + 1)


@dataclass(frozen=True)
class AlarmDesign:
    """The design of a stage's alarms.

    Attributes:
        looks: Optimizer steps after which the looks are taken. The reference is taken before the first step.
        domains: Design of each monitored domain.
        alpha: Probability of a false alarm per domain, over all looks.
        budget: Largest number of completions that the settings allow.
        skipped: Reason why a domain is not monitored, keyed by domain.
    """

    looks: tuple[int, ...]
    domains: Mapping[str, DomainDesign]
    alpha: float
    budget: int
    skipped: Mapping[str, str]

    @property
    def completions(self) -> int:
        """Return the largest number of completions of all looks and domains."""
        return sum(domain.completions(len(self.looks)) for domain in self.domains.values())


def alarm_design(
    *, alpha: float, budget: float, dev_items: Mapping[str, int | None], steps: int, period: int, completions: int
) -> AlarmDesign:
    """Return the design of a stage.

    Args:
        alpha: Probability of a false alarm per stage, over all looks and domains.
        budget: Largest number of completions of all looks, as a share of `completions`.
        dev_items: Number of dev items of each domain; None if they are generated as needed.
        steps: Optimizer steps of the stage.
        period: Optimizer steps per rollout. Looks are taken between rollouts.
        completions: Completions that the stage samples for training.

    Raises:
        PlanError: The budget does not pay for the smallest design, or no domain has enough dev items.
    """
    few = {name: count for name, count in dev_items.items() if count is not None and count < FEWEST_ITEMS}
    skipped = {name: _reason(count) for name, count in few.items()}
    names = [name for name in dev_items if name not in few]
    if not names:
        raise PlanError(
            f"no monitored domain has {FEWEST_ITEMS} dev items: "
            + "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
            + ".",
            where="training.alarms.domains",
            fix="Give the domains a dev split, or remove training.alarms.",
        )
    affordable = int(budget * completions)
    share = affordable // len(names)
    rollouts = steps // period
    possible = [looks for looks in MOST_LOOKS if looks <= rollouts] or [rollouts]
    looks = next((looks for looks in possible if share // (looks + 1) >= ENOUGH_ITEMS), possible[-1])
    if share // (looks + 1) < FEWEST_ITEMS:
        needed = FEWEST_ITEMS * (looks + 1) * len(names)
        raise PlanError(
            f"{budget:g} of a stage's {completions:,} completions is {affordable:,}, but {looks + 1} looks at "
            f"{FEWEST_ITEMS} items of {len(names)} domains cost {needed:,}.",
            where="training.alarms.budget",
            fix=f"Set budget to {rounded_up(needed / completions)} or more, monitor fewer domains, or train longer.",
        )
    domains = {name: _domain(dev_items[name], share, looks) for name in names}
    return AlarmDesign(look_steps(steps, period, looks), domains, alpha / len(names), affordable, skipped)


def detectable_drop(design: DomainDesign, alpha: float, changed: float = CHANGED_BY_CHANCE) -> float:
    """Return the drop of accuracy that is found with a probability of about 80% if it begins in mid-stage.

    It is the difference d = z sqrt((c + d) / n) of a paired test at half of alpha with c + d discordant items.
    Simulations find between 70% and 98% of such drops (tests/unit/plan/alarms).

    Args:
        design: Design of the domain.
        alpha: Probability of a false alarm over all looks.
        changed: Share of items whose result changes although the accuracy stays.
    """
    level, power = alpha / 2, POWER
    if design.method is Method.CONFIRM:
        level, power = alpha / design.confirmations, 0.95  # the screen misses some, too
    items = design.confirm_items or design.items
    z = NormalDist().inv_cdf(1 - level) + NormalDist().inv_cdf(power)
    paired = (z**2 + z * sqrt(z**2 + 4 * changed * items)) / (2 * items)
    return min(1.0, max(paired, ceil(log2(1 / level)) / items))


def look_steps(steps: int, period: int, looks: int) -> tuple[int, ...]:
    """Return the steps of evenly spaced looks, the last one at the stage's end."""
    rollouts = steps // period
    return tuple(round(rollouts * look / looks) * period for look in range(1, looks + 1))


def rounded_up(share: float) -> float:
    """Return a share as two digits after the point, rounded up."""
    return -int(-share * 100 // 1) / 100


def _reason(count: int) -> str:
    return "it has no dev items" if count == 0 else f"it has {count} dev items, fewer than {FEWEST_ITEMS}"


def _domain(available: int | None, share: int, looks: int) -> DomainDesign:
    left = share - SCREEN_ITEMS * (looks + 1)
    rest = MOST_CONFIRM_ITEMS if available is None else min(MOST_CONFIRM_ITEMS, available - SCREEN_ITEMS)
    confirm_items = min(rest, left // (CONFIRMATIONS + 1))
    if (available is None or available >= CONFIRMABLE) and confirm_items >= FEWEST_CONFIRM_ITEMS:
        return DomainDesign(Method.CONFIRM, SCREEN_ITEMS, confirm_items, CONFIRMATIONS)
    items = share // (looks + 1)
    return DomainDesign(Method.SIGN_FLIP, items if available is None else min(items, available))
