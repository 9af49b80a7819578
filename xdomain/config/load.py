"""Read an experiment file. Every mistake becomes one paragraph with the file and the dotted field."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from xdomain.config.experiment import Experiment
from xdomain.config.problems import dotted, sentence
from xdomain.core.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def load_experiment(path: Path, overrides: Iterable[str] = ()) -> Experiment:
    """Read and validate `path`.

    Args:
        path: a YAML file.
        overrides: "dotted.key=value" settings, the value read as YAML: "training.steps=20", "seeds=[0,1]".

    Raises:
        ConfigError: unreadable, not YAML, unknown key, or a value out of its range.
    """
    data = read_experiment(path, overrides)
    from xdomain.config.domain_file import with_domain_files  # it reads files through this module

    expanded = with_domain_files(expand_variables(data, str(path)), path.parent)
    return validate(Experiment, with_model_paths(expanded, path.parent), str(path))


def with_model_paths(experiment: dict[str, Any], folder: Path) -> dict[str, Any]:
    """An experiment's mapping with its model's relative paths counted from `folder`, as those of data are."""
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
    """The mapping of an experiment file with overrides, as it is written: variables and domain files unexpanded."""
    data = read_yaml(path)
    for override in overrides:
        apply_override(data, override)
    return data


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping from a file."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file.", where=str(path), fix="Give the path of an experiment file."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}.", where=str(path)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"is not YAML: {problem}.", where=place, fix="Check indentation and quotes.") from None
    if not isinstance(data, dict):
        raise ConfigError("should be a mapping of keys to values.", where=str(path), fix="See experiments/smoke.yaml.")
    return data


def validate(kind: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Validate `data` as `kind`, first mistake first.

    Raises:
        ConfigError: naming `where`, the dotted field, and near matches of an unknown key.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        # A list whose one entry is wrong is not too short besides.
        others = [each for each in others if each["type"] != "too_short"]
        more = f" (More mistakes after this one: {len(others)}.)" if others else ""
        raise ConfigError(sentence(first, kind) + more, where=f"{where}: {dotted(first)}".rstrip(": ")) from None


def expand_variables(value: Any, where: str, field: str = "") -> Any:
    """Replace ${NAME} in every string from the environment.

    Raises:
        ConfigError: NAME is not set.
    """
    if isinstance(value, dict):
        return {key: expand_variables(child, where, f"{field}.{key}".lstrip(".")) for key, child in value.items()}
    if isinstance(value, list):
        return [expand_variables(child, where, f"{field}.{index}") for index, child in enumerate(value)]
    if not isinstance(value, str):
        return value

    def lookup(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise ConfigError(
                f"${{{name}}} is not set in the environment.",
                where=f"{where}: {field}",
                fix=f"Set it, for instance: export {name}=/path.",
            )
        return os.environ[name]

    return VARIABLE.sub(lookup, value)


def apply_override(data: dict[str, Any], override: str) -> None:
    """Set "dotted.key=value" in `data`.

    Raises:
        ConfigError: it is not of that form, or the value is not YAML.
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
    value = yaml.safe_load(text)
    if parents == ["model"] and _is_model_path(last, value):
        value = str(Path(value).expanduser().absolute())  # on a command line paths count from the current folder
    data[last] = value
