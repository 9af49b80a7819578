"""Find files that no live experiment needs, and remove them. Commands show the list before anything is removed."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, remove, write_json
from xdomain.core.registry import did_you_mean
from xdomain.plan.graph import Plan
from xdomain.plan.stage import CheckpointRef, PhaseStage, StageKind
from xdomain.store.artifact import DONE, MANIFEST, read_description
from xdomain.store.drawn import forget_drawn
from xdomain.store.experiments import noted_experiments
from xdomain.store.holder import read_holder, read_lease
from xdomain.store.lease import LOCK, locked
from xdomain.store.optional import grown
from xdomain.store.schema import DIAGNOSES
from xdomain.store.session_files import dead_sessions
from xdomain.store.store import Store
from xdomain.store.workplace import KINDS, stage_of, unclaimed

TRASH = ".trash-"


@dataclass(frozen=True)
class Garbage:
    """Files that can be removed.

    Attributes:
        stages: Folders of published stages that nothing refers to.
        checkpoints: Folders of checkpoints of kept stages, all of whose evaluations are published.
        leftovers: Work and resume files of stages that are published or that nothing refers to.
        experiments: Number of `stages` that each experiment noted, by experiment name.
        unnoted: Number of `stages` that no experiment noted, because they were copied or an old version wrote them.
        stage_bytes: Size of `stages`.
        checkpoint_bytes: Size of `checkpoints`.
        leftover_bytes: Size of `leftovers`.
    """

    stages: tuple[Path, ...]
    checkpoints: tuple[Path, ...]
    leftovers: tuple[Path, ...]
    experiments: Mapping[str, int]
    unnoted: int
    stage_bytes: int
    checkpoint_bytes: int
    leftover_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.stage_bytes + self.checkpoint_bytes + self.leftover_bytes


def find_garbage(store: Store, plans: Sequence[Plan], forget: Collection[str] = ()) -> Garbage:
    """Return the files that no live experiment needs. Nothing is removed.

    Args:
        store: The store.
        plans: Current plans of experiments. Each keeps only the stages in its plan.
        forget: Names of other experiments in the store that are no longer needed. All others are live, and keep every
            stage that they noted.

    Raises:
        StoreError: A name to forget is unknown, or a stage is running that belongs to no live experiment.
        DamagedArtifact: A stage's description is corrupt, so the stages that it was made from are unknown.
    """
    noted = {name: {stage.folder for stage in stages.values()} for name, stages in noted_experiments(store).items()}
    for name in forget:
        if name not in noted:
            raise StoreError(
                f'no experiment "{name}" is noted in this store.{did_you_mean(name, noted)}', where="--forget"
            )
    named = {plan.experiment.name for plan in plans}
    others = {folder for name, each in noted.items() if name not in named.union(forget) for folder in each}
    live = {stage.folder for plan in plans for stage in plan.whole.stages.values()} | others
    running = _running(store)
    strangers = sorted(running - live)
    if strangers:
        raise StoreError(
            f'"{strangers[0]}" is running and belongs to none of these experiments.',
            where=str(store.root),
            fix="Name its experiment file too, or wait until the stage has finished.",
        )
    stages = _unreferenced(store, live)
    checkpoints = tuple(path for path in _evaluated_checkpoints(store, plans) if path.parents[1].name not in others)
    leftovers = (*_leftovers(store, live, running), *_odds_and_ends(store, running))
    going = {path.name for path in stages}
    return Garbage(
        stages,
        checkpoints,
        leftovers,
        {name: len(going & each) for name, each in noted.items() if going & each},
        len(going.difference(*noted.values())),
        _size(stages),
        _size(checkpoints),
        _size(leftovers),
    )


def free(store: Store, garbage: Garbage) -> None:
    """Delete garbage. If killed at any moment, it leaves no partial stage and no manifest that lists a missing file."""
    for folder in garbage.stages:
        trash = store.root / "work" / f"{TRASH}{folder.name}"
        shutil.rmtree(trash, ignore_errors=True)
        folder.rename(trash)
        shutil.rmtree(trash)
        for kind, suffix in (("failures", "json"), ("attempts", "jsonl"), ("logs", "log")):
            (store.root / kind / f"{folder.name}.{suffix}").unlink(missing_ok=True)
        remove(store.root / DIAGNOSES / folder.name)
    forget_drawn(store.root, {folder.name for folder in garbage.stages})
    for folder in garbage.checkpoints:
        stage = folder.parent.parent
        prefix = f"{folder.relative_to(stage)}/"
        manifest = read_json(stage / MANIFEST)
        write_json(stage / MANIFEST, {name: digest for name, digest in manifest.items() if not name.startswith(prefix)})
        trash = store.root / "work" / f"{TRASH}{stage.name}-{folder.name}"
        shutil.rmtree(trash, ignore_errors=True)
        folder.rename(trash)
        shutil.rmtree(trash)
    if garbage.leftovers:
        with locked(store.root / "leases"):  # no lease can be placed meanwhile
            for path in garbage.leftovers:
                remove(path)


def _unreferenced(store: Store, live: set[str]) -> tuple[Path, ...]:
    """Return published stages that are neither live nor an ancestor of a live stage.

    All evaluations of kept checkpoints are kept, because they are small; `xdomain eval` or an earlier version of the
    file may have measured them. This includes evaluations that lent completions, which have the same checkpoint.
    """
    needs: dict[str, list[str]] = {}
    folders: dict[str, Path] = {}
    evaluations: list[str] = []
    for path in (store.root / "stages").glob(f"*/{DONE}"):
        data = read_description(path.parent)
        needs[data["key"]] = data["needs"]
        folders[data["key"]] = path.parent
        if data["kind"] == StageKind.EVALUATE:
            evaluations.append(data["key"])
    kept: set[str] = set()
    waiting = [key for key, folder in folders.items() if folder.name in live]
    while waiting:
        key = waiting.pop()
        if key not in kept:
            kept.add(key)
            waiting += [need for need in needs[key] if need in needs]
    kept |= {key for key in evaluations if needs[key] and kept.issuperset(needs[key])}
    return tuple(sorted(folder for key, folder in folders.items() if key not in kept))


def _evaluated_checkpoints(store: Store, plans: Sequence[Plan]) -> tuple[Path, ...]:
    """Return checkpoints that no experiment keeps (`checkpoints.keep`) and whose evaluations are all published."""
    needed: set[CheckpointRef] = set()
    found: dict[CheckpointRef, Path] = {}
    for plan in (grown(each, store) for each in plans):
        done = store.done(plan.stages.values())
        needed |= {stage.checkpoint for stage in plan.evaluations if stage.key not in done}
        for stage in plan.phase_stages:
            needed |= _kept(stage, plan, done)
            if stage.key in done:
                found |= {ref: checkpoint_folder(store.folder(stage), ref.step) for ref in stage.checkpoints}
    return tuple(sorted(path for ref, path in found.items() if ref not in needed and path.is_dir()))


def _kept(stage: PhaseStage, plan: Plan, done: frozenset[str]) -> set[CheckpointRef]:
    """Return the checkpoints of a stage that its experiment keeps, evaluated or not."""
    keep = plan.experiment.checkpoints.keep
    if keep == "all":
        return set(stage.checkpoints)
    continued = any(stage.key in child.needs and child.key not in done for child in plan.phase_stages)
    lain_on = plan.experiment.model.lora is not None and any(stage.key in child.needs for child in plan.train_stages)
    return {stage.end} if keep == "ends" or continued or lain_on else set()


def _leftovers(store: Store, live: set[str], running: frozenset[str]) -> tuple[Path, ...]:
    """Return leftover files of published and unneeded stages, and of holders whose lease was taken over."""
    published = store.names("stages")
    found = []
    for kind in KINDS:
        entries: dict[str, list[str]] = {}
        for name in store.names(kind):
            entries.setdefault(stage_of(name), []).append(name)
        for stage, names in entries.items():
            if stage.startswith(TRASH) or (not stage.startswith(".") and (stage in published or stage not in live)):
                found += [] if stage in running else [store.root / kind / name for name in names]
            elif not stage.startswith("."):
                holder = read_lease(store.root / "leases" / f"{stage}.json")
                token = None if holder is None else holder.token
                found += [store.root / kind / name for name in unclaimed(store.root / kind, stage, token)]
    return tuple(sorted(found))


def _odds_and_ends(store: Store, running: frozenset[str]) -> tuple[Path, ...]:
    """Return files of killed sessions, lease acquisitions and beats."""
    found = list(dead_sessions(store.root, with_jobs=True))
    if not running:
        found += (store.root / "work").glob(".task-*.json")  # older versions kept them in work/
        names = store.names("leases") - {LOCK}
        found += [store.root / "leases" / name for name in names if name.startswith(".") or name.endswith(".beat")]
    return tuple(sorted(found))


def _running(store: Store) -> frozenset[str]:
    names = (name.removesuffix(".json") for name in store.names("leases") if name.endswith(".json"))
    holders = {name: read_holder(store.root / "leases" / f"{name}.json") for name in names if not name.startswith(".")}
    return frozenset(name for name, holder in holders.items() if holder is not None and not holder.is_dead_here())


def _size(paths: Iterable[Path]) -> int:
    """Return the total size in bytes of the files at or below `paths`."""
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else (path,)))
    return sum(file.lstat().st_size for file in files if not file.is_dir())
