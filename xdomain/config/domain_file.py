"""Read domains from separate YAML files, shipped benchmarks or the user's, and resolve the data paths in them."""

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
    """Return the file that describes the benchmark `name`; None if there is no such benchmark."""
    return next((path for path in BENCHMARKS.glob("*.yaml") if path.stem == name), None)


def load_domain_file(path: Path) -> DomainConfig:
    """Read one domain from a YAML file.

    Raises:
        ConfigError: The file is missing, is not YAML, or does not describe a valid domain.
    """
    written = Written.file(path)
    data = expand_variables(read_yaml(path), written)
    return validate(DomainConfig, anchor(data, path.parent), written)


def with_domain_files(experiment: dict[str, Any], folder: Path, written: Written) -> dict[str, Any]:
    """Replace every `{file: ...}` and every benchmark's name under `domains` by the content of the file.

    A worker on another machine then needs neither the file nor this machine's environment variables.

    Args:
        experiment: Mapping before validation, with variables expanded.
        folder: Folder of the experiment file.
        written: Origin of the mapping. Files that the mapping names are added as parts, and mistakes in them are noted.

    Returns:
        The changed mapping. The argument is left unchanged.
    """
    entries = experiment.get("domains")
    if not isinstance(entries, list):
        return experiment
    resolved = [_resolved(entry, folder, written, ("domains", index)) for index, entry in enumerate(entries)]
    return {**experiment, "domains": resolved}


def _resolved(entry: Any, folder: Path, written: Written, location: Location) -> Any:
    """Return an entry of `domains`, read from its file if it names one. Validation checks all other entries."""
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
        fix = f"Paths are relative to the folder of the file that contains them, {folder.resolve()}.{near}"
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
    """Return a domain's mapping in which everything that depends on `folder` is resolved.

    Relative paths of a file source become absolute. Functions and sources of other packages get the folder as a field.
    """
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
