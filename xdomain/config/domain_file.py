"""Domains that are described in YAML files of their own, and paths relative to them."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from xdomain.config.domain import DomainConfig, DomainFile
from xdomain.config.domain_source import FileSource, Paths
from xdomain.core.environment import expand_environment
from xdomain.core.errors import ConfigError


def resolve_entry(entry: str | DomainFile | DomainConfig, folder: Path) -> str | DomainConfig:
    """Read the file that an entry names, and anchor relative data paths at the YAML file that states them.

    Args:
        entry: an item of `domains:`.
        folder: the folder of the file that holds the entry.

    Raises:
        ConfigError: the named file is missing, is not YAML, or describes no valid domain.
    """
    if isinstance(entry, str):
        return entry
    if isinstance(entry, DomainFile):
        return load_domain_file(folder / expand_environment(entry.file, where="domains.file"))
    return anchor(entry, folder)


def load_domain_file(path: Path) -> DomainConfig:
    """Read one domain from a YAML file.

    Raises:
        ConfigError: see `resolve_entry`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}.", where=str(path), fix="Correct the path.") from error
    try:
        config = DomainConfig.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ConfigError(f"is not YAML: {error}.", where=str(path), fix="Correct the file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the document"
        raise ConfigError(f"{field}: {first['msg']}.", where=str(path), fix="Correct that field.") from error
    return anchor(config, path.parent)


def anchor(config: DomainConfig, folder: Path) -> DomainConfig:
    """The same domain with relative data paths made absolute from `folder`; `${NAME}` stays for the reader."""
    if not isinstance(config.source, FileSource):
        return config
    paths = {name: getattr(config.source, name) for name in ("path", "train", "dev", "test")}
    anchored = {name: anchor_paths(value, folder) for name, value in paths.items() if value is not None}
    return config.model_copy(update={"source": config.source.model_copy(update=anchored)})


def anchor_paths(paths: Paths, folder: Path) -> Paths:
    if isinstance(paths, tuple):
        return tuple(anchor_path(path, folder) for path in paths)
    return anchor_path(paths, folder)


def anchor_path(path: str, folder: Path) -> str:
    return path if path.startswith("${") else str(folder.resolve() / path)
