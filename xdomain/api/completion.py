"""What a shell may complete: stages of a store and names of domains, found without planning anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.api.stores import as_store
from xdomain.config.domain_registry import DOMAINS
from xdomain.config.variables import expand_variables
from xdomain.config.written import Written
from xdomain.config.yaml_file import read_yaml
from xdomain.core.errors import XDomainError
from xdomain.store.experiments import noted_experiments


def stage_folders(
    prefix: str, store: str | Path | None = None, file: str | Path | None = None
) -> list[tuple[str, str]]:
    """Return folder and title of each stage that experiments noted in a store and whose folder begins with `prefix`;
    a folder has no spaces that a shell would split.

    Args:
        store: run directory; None for the experiment's own, else $XDOMAIN_STORE, else ./xdomain-store.
        file: the experiment's file, for the stages of this experiment only; it may not exist.
    """
    try:
        experiment = _experiment(file)
        noted = noted_experiments(as_store(store, experiment.get("store")))
    except XDomainError:  # a shell has no place for an error
        return []
    chosen = [noted[experiment["name"]]] if experiment.get("name") in noted else list(noted.values())
    stages = {stage.folder: stage.title for each in chosen for stage in each.values()}
    return sorted((folder, title) for folder, title in stages.items() if folder.startswith(prefix))


def domain_names(incomplete: str) -> list[str]:
    """Return the registered domains whose name begins with `incomplete`."""
    return sorted(name for name in DOMAINS.names() if name.startswith(incomplete))


def _experiment(file: str | Path | None) -> Mapping[str, Any]:
    if file is None or not Path(file).is_file():
        return {}
    mapping = read_yaml(Path(file))
    found = {key: mapping.get(key) for key in ("name", "store") if isinstance(mapping.get(key), str)}
    written = Written(str(file))
    expanded: dict[str, Any] = expand_variables(found, written)
    written.refuse()
    return expanded
