"""Read and validate experiment files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_file import load_domain_file, with_domain_files
from xdomain.config.experiment import Experiment
from xdomain.config.study import load_study
from xdomain.config.validation import validate
from xdomain.config.variables import expand_variables
from xdomain.config.written import Written
from xdomain.config.yaml_file import read_yaml
from xdomain.config.yaml_text import parse_yaml
from xdomain.core.errors import ConfigError


def load_experiment(path: Path, overrides: Iterable[str] = ()) -> Experiment:
    """Read and validate an experiment file.

    Args:
        path: Path of the YAML file.
        overrides: Settings of the form "dotted.key=value". The value is read as YAML: "training.steps=20",
            "seeds=[0,1]".

    Raises:
        ConfigError: The file cannot be read or is not YAML, a key is unknown, or a value is out of range.
    """
    overrides = list(overrides)
    return make_experiment(read_experiment(path, overrides), path.parent, Written.file(path, overrides))


def load_domains(path: Path) -> tuple[str | DomainConfig, ...]:
    """Return the domain that a YAML file describes, or those of an experiment or a study.

    Raises:
        ConfigError: The file cannot be read, or a value in it is wrong.
    """
    data = read_yaml(path)
    if "pairs" in data:
        return load_study(path).domains
    return load_experiment(path).domains if "domains" in data else (load_domain_file(path),)


def make_experiment(data: dict[str, Any], folder: Path, written: Written) -> Experiment:
    """Validate the mapping of an experiment, with variables and domain files expanded.

    Args:
        data: Sections of the experiment file.
        folder: Folder that relative paths start from.
        written: Origin of the mapping.

    Raises:
        ConfigError: A key is unknown, a value is out of range, or a variable is not set.
    """
    expanded = with_domain_files(expand_variables(data, written), folder, written)
    return validate(Experiment, with_engine_folder(with_model_paths(expanded, folder), folder), written)


def with_engine_folder(experiment: dict[str, Any], folder: Path) -> dict[str, Any]:
    """An experiment's mapping whose `training.engine` is told the folder that its command runs in."""
    training = experiment.get("training")
    engine = training.get("engine") if isinstance(training, dict) else None
    if not isinstance(training, dict) or not isinstance(engine, dict):
        return experiment
    return {**experiment, "training": training | {"engine": {"folder": str(folder.resolve()), **engine}}}


def with_model_paths(experiment: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return an experiment's mapping in which relative paths of the model start from `folder`, like those of data."""
    model = experiment.get("model")
    if not isinstance(model, dict):
        return experiment
    anchored = {
        key: str(folder.resolve() / Path(value).expanduser())
        for key, value in model.items()
        if _is_model_path(key, value)
    }
    return {**experiment, "model": model | anchored}


def _is_model_path(key: str, value: Any) -> bool:
    return key in ("path", "gguf", "adapter") and isinstance(value, str) and not value.startswith("package:")


def read_experiment(path: Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """Return the mapping of an experiment file with overrides, without expanding variables and domain files."""
    data = read_yaml(path)
    for override in overrides:
        apply_override(data, override)
    return data


def apply_override(data: dict[str, Any], override: str) -> None:
    """Set "dotted.key=value" in `data`.

    Raises:
        ConfigError: `override` does not have that form, or the value is not YAML.
    """
    key, separator, text = override.partition("=")
    if not separator:
        raise ConfigError(f'"{override}" is not a setting.', where="--set", fix="Write it like training.steps=20.")
    *parents, last = key.strip().split(".")
    for parent in parents:
        child = data.setdefault(parent, {})
        if not isinstance(child, dict):
            raise ConfigError(f'"{key}" passes through "{parent}", which is not a mapping.', where="--set")
        data = child
    value = parse_yaml(text, f"--set {key}")
    if parents == ["model"] and _is_model_path(last, value):
        value = str(
            Path(value).expanduser().absolute()
        )  # on the command line, paths are relative to the current folder
    data[last] = value
