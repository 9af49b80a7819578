"""Domains that are described in YAML files of their own, ours (benchmarks) or the user's, and data paths in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_registry import BENCHMARKS
from xdomain.config.domain_source import SOURCES
from xdomain.config.mistakes import Location
from xdomain.config.validation import validate
from xdomain.config.variables import expand_variables
from xdomain.config.written import Written
from xdomain.config.yaml_file import read_yaml
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean

PATH_KEYS = ("path", "train", "dev", "test")
FILE_KINDS = ("jsonl", "json", "csv", "parquet", "verl")


def benchmark_file(name: str) -> Path | None:
    """The file that describes the benchmark `name`, or None."""
    return next((path for path in BENCHMARKS.glob("*.yaml") if path.stem == name), None)


def load_domain_file(path: Path) -> DomainConfig:
    """Read one domain from a YAML file.

    Raises:
        ConfigError: the file is missing, is not YAML, or describes no valid domain.
    """
    written = Written.file(path)
    data = expand_variables(read_yaml(path), written)
    return validate(DomainConfig, anchor(data, path.parent), written)


def with_domain_files(experiment: dict[str, Any], folder: Path, written: Written) -> dict[str, Any]:
    """Return an experiment's mapping with every `{file: ...}` and every benchmark's name under `domains` replaced by
    what the file holds: a worker on another machine then needs none of this one's variables.

    Args:
        experiment: the mapping before validation, variables expanded.
        folder: the folder of the experiment file.
        written: origin of the mapping; files that it names become parts of it, and mistakes in them are noted.
    """
    entries = experiment.get("domains")
    if not isinstance(entries, list):
        return experiment
    resolved = [_resolved(entry, folder, written, ("domains", index)) for index, entry in enumerate(entries)]
    return {**experiment, "domains": resolved}


def _resolved(entry: Any, folder: Path, written: Written, location: Location) -> Any:
    """Return an item of `domains`; what names or describes none of our files is left for validation to judge."""
    if isinstance(entry, str) and (benchmark := benchmark_file(entry)):
        written.parts[location] = Written.file(benchmark)
        return anchor(expand_variables(read_yaml(benchmark), written, location), benchmark.parent)
    if not isinstance(entry, dict):
        return entry
    if set(entry) != {"file"} or not isinstance(entry["file"], str):
        return anchor(entry, folder)
    path = folder / entry["file"]
    if not path.is_file():
        near = did_you_mean(path.name, sorted(each.name for each in path.parent.glob("*.y*ml")))
        fix = f"A path counts from the folder of the file that states it, {folder.resolve()}.{near}"
        written.note((*location, "file"), f'there is no domain file "{entry["file"]}".', fix)
        written.unknown.add(location)
        return entry
    try:
        data = read_yaml(path)
    except ConfigError as error:
        written.mistakes[location] = error
        written.unknown.add(location)
        return entry
    written.parts[location] = Written.file(path)
    return anchor(expand_variables(data, written, location), path.parent)


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
    elif isinstance(source, dict) and isinstance(kind, str) and kind not in SOURCES.builtin:
        found["source"] = {"folder": str(folder.resolve()), **source}
    for part in ("verifier", "reward"):
        if isinstance(domain.get(part), dict) and "function" in domain[part]:
            found[part] = {"folder": str(folder.resolve()), **domain[part]}
    return found


def absolute(paths: Any, folder: Path) -> Any:
    if isinstance(paths, list):
        return [absolute(path, folder) for path in paths]
    return str(folder.resolve() / paths) if isinstance(paths, str) else paths
