"""A stage's whole prompt schedule, drawn from names before the first step.

Every domain has one endless queue per training seed: its train items in a fresh seeded order each epoch. A phase takes
the next ones, so `science` trains on the same prompts by itself and after `math`, and `math -> math` does not repeat
prompts before the items run out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdomain.core.seeds import generator


@dataclass(frozen=True)
class ScheduledPrompt:
    """One prompt of the schedule: which train item of which domain."""

    domain: str
    index: int


def interleave(quotas: Mapping[str, int]) -> list[str]:
    """Domains in an order that keeps every prefix as near to the quotas as whole numbers allow, first names first.

    Any run of n consecutive places holds each domain's share of n up to rounding, so every step gets an even mix.
    """
    total = sum(quotas.values())
    taken = dict.fromkeys(quotas, 0)
    order = []
    for place in range(1, total + 1):
        # The largest deficit against the exact share; integers, so that ties are true ties.
        name = max(quotas, key=lambda each: quotas[each] * place - taken[each] * total)
        taken[name] += 1
        order.append(name)
    return order


def draw_schedule(
    quotas: Mapping[str, int], eligible: Mapping[str, Sequence[int]], offsets: Mapping[str, int], seed: int | str
) -> list[ScheduledPrompt]:
    """The schedule of one stage.

    Args:
        quotas: prompts of each domain, summing to the stage's prompts.
        eligible: indices of the train items that may be used, by domain.
        offsets: how many prompts earlier phases took from each domain's queue.
        seed: the training seed.
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
