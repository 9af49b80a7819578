"""Open an experiment with the settings that it last ran with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from xdomain.api.session import Session, open_experiment, origin_of, overrides_of
from xdomain.api.stores import as_store
from xdomain.config.variables import expand_variables
from xdomain.config.written import Written
from xdomain.config.yaml_file import read_yaml
from xdomain.plan.origin import NO_FILE, Origin, options_text
from xdomain.store.last_run import read_last_run
from xdomain.store.store import Store


def open_last_run(
    path: str | Path,
    *,
    store: str | Path | Store | None = None,
    seeds: Sequence[int] | None = None,
    settings: Iterable[str] = (),
) -> Session:
    """Open an experiment with the settings of its last run in the store.

    The settings are used if the file is unchanged since then, and neither `seeds` nor `settings` are given.
    `Session.settings_note` states which settings are used, if that may be unclear to the user.

    Args:
        path: File of the experiment.
        store: Folder of the store; None for the experiment's store, or else $XDOMAIN_STORE, or else ./xdomain-store.
        seeds: Training seeds, which override the experiment's.
        settings: Overrides as in `--set`. A single empty text uses the file without overrides.

    Raises:
        XDomainError: See `open_experiment`.
    """
    given = tuple(settings)
    last, origin = _last_run(Path(path), store, overrides_of(given, seeds))
    if last is None or last == origin:
        return open_experiment(path, store=store, seeds=seeds, settings=given)
    if last.file == origin.file and not given and seeds is None:
        session = open_experiment(path, store=store, settings=last.settings)
        note = f'With the settings of the last run: {options_text(last.settings)} (--set "" uses only the file).'
    else:
        session = open_experiment(path, store=store, seeds=seeds, settings=given)
        had = options_text(last.settings) or "no --set"
        changed = "" if last.file == origin.file else ", and the file was different"
        note = f"The last run of this experiment in this store had {had}{changed}."
    plan = replace(session.plan, origin=replace(session.plan.origin, note=note))
    return replace(session, plan=plan)


def _last_run(path: Path, store: str | Path | Store | None, overrides: tuple[str, ...]) -> tuple[Origin | None, Origin]:
    """Return the noted last run of the experiment in the file at `path`, and the note that a run now would write."""
    mapping = read_yaml(path)
    origin = origin_of(mapping, path, overrides)
    if origin == NO_FILE:
        return None, origin
    written = Written.file(path)
    configured = expand_variables(mapping.get("store"), written, ("store",))
    written.refuse()
    opened = as_store(store, configured if isinstance(configured, str) else None)
    return read_last_run(opened, origin.name), origin
