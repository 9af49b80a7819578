"""Prompts that the checkpoints of a store were trained on: schedules of a stage, its parents and the warm-up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.core.errors import DamagedArtifact, StoreError
from xdomain.domains.trained import SCHEDULE, read_schedule
from xdomain.plan.stage import CheckpointRef, StageKind
from xdomain.store.artifact import REMAKE, check_artifact, read_description
from xdomain.store.store import Store

Trained = Mapping[str, frozenset[str]]
"""Keys of the prompts that were trained on (`trained_keys`), by the domain that they came from."""


class Lineage:
    """Prompts of checkpoints; each stage is read once."""

    def __init__(self, store: Store) -> None:
        self._folders = {name[-16:]: store.root / "stages" / name for name in store.names("stages")}
        self._schedules: dict[str, list[tuple[str, list[str]]]] = {}
        self._descriptions: dict[str, dict[str, Any]] = {}

    def trained_on(self, checkpoint: CheckpointRef) -> Trained:
        """Return the prompts that a checkpoint, its parents, their teachers and its warm-up were trained on.

        Raises:
            StoreError: a stage of its lineage is not in the store.
            DamagedArtifact: a stage's description or schedule is damaged.
        """
        found: dict[str, set[str]] = {}
        waiting, seen = [checkpoint], {checkpoint}
        while waiting:
            ref = waiting.pop()
            payload = self._payload(ref.stage)
            below: list[CheckpointRef] = []
            drawn: int | None = None
            match payload["kind"]:
                case StageKind.TRAIN:
                    drawn = _prompts_drawn(payload, ref.step)
                    below = [CheckpointRef(payload["parent"], self._payload(payload["parent"]).get("steps", 0))]
                    below += [CheckpointRef(**each) for each in payload.get("teachers", {}).values()]
                case StageKind.MERGE | StageKind.ROLLBACK:
                    below = [CheckpointRef(**each) for each in payload["inputs"]]
            for domain, keys in self._schedule(ref.stage)[:drawn]:
                found.setdefault(domain, set()).update(keys)
            waiting += set(below) - seen
            seen.update(below)
        return {name: frozenset(each) for name, each in found.items()}

    def _folder(self, stage: str) -> Path:
        if stage[:16] not in self._folders:
            raise StoreError(
                f"a stage that the checkpoint was trained from ({stage[:16]}) is not in this store, so it is unknown "
                "what it was trained on.",
                where="stages",
                fix="Copy that stage into the store too, or allow the overlap.",
            )
        return self._folders[stage[:16]]

    def _payload(self, stage: str) -> dict[str, Any]:
        if stage not in self._descriptions:
            self._descriptions[stage] = read_description(self._folder(stage))["payload"]
        return self._descriptions[stage]

    def _schedule(self, stage: str) -> list[tuple[str, list[str]]]:
        """Return domain and keys of every prompt in the order of training; [] for a base model without warm-up."""
        if stage not in self._schedules:
            folder = self._folder(stage)
            check_artifact(folder, SCHEDULE)
            path = folder / SCHEDULE
            try:
                self._schedules[stage] = read_schedule(path) if path.is_file() else []
            except ValueError as error:
                what = f'"{SCHEDULE}" is no schedule: {error}.'
                raise DamagedArtifact(what, where=str(folder), fix=REMAKE) from error
        return self._schedules[stage]


def _prompts_drawn(payload: Mapping[str, Any], step: int) -> int:
    """Return how many prompts a training stage has drawn when it has made `step` optimizer steps: whole rollouts."""
    training = payload["training"]
    if not training:  # trained elsewhere
        return 0
    prompts, updates, epochs = (
        int(training[name]) for name in ("prompts_per_step", "updates_per_rollout", "epochs_per_rollout")
    )
    return math.ceil(step / (updates * epochs)) * prompts * updates
