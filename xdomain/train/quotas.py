"""Choose the informative groups that keep their advantages, so that domains teach in the ratio of their weights.

Groups whose rewards are all equal carry no gradient, so a nominal 50/50 mixture does not teach 50/50. Among the other
groups, some of the domains that are ahead are dropped at random. Nothing is sampled again. The price is informative
groups that teach nothing, which the metrics count.

Source: ours; quotas by source after filtering are what users of GRPO trainers ask for (docs/reference/papers.md).
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from xdomain.core.errors import StageError

FILE = "informative_quotas.json"

PATIENCE = 8
"""Number of consecutive rollouts without an informative group after which other domains no longer wait for a domain."""


class InformativeQuotas:
    """Quotas that hold domains to their ratio over all rollouts of a stage, not within each rollout.

    T_k is the number of groups that domain k has taught so far, n_k the number of its informative groups in this
    rollout, w_k its weight. The domains have reached the level u = min_k (T_k + n_k) / w_k, and k keeps as many groups
    as bring it to at most u w_k + 1. So u w_k <= T_k <= u w_k + 1 after every rollout: the scarcest domain keeps all
    its groups, the others wait for it, and no domain is ever more than one group ahead.

    The others do not wait for a domain without an informative group for more than `PATIENCE` rollouts (everything is
    solved, or nothing). When it has one again, it continues at the level that the others have reached.

    Args:
        weights: Weight of each domain of the phase.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights = dict(weights)
        self._taught = dict.fromkeys(weights, 0)
        self._waited = dict.fromkeys(weights, 0)
        """Rollouts since the domain's last informative group."""

    def kept_groups(self, domains: Sequence[str], informative: Sequence[bool], rng: random.Random) -> list[bool]:
        """Return a mask of the next rollout's groups that keep their advantages.

        Args:
            domains: Domain name of each group.
            informative: Mask of groups whose rewards differ.
            rng: Generator that chooses the groups to drop.
        """
        places: dict[str, list[int]] = {name: [] for name in self._weights}
        for place, (name, differs) in enumerate(zip(domains, informative, strict=True)):
            if differs:
                places[name].append(place)
        self._wait({name: bool(own) for name, own in places.items()})
        level = min(
            (Fraction(self._taught[name] + len(places[name]), self._weights[name]) for name in self._awaited()),
            default=Fraction(0),
        )
        keep = [False] * len(domains)
        for name in sorted(places):
            room = math.floor(level * self._weights[name]) + 1 - self._taught[name]
            count = max(0, min(room, len(places[name])))
            self._taught[name] += count
            for place in rng.sample(places[name], count):
                keep[place] = True
        return keep

    def save(self, folder: Path) -> None:
        """Write the state that the next rollout's choice depends on."""
        (folder / FILE).write_text(json.dumps({"taught": self._taught, "waited": self._waited}), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Restore the state from a checkpoint.

        Raises:
            StageError: The checkpoint holds no such state.
        """
        try:
            state = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise StageError(
                f"{FILE} is missing, so the quotas cannot be restored.",
                where=str(folder),
                fix="Delete the stage's scratch folder.",
            ) from None
        self._taught, self._waited = state["taught"], state["waited"]

    def _awaited(self) -> list[str]:
        return [name for name, rollouts in self._waited.items() if rollouts <= PATIENCE]

    def _wait(self, present: Mapping[str, bool]) -> None:
        """Count the rollouts without a domain. A domain that comes back continues at the level of the others."""
        others = self._awaited()
        back = [name for name, there in present.items() if there and name not in others]
        if others:
            level = min(Fraction(self._taught[name], self._weights[name]) for name in others)
            self._taught |= {name: math.ceil(level * self._weights[name]) for name in back}
        self._waited = {name: 0 if there else self._waited[name] + 1 for name, there in present.items()}


def informative(rewards: Sequence[float | None]) -> bool:
    """Return whether the rewards of a group differ. Samples without a reward are ignored."""
    return len({reward for reward in rewards if reward is not None}) > 1
