"""A stage's whole prompt schedule, drawn before the first step.

Every domain has one endless queue per training seed, which holds its train items in a new seeded order each epoch. A
phase takes the next prompts of the queue. So `science` trains on the same prompts with or without `math` before it, and
`math -> math` repeats no prompt until the items run out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdomain.core.seeds import generator


@dataclass(frozen=True)
class ScheduledPrompt:
    """One prompt of the schedule: a domain's name and the index of one of its train items."""

    domain: str
    index: int


def interleave(quotas: Mapping[str, int]) -> list[str]:
    """Return domain names in an order in which every prefix is as near to the quotas as whole numbers allow.

    Any n consecutive names hold each domain's share of n up to rounding, so every step gets an even mix. Ties go to the
    domain that `quotas` lists first.
    """
    total = sum(quotas.values())
    taken = dict.fromkeys(quotas, 0)
    order = []
    for place in range(1, total + 1):
        # The domain that is furthest behind its exact share. Integers make ties exact.
        name = max(quotas, key=lambda each: quotas[each] * place - taken[each] * total)
        taken[name] += 1
        order.append(name)
    return order


def draw_schedule(
    quotas: Mapping[str, int], eligible: Mapping[str, Sequence[int]], offsets: Mapping[str, int], seed: int | str
) -> list[ScheduledPrompt]:
    """Draw the schedule of one stage.

    Args:
        quotas: Number of prompts of each domain, summing to the stage's prompts.
        eligible: Indices of the train items that may be used, by domain.
        offsets: Number of prompts that earlier phases took from each domain's queue.
        seed: Training seed.
    """
    queues = {name: _Queue(name, eligible[name], seed, offsets.get(name, 0)) for name in quotas}
    return [ScheduledPrompt(name, queues[name].take()) for name in interleave(quotas)]


class _Queue:
    def __init__(self, domain: str, eligible: Sequence[int], seed: int | str, position: int) -> None:
        self._domain = domain
        self._eligible = eligible
        self._seed = seed
        self._position = position
        self._epoch = -1
        self._order: list[int] = []

    def take(self) -> int:
        epoch, place = divmod(self._position, len(self._eligible))
        if epoch != self._epoch:
            self._order = list(self._eligible)
            generator("order", self._seed, self._domain, epoch).shuffle(self._order)
            self._epoch = epoch
        self._position += 1
        return self._order[place]
