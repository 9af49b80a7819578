"""Take what is damaged out of the published stages, so that it is made again (`execution.damaged: remake`).

A stage's key fixes its numbers, so on a CPU the new artifact equals the lost one, and what was made from it stays good.
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
    """Return the folders of the checkpoints whose weights a stage reads; none if it is only rescored."""
    return [checkpoint_folder(store.folder(plan.ref(ref.stage)), ref.step) for ref in stage.checkpoints_read]


def has_damaged_records(stage: StageRef, store: Store) -> bool:
    """Return whether what a published stage tells is corrupt, apart from its checkpoints, which are compared when one
    is read."""
    return damaged_file(store.folder(stage), checkpoints=False) is not None


class Repair:
    """Finds and discards damaged stages of one plan."""

    def __init__(self, plan: Graph, store: Store) -> None:
        self._plan = plan
        self._store = store
        self._by_folder = {stage.folder: stage for stage in plan.stages.values()}

    def discard_damaged_inputs(self, stage: StageSpec) -> set[str]:
        """Keys of the stages that `stage` reads, directly or below an adapter, and that are published no more."""
        gone: set[str] = set()
        for checkpoint in checkpoints_read(stage, self._plan, self._store):
            while (damaged := self._damaged_stage(checkpoint)) is not None and damaged.key not in gone:
                self._discard(damaged)
                gone.add(damaged.key)
        return gone

    def discard_damaged_records(self, done: Iterable[StageRef]) -> set[str]:
        """Keys of published stages whose records were damaged: no stage reads them, so nobody else would look."""
        gone = set()
        for stage in done:
            if has_damaged_records(stage, self._store):
                self._discard(stage)
                gone.add(stage.key)
        return gone

    def _damaged_stage(self, checkpoint: Path) -> StageRef | None:
        """The stage of the plan whose damage makes `checkpoint` unreadable; None if it can be read."""
        try:
            check_checkpoint(checkpoint)
        except DamagedArtifact as error:
            return self._by_folder.get(Path(error.where or "").name)
        return None

    def _discard(self, stage: StageRef) -> None:
        """Unless somebody else is at it, which is then making it again."""
        lease = self._store.take(stage)
        if lease is not None:
            self._store.discard(stage)
            self._store.give_back(stage, lease)
