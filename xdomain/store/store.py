"""The store: published stages, work in progress, leases, logs and failures of any number of experiments.

store.json                     schema version
stages/<folder>/               published: stage.json, manifest.json, done.json last, and the artifact
work/<folder>/                 what a running or killed stage has so far
scratch/<folder>/              the trainer's own resume files; go when the stage is published
leases/<folder>.json           who works on it
failures/<folder>.json         why it failed last, or that it was cancelled
attempts/<folder>.jsonl        why earlier attempts ended; stays when the stage is published
logs/<folder>.log
reports/<experiment>/
experiments/<name>.json        which stages an experiment needs
drawn/<draw>-<folder>          empty: finds evaluations by what their completions were drawn with
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, sync_folder, sync_tree, write_json
from xdomain.core.states import Cause
from xdomain.plan.stage import Stage, StageKind
from xdomain.store.artifact import DONE, MANIFEST, STAGE, check_artifact, damaged_file, digests, read_description
from xdomain.store.drawn import DRAWN, index_evaluations, note_drawn
from xdomain.store.lease import LOCK, Lease

SCHEMA_VERSION = 2
"""Version of the store's layout. Raise it when keys or the files of stages change their meaning."""
FEW_STAGES = 32
"""Of so many, each is looked for by name; of more, the folder is listed once."""


@dataclass(frozen=True)
class Failure:
    """Why a stage failed last.

    Attributes:
        cause: The kind of failure.
        message: one paragraph.
        log: path of the stage's log.
    """

    cause: Cause
    message: str
    log: str


FOLDERS = ("stages", "work", "scratch", "leases", "failures", "attempts", "logs", "reports", "experiments", DRAWN)


