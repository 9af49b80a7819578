"""Rollouts whose domains are chosen as training goes, from queues that were drawn before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xdomain.core.files import write_atomic
from xdomain.strategies.adaptive import Adaptive
from xdomain.train.prompt_schedule import ScheduledPrompt, interleave

SLOT = "slot"
"""Column of the data set: place in the stage's sequence of prompts, which TRL hands out in order."""


class AdaptiveSchedule:
    """Fills TRL's slots rollout by rollout.

    What is drawn from the seed: each domain's queue, as long as the whole stage. What is chosen: how many prompts of
    each queue a rollout takes; written to `path` as it happens. TRL's rows are exchanged when a rollout begins, so that
    what its data loader fetched ahead does not matter, and a resumed stage continues with the counts in the checkpoint.

    Args:
        strategy: decides the counts; its state holds the queues' positions.
        queues: the prompts of each domain, in order.
        nominal: Weight of each domain as the phase is written.
        prompts: of a rollout, over all processes.
        row: TRL's row of a prompt.
        line: the prompt as a line of `path`.
        path: the schedule file.
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
        """Of the latest rollout: share and prompts of each domain, and the values that decided."""

    def fill(self, slots: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The rows of one process's part of a rollout; every process chooses the same whole rollout.

        Args:
            slots: TRL's rows, one a completion.
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
        """Append the latest rollout's prompts to the file; what a killed stage wrote beyond its checkpoint goes."""
        known = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        lines = known[: self._before] + [self._line(each) for each in self._chosen]
        write_atomic(self._path, "".join(f"{line}\n" for line in lines))

    def observe(self, mean_absolute_advantages: Mapping[str, float]) -> None:
        """Tell the strategy what the rollout showed."""
        self._strategy.observe(mean_absolute_advantages)
