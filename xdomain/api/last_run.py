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
    """Open an experiment as it last ran: with the settings of its last run in the store, if the file is still that of
    the last run and neither `seeds` nor `settings` are given.

    `Session.settings_note` says which settings are used where that is in doubt.

    Args:
        path: the experiment's YAML file.
        store: run directory; None for the experiment's own, else $XDOMAIN_STORE, else ./xdomain-store.
        seeds: training seeds instead of the experiment's.
        settings: overrides as in `--set`; one empty text is the file as written.

    Raises:
        XDomainError: as `open_experiment`.
    """
    given = tuple(settings)
    last, origin = _last_run(Path(path), store, overrides_of(given, seeds))
    if last is None or last == origin:
        return open_experiment(path, store=store, seeds=seeds, settings=given)
    if last.file == origin.file and not given and seeds is None:
        session = open_experiment(path, store=store, settings=last.settings)
        note = f'With the settings of the last run: {options_text(last.settings)} (--set "" for the file as written).'
    else:
        session = open_experiment(path, store=store, seeds=seeds, settings=given)
        had = options_text(last.settings) or "no --set"
        changed = "" if last.file == origin.file else ", and the file was different"
        note = f"The last run of this experiment in this store had {had}{changed}."
    plan = replace(session.plan, origin=replace(session.plan.origin, note=note))
    return replace(session, plan=plan)


def _last_run(path: Path, store: str | Path | Store | None, overrides: tuple[str, ...]) -> tuple[Origin | None, Origin]:
    """Return the noted last run of the experiment in the file at `path`, and what a run of it now would note."""
    mapping = read_yaml(path)
    origin = origin_of(mapping, path, overrides)
    if origin == NO_FILE:
        return None, origin
    written = Written.file(path)
    configured = expand_variables(mapping.get("store"), written, ("store",))
    written.refuse()
    opened = as_store(store, configured if isinstance(configured, str) else None)
    return read_last_run(opened, origin.name), origin