class Store:
    """A run directory.

    Args:
        root: the folder; made on the first write.

    Raises:
        StoreError: The store was written by an earlier or a newer version, or the folder is not a store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        marker = root / "store.json"
        if marker.is_file():
            _require_schema(_schema(marker), root)
        elif root.exists() and not (root.is_dir() and all(_is_being_made(each) for each in root.iterdir())):
            what = "is not empty and not a store." if root.is_dir() else "is a file, and a store is a folder."
            raise StoreError(what, where=str(root), fix="Choose another folder with --store.")

    @property
    def exists(self) -> bool:
        """Whether something was ever written to it."""
        return (self.root / "store.json").is_file()

    def create(self) -> None:
        """Make the folders, and check that the file system can do what publishing needs.

        Raises:
            StoreError: the folder cannot be written, or the file system cannot rename or lock.
        """
        try:
            indexed = (self.root / DRAWN).is_dir()
            for name in FOLDERS:
                (self.root / name).mkdir(parents=True, exist_ok=True)
            if not indexed:
                index_evaluations(self.root)
            if not (self.root / "store.json").is_file():
                write_json(self.root / "store.json", {"schema": SCHEMA_VERSION})
            probe = self.root / "work" / f".probe-{os.getpid()}"
            probe.mkdir(exist_ok=True)
            probe.rename(probe.with_suffix(".renamed")).rmdir()
            _require_locks(self.root / "leases" / LOCK)
        except OSError as error:
            raise StoreError(
                f"cannot be used as a store: {error}.", where=str(self.root), fix="Choose another folder with --store."
            ) from error

    def folder(self, stage: Stage) -> Path:
        return self.root / f"stages/{stage.folder}"

    def work(self, stage: Stage) -> Path:
        return self.root / f"work/{stage.folder}"

    def scratch(self, stage: Stage) -> Path:
        return self.root / f"scratch/{stage.folder}"

    def lease_path(self, stage: Stage) -> Path:
        return self.root / f"leases/{stage.folder}.json"

    def log_path(self, stage: Stage) -> Path:
        return self.root / f"logs/{stage.folder}.log"

    def reports(self, experiment: str) -> Path:
        return self.root / "reports" / experiment

    def done(self, stages: Iterable[Stage]) -> frozenset[str]:
        """Keys of those that are published."""
        wanted = list(stages)
        folder = str(self.root / "stages")
        if len(wanted) > FEW_STAGES:
            present = self.names("stages")
            wanted = [stage for stage in wanted if stage.folder in present]
        return frozenset(stage.key for stage in wanted if os.path.isfile(os.path.join(folder, stage.folder, DONE)))

    def free_bytes(self) -> int:
        """Space left on the store's disk."""
        return shutil.disk_usage(self.root).free

    def names(self, kind: str) -> frozenset[str]:
        """What lies in one of the store's folders."""
        try:
            return frozenset(os.listdir(self.root / kind))
        except FileNotFoundError:
            return frozenset()

    def find(self, pattern: str) -> list[tuple[Stage, dict[str, Any]]]:
        """Published stages, with what they left, whose title or folder matches a glob pattern or whose key begins
        with it.

        Raises:
            DamagedArtifact: one of them is damaged.
        """
        found = []
        for path in sorted((self.root / "stages").glob(f"*/{DONE}")):
            folder = path.parent
            if fnmatchcase(folder.name, pattern) or _is_called(folder / STAGE, pattern):
                data = read_description(folder)
                stage = Stage(
                    StageKind(data["kind"]), data["key"], data["title"], data["payload"], tuple(data["needs"])
                )
                found.append((stage, data["done"]))
        return found

    def result(self, stage: Stage) -> dict[str, Any]:
        """What a published stage left: `summary`, `provenance`, `seconds`.

        Raises:
            DamagedArtifact: the file that says so is damaged.
        """
        result: dict[str, Any] = read_description(self.folder(stage))["done"]
        return result

    def open_artifact(self, stage: Stage) -> Path:
        """Folder of a published stage, after its key and every file's digest were compared.

        Raises:
            StoreError: not published, or another stage of the same short key.
            DamagedArtifact: a file is damaged.
        """
        folder = self.folder(stage)
        check_artifact(folder)
        if read_json(folder / STAGE)["key"] != stage.key:
            raise StoreError("holds another stage whose key begins alike.", where=str(folder))
        return folder

    def publish(self, stage: Stage, lease: Lease, done: Mapping[str, Any]) -> bool:
        """Move the stage's work folder into place, whole or not at all.

        Args:
            done: JSON for the terminal token: `summary`, `provenance`, `seconds`.

        Returns:
            False if the lease was lost or somebody else published first; then nothing is changed.
        """
        work, target = self.work(stage), self.folder(stage)
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
        sync_tree(work)
        if not lease.is_ours():
            return False
        try:
            work.rename(target)
        except OSError:
            if (target / DONE).is_file():
                return False
            raise
        sync_folder(target.parent)
        self._finish(stage, done)
        return True

    def settle(self, stage: Stage) -> bool:
        """Finish what a publisher killed between rename and terminal token left; True if the stage is done now."""
        target = self.folder(stage)
        if (target / DONE).is_file():
            return True
        if not target.exists():
            return False
        if (target / STAGE).is_file() and damaged_file(target) is None:
            self._finish(stage, read_json(target / STAGE)["done"])
            return True
        shutil.rmtree(target)
        return False

    def discard(self, stage: Stage) -> None:
        """Take a damaged stage out of the published ones, so that it is made again; its holder calls this."""
        trash = self.root / "work" / f".trash-{stage.folder}"
        shutil.rmtree(trash, ignore_errors=True)
        if self.folder(stage).exists():
            self.folder(stage).rename(trash)
            shutil.rmtree(trash)

    def fail(self, stage: Stage, failure: Failure) -> None:
        write_json(self._failure_path(stage), {"time": time.time(), **failure.__dict__})

    def failure(self, stage: Stage) -> Failure | None:
        """Why the stage failed last, if it did and was not started since; a file that cannot be read tells nothing."""
        try:
            data = read_json(self._failure_path(stage))
            return Failure(Cause(data["cause"]), data["message"], data["log"])
        except (FileNotFoundError, ValueError, TypeError, LookupError):
            return None

    def is_cancelled(self, stage: Stage) -> bool:
        """Somebody asked that the stage be left alone until `grid retry`."""
        failure = self.failure(stage) if os.path.isfile(self._failure_path(stage)) else None
        return failure is not None and failure.cause is Cause.CANCELLED

    def note_attempt(self, stage: Stage, cause: Cause) -> None:
        """Remember that an attempt at the stage ended without a result."""
        line = json.dumps({"time": time.time(), "cause": cause}) + "\n"
        with self._attempts_path(stage).open("a", encoding="utf-8") as handle:
            handle.write(line)

    def attempts(self, stage: Stage) -> list[Cause]:
        """Why earlier attempts at the stage ended, oldest first; since the last `grid retry`."""
        try:
            lines = self._attempts_path(stage).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [Cause(json.loads(line)["cause"]) for line in lines if line.endswith("}")]

    def forget_attempts(self, stage: Stage) -> None:
        self._attempts_path(stage).unlink(missing_ok=True)

    def clear_failure(self, stage: Stage) -> None:
        self._failure_path(stage).unlink(missing_ok=True)

    def _failure_path(self, stage: Stage) -> Path:
        return self.root / f"failures/{stage.folder}.json"

    def _attempts_path(self, stage: Stage) -> Path:
        return self.root / f"attempts/{stage.folder}.jsonl"

    def _finish(self, stage: Stage, done: Mapping[str, Any]) -> None:
        if stage.kind is StageKind.EVALUATE:
            note_drawn(self.root, stage.folder, stage.payload)
        # Its presence alone counts; should the machine lose it in a crash, `settle` makes it again from synced files.
        write_json(self.folder(stage) / DONE, dict(done), durable=False)
        shutil.rmtree(self.scratch(stage), ignore_errors=True)
        self.clear_failure(stage)


