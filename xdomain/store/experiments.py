"""Which experiments live in a store, and which stages each of them needs, so that `grid gc` leaves them alone.

experiments/<name>.json        folders of every stage that a run of the experiment ever asked for
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, write_json
from xdomain.plan.graph import Plan
from xdomain.store.store import Store


def note_experiment(store: Store, plan: Plan) -> None:
    """Remember the stages of an experiment, beside those of its earlier runs (other seeds, other settings).

    Raises:
        StoreError: the note cannot be written, or an earlier one cannot be read.
    """
    from filelock import FileLock

    path, needed = _path(store, plan.experiment.name), _folders([plan])
    if needed <= _read(path):
        return
    try:
        path.parent.mkdir(exist_ok=True)
        with FileLock(path.parent / ".lock"):  # two runs of one name add to one file
            write_json(path, sorted(needed | _read(path)))
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=str(path)) from error


def noted_experiments(store: Store) -> dict[str, frozenset[str]]:
    """Folders of the stages that each experiment needs, by its name.

    Raises:
        StoreError: a note cannot be read.
    """
    return {path.stem: _read(path) for path in sorted((store.root / "experiments").glob("[!.]*.json"))}


def rewrite_notes(store: Store, plans: Sequence[Plan], forgotten: Iterable[str]) -> None:
    """After garbage was freed: experiments need what their plans name, those that are forgotten nothing."""
    for name in forgotten:
        _path(store, name).unlink(missing_ok=True)
    for name in {plan.experiment.name for plan in plans}:
        own = [plan for plan in plans if plan.experiment.name == name]
        write_json(_path(store, name), sorted(_folders(own)))


def _path(store: Store, name: str) -> Path:
    return store.root / "experiments" / f"{name}.json"


def _folders(plans: Iterable[Plan]) -> frozenset[str]:
    return frozenset(stage.folder for plan in plans for stage in plan.stages.values())


def _read(path: Path) -> frozenset[str]:
    try:
        return frozenset(map(str, read_json(path)))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            "does not tell which stages its experiment needs: it is damaged.",
            where=str(path),
            fix="Delete it, and `xdomain grid run` of that experiment writes it again.",
        ) from error
