"""Which informative groups of a rollout keep their advantages, so that domains teach in the ratio of their weights.

Groups whose rewards are all equal carry no gradient, so a nominal 50/50 mixture is not one. Among the groups that are
left, those of domains with too many are dropped at random until the counts stand in the ratio of the weights, as near
as whole numbers allow. Nothing is sampled anew: the price is informative groups that teach nothing, which the metrics
count.

Source: ours; quotas by source after filtering are what users of GRPO trainers ask for (docs/reference/papers.md).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence


def kept_groups(
    domains: Sequence[str], informative: Sequence[bool], weights: Mapping[str, int], rng: random.Random
) -> list[bool]:
    """For each group whether it keeps its advantages.

    Args:
        domains: of each group.
        informative: whether a group's rewards differ.
        weights: of the phase's domains. One without an informative group cannot be held to a ratio and is left out.
        rng: chooses what is dropped.
    """
    places: dict[str, list[int]] = {}
    for place, (name, differs) in enumerate(zip(domains, informative, strict=True)):
        if differs:
            places.setdefault(name, []).append(place)
    unit = min((len(own) / weights[name] for name, own in places.items()), default=0.0)
    keep = [False] * len(domains)
    for name in sorted(places):
        # At least one, and never more than there are: the scarcest domain keeps all of its own.
        count = min(len(places[name]), max(1, round(unit * weights[name])))
        for place in rng.sample(places[name], count):
            keep[place] = True
    return keep


def informative(rewards: Sequence[float | None]) -> bool:
    """Whether the rewards of a group differ; a sample without one says nothing."""
    return len({reward for reward in rewards if reward is not None}) > 1
