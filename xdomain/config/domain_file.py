"""Domains that are described in YAML files of their own, ours (benchmarks) or the user's, and data paths in them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_source import SOURCES
from xdomain.config.validation import validate
from xdomain.config.yaml_file import expand_variables, read_yaml
from xdomain.core.errors import ConfigError

PATH_KEYS = ("path", "train", "dev", "test")
FILE_KINDS = ("jsonl", "json", "csv", "parquet", "verl")
BENCHMARKS = Path(str(files("xdomain"))) / "domains" / "benchmarks"
"""The files of benchmarks that people report; each is registered as a domain of the file's name."""


def benchmark_file(name: str) -> Path | None:
    """The file that describes the benchmark `name`, or None."""
    return next((path for path in BENCHMARKS.glob("*.yaml") if path.stem == name), None)


def load_domain_file(path: Path) -> DomainConfig:
    """Read one domain from a YAML file.

    Raises:
        ConfigError: the file is missing, is not YAML, or describes no valid domain.
    """
    return validate(DomainConfig, read_domain_file(path), str(path))


def read_domain_file(path: Path) -> dict[str, Any]:
    """The mapping in a domain file, variables expanded and data paths made absolute."""
    if not path.is_file():
        raise ConfigError(
            "there is no such domain file.",
            where=str(path),
            fix="A path in `domains: [{file: ...}]` counts from the folder of the file that states it.",
        )
    data: dict[str, Any] = expand_variables(read_yaml(path), str(path))
    return anchor(data, path.parent)


def with_domain_files(experiment: dict[str, Any], folder: Path) -> dict[str, Any]:
    """An experiment's mapping with every `{file: ...}` and every benchmark's name under `domains` replaced by what the
    file holds: a worker on another machine then needs none of this one's variables.

    Args:
        experiment: the mapping before validation, variables expanded.
        folder: the folder of the experiment file.
    """
    entries = experiment.get("domains")
    if not isinstance(entries, list):
        return experiment
    return {**experiment, "domains": [resolve(entry, folder) for entry in entries]}


def resolve(entry: Any, folder: Path) -> Any:
    """One item of `domains`; what names or describes none of our files is left for validation to judge."""
    if isinstance(entry, str) and (benchmark := benchmark_file(entry)):
        return read_domain_file(benchmark)
    if not isinstance(entry, dict):
        return entry
    if set(entry) == {"file"} and isinstance(entry["file"], str):
        return read_domain_file(folder / entry["file"])
    return anchor(entry, folder)


def anchor(domain: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same mapping with what its parts need of `folder`: a file source's relative paths become absolute, and
    functions and sources of other packages are told the folder."""
    found = dict(domain)
    source = domain.get("source")
    kind = source.get("kind") if isinstance(source, dict) else None
    if isinstance(source, dict) and kind in FILE_KINDS:
        found["source"] = {key: absolute(value, folder) if key in PATH_KEYS else value for key, value in source.items()}
    elif isinstance(source, str) and source not in SOURCES.builtin:
        found["source"] = {"kind": source, "folder": str(folder.resolve())}
    elif isinstance(source, dict) and (kind is None or (isinstance(kind, str) and kind not in SOURCES.builtin)):
        found["source"] = {"folder": str(folder.resolve()), **source}
    for part in ("verifier", "reward"):
        if isinstance(domain.get(part), dict) and "function" in domain[part]:
            found[part] = {"folder": str(folder.resolve()), **domain[part]}
    return found


def absolute(paths: Any, folder: Path) -> Any:
    if isinstance(paths, list):
        return [absolute(path, folder) for path in paths]
    return str(folder.resolve() / paths) if isinstance(paths, str) else paths
