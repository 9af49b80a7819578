"""Which experiments live in a store, and which stages each of them needs: `grid gc` leaves these alone, and a stage is
found by its title without the experiment's file.

experiments/<name>.json        kind, title and evaluated checkpoint, by key, of every stage that a run of the experiment
                               ever asked for
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
    """A stage as the note of its experiment describes it."""

    evaluated: str | None = None


def note_experiment(store: Store, plan: Plan) -> None:
    """Remember the settings of an experiment, and its stages beside those of its earlier runs (other seeds, other
    settings).

    Raises:
        StoreError: the note cannot be written, or an earlier one cannot be read.
    """
    if plan.origin != NO_FILE:
        note_last_run(store, plan.origin)
    path = _path(store, plan.experiment.name)
    noted = _read(path)
    if all(key in noted and noted[key].evaluated == stage.evaluated for key, stage in plan.stages.items()):
        return
    try:
        with locked(path.parent):  # two runs of one name add to one file
            _write(path, [*_read(path).values(), *plan.stages.values()])
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=str(path)) from error


def noted_experiments(store: Store) -> dict[str, Mapping[str, StageRef]]:
    """Return the stages that each experiment needs, by its name and their key.

    Raises:
        StoreError: a note cannot be read.
    """
    return {path.stem: _read(path) for path in sorted((store.root / "experiments").glob("[!.]*.json"))}


def stages_beside(store: Store, text: str) -> list[StageRef]:
    """The stages of the experiment that has the stage that `text` names.

    Raises:
        PlanError: `text` names none of the stages that experiments in this store need, or several.
    """
    noted = noted_experiments(store)
    chosen = pick_stage({key: stage for each in noted.values() for key, stage in each.items()}.values(), text)
    return list(next(each for each in noted.values() if chosen.key in each).values())


def rewrite_notes(store: Store, plans: Sequence[Plan], forgotten: Iterable[str]) -> None:
    """After garbage was freed: experiments need what their plans name, those that are forgotten nothing."""
    for name in forgotten:
        _path(store, name).unlink(missing_ok=True)
    for name in {plan.experiment.name for plan in plans}:
        own = [stage for plan in plans if plan.experiment.name == name for stage in plan.stages.values()]
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
            "does not tell which stages its experiment needs: it is damaged.",
            where=str(path),
            fix="Delete it, and `xdomain grid run` of that experiment writes it again.",
        ) from error
