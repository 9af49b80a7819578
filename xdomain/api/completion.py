"""Find completions for a shell: stages in a store and names of domains. Nothing is planned for this."""

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
    """Return folder and title of each noted stage whose folder begins with `prefix`.

    Folder names are used, because they contain no spaces that a shell would split.

    Args:
        prefix: First characters of folder names.
        store: Folder of the store; None for the experiment's store, or else $XDOMAIN_STORE, or else ./xdomain-store.
        file: File of the experiment whose stages are returned; None for all experiments. It need not exist.
    """
    try:
        experiment = _experiment(file)
        noted = noted_experiments(as_store(store, experiment.get("store")))
    except XDomainError:  # a shell cannot show an error here
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
