"""The store: published stages, work in progress, leases, logs and failures of any number of experiments.

store.json                     schema version
stages/<folder>/               published: stage.json, manifest.json, done.json last, and the artifact
work/<folder>[.<token>]/       unpublished files of a running or killed stage, see `workplace`
scratch/<folder>[.<token>]/    the trainer's resume files; removed when the stage is published
leases/<folder>.json           process that works on the stage, see `holder`
failures/<folder>.json         the stage's last failure, or that it was cancelled
diagnoses/<folder>/            diagnoses of the stage's checkpoints
attempts/<folder>.jsonl        causes that ended earlier attempts; kept when the stage is published
logs/<folder>.log
reports/<experiment>/
experiments/<name>.json        stages that an experiment needs
settings/<name>.json           settings that an experiment last ran with
predictions/<name>.json        predictions of an experiment's cells, written once
drawn/<draw>-<folder>          empty file: index of evaluations by the settings that completions were drawn with
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from xdomain.core.artifact_layout import GAP_ALARMS
from xdomain.core.errors import DamagedArtifact, StoreError
from xdomain.core.files import remove, sync_folder, sync_tree, write_json
from xdomain.plan.stage import StageKind, StageRef, StageSpec
from xdomain.store.artifact import (
    DONE,
    MANIFEST,
    check_artifact,
    damaged_file,
    digests,
    read_description,
)
from xdomain.store.description import STAGE, description
from xdomain.store.drawn import DRAWN, index_evaluations, note_drawn
from xdomain.store.failures import Failures
from xdomain.store.holder import read_lease
from xdomain.store.lease import LOCK, Lease, acquire
from xdomain.store.schema import (
    FOLDERS,
    MARKER,
    SCHEMA_VERSION,
    is_being_made,
    read_schema,
    require_locks,
    require_schema,
)
from xdomain.store.stored import StoredStage, find_stages
from xdomain.store.workplace import hand_over, leave, sweep

FEW_STAGES = 32
"""Up to this number of stages, each is looked up by name. For more, the folder is listed once."""


class Store:
    """A run directory.

    Args:
        root: Folder of the store, which is created on the first write.

    Attributes:
        root: Folder of the store.
        failures: Why stages failed.

    Raises:
        StoreError: The store was written by an earlier or a newer version, or the folder is not a store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.failures = Failures(root)
        marker = root / MARKER
        if os.path.lexists(marker):
            require_schema(read_schema(marker), root)
        elif root.exists() and not (root.is_dir() and all(is_being_made(each) for each in root.iterdir())):
            what = "is not empty and not a store." if root.is_dir() else "is a file, but a store is a folder."
            raise StoreError(what, where=str(root), fix="Choose another folder with --store.")

    @property
    def exists(self) -> bool:
        """Return whether anything was ever written to the store."""
        return (self.root / MARKER).is_file()

    def create(self) -> None:
        """Create the folders, and check that the file system supports what publishing needs.

        Raises:
            StoreError: The folder cannot be written, or the file system cannot rename or lock.
        """
        try:
            indexed = (self.root / DRAWN).is_dir()
            for name in FOLDERS:
                (self.root / name).mkdir(parents=True, exist_ok=True)
            if not indexed:
                index_evaluations(self.root)
            if not (self.root / MARKER).is_file():
                write_json(self.root / "store.json", {"schema": SCHEMA_VERSION})
            probe = self.root / "work" / f".probe-{os.getpid()}"
            probe.mkdir(exist_ok=True)
            probe.rename(probe.with_suffix(".renamed")).rmdir()
            require_locks(self.root / "leases" / LOCK)
        except OSError as error:
            raise StoreError(
                f"cannot be used as a store: {error.strerror or error}.",
                where=str(self.root),
                fix="Choose another folder with --store.",
            ) from error

    def folder(self, stage: StageRef) -> Path:
        return self.root / f"stages/{stage.folder}"

    def work(self, stage: StageRef, lease: Lease | None = None) -> Path:
        """Return the work folder of the lease's holder; without a lease, the folder left for the next holder."""
        return self.root / "work" / (stage.folder if lease is None else f"{stage.folder}.{lease.token}")

    def scratch(self, stage: StageRef, lease: Lease | None = None) -> Path:
        """Return the resume folder of the lease's holder; without a lease, the folder left for the next holder."""
        return self.root / "scratch" / (stage.folder if lease is None else f"{stage.folder}.{lease.token}")

    def lease_path(self, stage: StageRef) -> Path:
        return self.root / f"leases/{stage.folder}.json"

    def log_path(self, stage: StageRef) -> Path:
        return self.root / f"logs/{stage.folder}.log"

    def reports(self, experiment: str) -> Path:
        return self.root / "reports" / experiment

    def done(self, stages: Iterable[StageRef]) -> frozenset[str]:
        """Return the keys of those of `stages` that are published."""
        wanted = list(stages)
        folder = str(self.root / "stages")
        if len(wanted) > FEW_STAGES:
            present = self.names("stages")
            wanted = [stage for stage in wanted if stage.folder in present]
        return frozenset(stage.key for stage in wanted if os.path.isfile(os.path.join(folder, stage.folder, DONE)))

    def free_bytes(self) -> int:
        """Return the free space on the store's disk in bytes."""
        return shutil.disk_usage(self.root).free

    def names(self, kind: str) -> frozenset[str]:
        """Return the names of the entries in one of the store's folders."""
        try:
            return frozenset(os.listdir(self.root / kind))
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()

    def find(self, pattern: str) -> list[StoredStage]:
        """Return published stages whose title or folder matches a glob pattern, or whose key begins with it.

        Raises:
            DamagedArtifact: A matching stage is corrupt.
        """
        return find_stages(self.root, pattern)

    def result(self, stage: StageRef) -> dict[str, Any]:
        """Return a published stage's `done.json`: `summary`, `provenance`, `seconds`.

        Raises:
            DamagedArtifact: That file is corrupt.
        """
        result: dict[str, Any] = read_description(self.folder(stage))["done"]
        return result

    def gap_alarms(self, stage: StageRef) -> tuple[str, ...]:
        """Return the alarms of a published stage's vLLM engine; () if its description is corrupt."""
        try:
            return tuple(self.result(stage)["summary"].get(GAP_ALARMS, ()))
        except DamagedArtifact:
            return ()

    def open_artifact(self, stage: StageRef) -> Path:
        """Return the folder of a published stage, after comparing its key and the digest of every file.

        Raises:
            StoreError: The stage is not published, or the folder belongs to another stage with the same short key.
            DamagedArtifact: A file is corrupt.
        """
        folder = self.folder(stage)
        check_artifact(folder)
        if read_description(folder)["key"] != stage.key:
            raise StoreError("holds another stage with the same short key.", where=str(folder))
        return folder

    def take(
        self, stage: StageRef, stale_token: str | None = None, on_lost: Callable[[], object] = lambda: None
    ) -> Lease | None:
        """Take a stage's lease, and the files that its last holder left; None if another process holds the lease.

        The arguments are those of `acquire`.
        """
        lease = acquire(self.lease_path(stage), stale_token, on_lost)
        if lease is not None and not lease.is_ours():  # without locks, another process may replace it at once
            lease.release()
            return None
        if lease is not None:
            try:
                hand_over(self.root, stage.folder, lease.previous, lease.token)
            except BaseException:
                lease.release()
                raise
        return lease

    def give_back(self, stage: StageRef, lease: Lease) -> None:
        """Release a stage's lease. Unpublished files are left to the next holder."""
        if lease.is_ours():
            leave(self.root, stage.folder, lease.token)
        lease.release()

    def publish(self, stage: StageSpec, lease: Lease, done: Mapping[str, Any]) -> bool:
        """Move the stage's work folder into place atomically.

        Args:
            stage: The stage.
            lease: Lease of this process on the stage.
            done: Content of the terminal token, `done.json`: `summary`, `provenance`, `seconds`.

        Returns:
            False if the lease was lost or another process published first; then nothing is changed.
        """
        work, target = self.work(stage, lease), self.folder(stage)
        if not lease.is_ours():
            return False
        try:
            self._describe(stage, work, done)
            sync_tree(work)
            if not lease.is_ours():
                return False
            # If another process has taken the lease over, it has moved the folder away, and this fails. It has put a
            # file in its place; the trailing separator keeps that file from being renamed.
            os.rename(f"{work}{os.sep}", target)
        except OSError:
            if (target / DONE).is_file() or not lease.is_ours():
                return False
            raise
        sync_folder(target.parent)
        self._finish(stage, lease, done)
        return True

    def settle(self, stage: StageSpec, lease: Lease) -> bool:
        """Finish publishing if a process was killed between rename and terminal token.

        Returns:
            Whether the stage is published now.
        """
        target = self.folder(stage)
        if (target / DONE).is_file():
            sweep(self.root, stage.folder)
            return True
        if not os.path.lexists(target):
            return False
        if damaged_file(target) is None:
            with suppress(ValueError, OSError):
                self._finish(stage, lease, description(target)["done"])
                return True
        remove(target)
        return False

    def discard(self, stage: StageRef) -> None:
        """Remove a corrupt stage from the published ones, so that it is rebuilt. Only the lease's holder calls this."""
        trash = self.root / "work" / f".trash-{stage.folder}"
        remove(trash)
        if os.path.lexists(self.folder(stage)):
            self.folder(stage).rename(trash)
            remove(trash)

    def _describe(self, stage: StageSpec, work: Path, done: Mapping[str, Any]) -> None:
        write_json(
            work / STAGE,
            {
                "key": stage.key,
                "kind": stage.kind,
                "title": stage.filed_as or stage.title,
                "payload": dict(stage.payload),
                "needs": list(stage.needs),
                "done": dict(done),
            },
            durable=False,
        )
        write_json(work / MANIFEST, digests(work), durable=False)

    def _finish(self, stage: StageSpec, lease: Lease, done: Mapping[str, Any]) -> None:
        if not (self.folder(stage) / STAGE).is_file():
            return  # this process was suspended after its rename, and another has discarded the stage
        if stage.kind is StageKind.EVALUATE:
            note_drawn(self.root, stage.folder, stage.payload)
        # Only its presence matters. If a crash of the machine loses it, `settle` writes it again from synced files.
        write_json(self.folder(stage) / DONE, dict(done), durable=False)
        holder = read_lease(self.lease_path(stage))
        sweep(self.root, stage.folder, keep=() if holder is None or lease.is_ours() else (holder.token,))
        self.failures.clear(stage)
