"""Record which stages each experiment of a store needs.

`grid gc` keeps these stages, and commands find them by title without the experiment's file.

experiments/<name>.json        kind, title and evaluated checkpoint of every stage that a session of the experiment ever
                               needed, by key
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, write_json
from xdomain.plan.explain import pick_stage
from xdomain.plan.graph import Plan
from xdomain.plan.origin import NO_FILE
from xdomain.plan.stage import StageKind, StageRef
from xdomain.store.last_run import note_last_run
from xdomain.store.lease import locked
from xdomain.store.store import Store


@dataclass(frozen=True, kw_only=True)
class NotedStage(StageRef):
    """A stage as recorded in the note of its experiment."""

    evaluated: str | None = None


def note_experiment(store: Store, plan: Plan) -> None:
    """Add the stages of a plan to the note of its experiment, which keeps the stages of earlier sessions.

    Raises:
        StoreError: The note cannot be written, or an earlier one cannot be read.
    """
    if plan.origin != NO_FILE:
        note_last_run(store, plan.origin)
    path = _path(store, plan.experiment.name)
    noted = _read(path)
    if all(key in noted and noted[key].evaluated == stage.evaluated for key, stage in plan.whole.stages.items()):
        return
    try:
        with locked(path.parent):  # two sessions of one experiment add to the same file
            _write(path, [*_read(path).values(), *plan.whole.stages.values()])
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=str(path)) from error


def noted_experiments(store: Store) -> dict[str, Mapping[str, StageRef]]:
    """Return the stages that each experiment needs, by experiment name and stage key.

    Raises:
        StoreError: A note cannot be read.
    """
    return {path.stem: _read(path) for path in sorted((store.root / "experiments").glob("[!.]*.json"))}


def stages_beside(store: Store, text: str) -> list[StageRef]:
    """Return all stages of the experiment that needs the stage named by `text`.

    Raises:
        PlanError: `text` matches no stage of the experiments in this store, or several.
    """
    noted = noted_experiments(store)
    chosen = pick_stage({key: stage for each in noted.values() for key, stage in each.items()}.values(), text)
    return list(next(each for each in noted.values() if chosen.key in each).values())


def rewrite_notes(store: Store, plans: Sequence[Plan], forgotten: Iterable[str]) -> None:
    """Update the notes after garbage was freed.

    Args:
        store: The store.
        plans: Plans whose experiments now need only the stages in them.
        forgotten: Names of experiments whose notes are removed.
    """
    for name in forgotten:
        _path(store, name).unlink(missing_ok=True)
    for name in {plan.experiment.name for plan in plans}:
        own = [stage for plan in plans if plan.experiment.name == name for stage in plan.whole.stages.values()]
        _write(_path(store, name), own)


def _path(store: Store, name: str) -> Path:
    return store.root / "experiments" / f"{name}.json"


def _write(path: Path, stages: Iterable[StageRef]) -> None:
    noted = {}
    for stage in stages:
        evaluated = {} if stage.evaluated is None else {"evaluated": stage.evaluated}
        noted[stage.key] = {"kind": stage.kind, "title": stage.title, **evaluated}
    write_json(path, noted)


def _read(path: Path) -> dict[str, NotedStage]:
    try:
        noted = read_json(path)
        return {
            key: NotedStage(kind=StageKind(each["kind"]), key=key, title=each["title"], evaluated=each.get("evaluated"))
            for key, each in noted.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise StoreError(
            "is corrupt: it does not list the stages that its experiment needs.",
            where=str(path),
            fix="Delete it. `xdomain grid run` of that experiment writes it again.",
        ) from error
