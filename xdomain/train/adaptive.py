"""Rollouts whose domains are chosen during training, from prompt queues that were drawn before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xdomain.core.files import write_atomic
from xdomain.strategies.adaptive import Adaptive
from xdomain.train.prompt_schedule import ScheduledPrompt, interleave

SLOT = "slot"
"""Data set column that holds a row's index in the stage's sequence of prompts. TRL hands rows out in this order."""


class AdaptiveSchedule:
    """A prompt schedule that an adaptive strategy extends by one rollout at a time.

    Each domain's queue is drawn from the seed and is as long as the whole stage. The strategy chooses how many prompts
    each rollout takes from each queue, and `write` appends these prompts to `path`. `fill` exchanges TRL's rows when a
    rollout begins, so rows that TRL's data loader fetched ahead do not matter. A resumed stage continues with the
    counts in the checkpoint.

    Args:
        strategy: Strategy that decides the counts. Its state holds the queues' positions.
        queues: Prompts of each domain, in order.
        nominal: Weight of each domain as the phase is written.
        prompts: Number of prompts per rollout, over all processes.
        row: Function that returns TRL's row of a prompt.
        line: Function that returns a prompt's line in `path`.
        path: Schedule file.
    """

    def __init__(
        self,
        strategy: Adaptive,
        queues: Mapping[str, Sequence[ScheduledPrompt]],
        nominal: Mapping[str, float],
        prompts: int,
        *,
        row: Callable[[ScheduledPrompt], dict[str, Any]],
        line: Callable[[ScheduledPrompt], str],
        path: Path,
    ) -> None:
        self._strategy = strategy
        self._queues = queues
        self._nominal = nominal
        self._prompts = prompts
        self._row = row
        self._line = line
        self._path = path
        self._chosen: list[ScheduledPrompt] = []
        self._before = 0
        self.figures: dict[str, Any] = {}
        """Share and prompts of each domain in the latest rollout, and the values that decided them."""

    def fill(self, slots: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of this process's part of a rollout. Every process chooses the same whole rollout.

        Args:
            slots: TRL's rows, one per completion.
        """
        positions = dict(self._strategy.taken)
        self._before = sum(positions.values())
        values, shares = self._strategy.values(), self._strategy.shares(self._nominal)
        counts = self._strategy.allocate(self._prompts, self._nominal)
        self.figures = {"values": values, "shares": shares, "prompts": counts}
        self._chosen = []
        for name in interleave(counts):
            self._chosen.append(self._queues[name][positions[name]])
            positions[name] += 1
        return [self._row(self._chosen[slot[SLOT] % self._prompts]) | {SLOT: slot[SLOT]} for slot in slots]

    def write(self) -> None:
        """Append the latest rollout's prompts to the file. Lines that a killed stage wrote after its checkpoint go."""
        known = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        lines = known[: self._before] + [self._line(each) for each in self._chosen]
        write_atomic(self._path, "".join(f"{line}\n" for line in lines))

    def observe(self, mean_absolute_advantages: Mapping[str, float]) -> None:
        """Pass the latest rollout's mean absolute advantage of each domain on to the strategy."""
        self._strategy.observe(mean_absolute_advantages)