def _require_schema(version: Any, root: Path) -> None:
    """
    Raises:
        StoreError: another version of xdomain wrote the store.
    """
    if isinstance(version, int) and version < SCHEMA_VERSION:
        raise StoreError(
            f"an earlier version of xdomain wrote this store (schema {version}; this version has {SCHEMA_VERSION}). "
            "Its stages have other keys, its verifiers judged by other rules and its items were drawn otherwise, so "
            "they are neither read nor mixed with new ones, and nothing in it was changed.",
            where=str(root),
            fix="Give a new folder with --store. To read the old results, use the version that made them (`done.json` "
            "of each stage names it).",
        )
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema {version}, this version of xdomain reads {SCHEMA_VERSION}.",
            where=str(root),
            fix="Upgrade xdomain, or use another folder with --store.",
        )


def _schema(marker: Path) -> Any:
    """
    Raises:
        StoreError: the file cannot be read.
    """
    try:
        return read_json(marker)["schema"]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise StoreError(
            "says no schema version: it is damaged, or not a store's.",
            where=str(marker),
            fix=f'If the folder is a store, write {{"schema": {SCHEMA_VERSION}}} into this file; else choose another '
            "with --store.",
        ) from error


def _is_called(description: Path, pattern: str) -> bool:
    """Whether a stage's title matches, or its key begins so; one that cannot be read is not called anything."""
    try:
        data = read_json(description)
        return fnmatchcase(data["title"], pattern) or bool(data["key"].startswith(pattern))
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return False


def _is_being_made(path: Path) -> bool:
    """Whether it is there while a store is made, by another runner at this moment or by one that was killed.

    Its folders are still empty then; one with files in it is somebody's, whatever its name.
    """
    empty = path.name in FOLDERS and path.is_dir() and not any(path.iterdir())
    return empty or path.name.lstrip(".").startswith("store.json")


def _require_locks(path: Path) -> None:
    """Lock a file as leases do.

    Raises:
        OSError: the file system has no locks.
    """
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another runner holds it: so there are locks
        except OSError as error:
            raise OSError(error.errno, f"its file system has no file locks ({error.strerror})") from error
