"""Report the state of every stage of an experiment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xdomain.core.states import StageState
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageKind, StageRef
from xdomain.store.history import estimate_seconds
from xdomain.store.optional import Decisions
from xdomain.store.states import StageStatus, stage_states
from xdomain.store.store import Store

OVER = (StageState.DONE, StageState.NOT_NEEDED)
"""States in which a stage needs no more work."""


@dataclass(frozen=True)
class GridStatus:
    """The state of every stage at one moment.

    Attributes:
        plan: Plan of the experiment.
        store: Store of the stages.
        states: State of each stage, by key, including optional ones.
    """

    plan: Plan
    store: Store
    states: Mapping[str, StageStatus]

    @property
    def counts(self) -> dict[str, int]:
        """Number of stages by state: done, running, failed, waiting. Optional stages are left out."""
        return self._count(self.plan.stages, [name for name in StageState if name is not StageState.NOT_NEEDED])

    @property
    def optional_counts(self) -> dict[str, int]:
        """Number of optional stages by state; {} if the plan has none. Undecided ones are waiting."""
        return self._count(self.plan.optional, StageState) if self.plan.optional else {}

    @property
    def table(self) -> dict[str, dict[str, int]]:
        """Number of stages by state for each kind, and for optional stages."""
        kinds = {
            str(kind): self._count([key for key, stage in self.plan.stages.items() if stage.kind is kind], self.counts)
            for kind in StageKind
        }
        return kinds | ({"optional": self.optional_counts} if self.plan.optional else {})

    def _count(self, keys: Iterable[str], names: Iterable[str]) -> dict[str, int]:
        found = Counter(str(self.states[key].state) for key in keys)
        return {name: found[name] for name in map(str, names)}

    @property
    def workers(self) -> int:
        """Number of processes that run stages."""
        return len({(each.holder.host, each.holder.pid) for each in self.states.values() if each.holder is not None})

    @property
    def finished(self) -> bool:
        """Whether every stage is done or not needed."""
        return all(each.state in OVER for each in self.states.values())

    @property
    def settled(self) -> bool:
        """Whether no stage can change: each is done, has failed, or needs one that failed."""
        dead: set[str] = set()
        for key, stage in self.plan.whole.stages.items():
            if self.states[key].state is StageState.FAILED or any(need in dead for need in stage.needs):
                dead.add(key)
            elif self.states[key].state not in OVER:
                return False
        return True

    @cached_property
    def estimate_seconds(self) -> float | None:
        """Return the seconds until the open stages are done, without optional ones; None if unknown."""
        states = {key: self.states[key] for key in self.plan.stages}
        done = frozenset(key for key, each in states.items() if each.state is StageState.DONE)
        progress = {key: each.holder.progress for key, each in states.items() if each.holder is not None}
        return estimate_seconds(self.plan, self.store, done, max(1, self.workers), progress)

    def document(self) -> dict[str, Any]:
        """Return the status in the format of `xdomain grid status --json`."""
        return {
            "experiment": self.plan.experiment.name,
            "store": str(self.store.root),
            **self.plan.origin.description,
            "counts": self.counts,
            "optional_counts": self.optional_counts,
            "workers": self.workers,
            "estimate_seconds": self.estimate_seconds,
            "stages": [
                _stage_document(stage, self.states[key]) | {"optional": key in self.plan.optional}
                for key, stage in self.plan.whole.stages.items()
            ],
        }

    def __str__(self) -> str:
        """Return one line: "smoke: 5 of 28 done, 2 running, 0 failed, 21 waiting"."""
        counts = self.counts
        others = ", ".join(f"{number} {name}" for name, number in counts.items() if name != StageState.DONE)
        optional = ", ".join(f"{number} {name}" for name, number in self.optional_counts.items() if number)
        found = f"{self.plan.experiment.name}: {counts[StageState.DONE]} of {len(self.plan.stages)} done, {others}"
        return f"{found}; optional: {optional}" if optional else found


def grid_status(plan: Plan, store: Store) -> GridStatus:
    """Look up the state of every stage."""
    states = stage_states(store, plan.whole.stages.values())
    decided = Decisions(plan, store).all()
    not_needed = {key: StageStatus(StageState.NOT_NEEDED) for key, needed in decided.items() if needed is False}
    return GridStatus(plan, store, states | not_needed)


def find_log(store: Store, stages: Collection[StageRef], stage: StageRef) -> Path | None:
    """Return the log of a stage, which may be that of another evaluation in the same process; None if there is none."""
    found = [stage]
    if stage.evaluated is not None:
        found += [each for each in stages if each.evaluated == stage.evaluated]
    paths = map(store.log_path, found)
    return next((path for path in paths if path.is_file()), None)


def _stage_document(stage: StageRef, state: StageStatus) -> dict[str, Any]:
    return {
        "key": stage.key,
        "kind": str(stage.kind),
        "title": stage.title,
        "state": state.state,
        "progress": state.holder.progress if state.holder else None,
        "failure": state.failure.__dict__ if state.failure else None,
        "attempts": list(state.attempts),
    }
