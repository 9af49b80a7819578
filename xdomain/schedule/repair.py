"""Remove corrupt stages from the published ones, so that they are rebuilt (`execution.damaged: remake`).

A stage's key fixes its numbers, so on a CPU the rebuilt artifact equals the lost one, and stages made from it stay
valid.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import DamagedArtifact
from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageRef, StageSpec
from xdomain.store.artifact import check_checkpoint, damaged_file
from xdomain.store.store import Store


def checkpoints_read(stage: StageSpec, plan: Graph, store: Store) -> list[Path]:
    """Return the folders of the checkpoints that a stage loads weights from; [] if it is only rescored."""
    return [checkpoint_folder(store.folder(plan.ref(ref.stage)), ref.step) for ref in stage.checkpoints_read]


def has_damaged_records(stage: StageRef, store: Store) -> bool:
    """Return whether a file of a published stage is corrupt.

    Checkpoints are left out, because their digests are compared when a stage reads them.
    """
    return damaged_file(store.folder(stage), checkpoints=False) is not None


class Repair:
    """Search for corrupt stages of one plan, which are discarded."""

    def __init__(self, plan: Graph, store: Store) -> None:
        self._plan = plan
        self._store = store
        self._by_folder = {stage.folder: stage for stage in plan.stages.values()}

    def discard_damaged_inputs(self, stage: StageSpec) -> set[str]:
        """Discard corrupt inputs of `stage`, including the checkpoints that its adapters are based on.

        Returns:
            Keys of all inputs that are no longer published.
        """
        gone: set[str] = set()
        for checkpoint in checkpoints_read(stage, self._plan, self._store):
            while (damaged := self._damaged_stage(checkpoint)) is not None and damaged.key not in gone:
                self._discard(damaged)
                gone.add(damaged.key)
        return gone

    def discard_damaged_records(self, done: Iterable[StageRef]) -> set[str]:
        """Discard published stages whose records are corrupt, and return their keys.

        No stage reads these records, so no other check would find the corruption.
        """
        gone = set()
        for stage in done:
            if has_damaged_records(stage, self._store):
                self._discard(stage)
                gone.add(stage.key)
        return gone

    def _damaged_stage(self, checkpoint: Path) -> StageRef | None:
        """Return the corrupt stage of the plan that makes `checkpoint` unreadable; None if it can be read."""
        try:
            check_checkpoint(checkpoint)
        except DamagedArtifact as error:
            return self._by_folder.get(Path(error.where or "").name)
        return None

    def _discard(self, stage: StageRef) -> None:
        """Discard a stage, unless another process holds its lease, because that process is rebuilding it."""
        lease = self._store.take(stage)
        if lease is not None:
            self._store.discard(stage)
            self._store.give_back(stage, lease)
