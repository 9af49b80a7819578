"""Read a YAML file as a mapping, with variables of the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from xdomain.core.errors import ConfigError
from xdomain.core.secrets import is_secret

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file.

    Raises:
        ConfigError: The file is missing, unreadable, not YAML, or no mapping.
    """
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


def expand_variables(value: Any, where: str, field: str = "") -> Any:
    """Replace ${NAME} in every string from the environment.

    Raises:
        ConfigError: NAME is not set, or holds a secret.
    """
    if isinstance(value, dict):
        return {key: expand_variables(child, where, f"{field}.{key}".lstrip(".")) for key, child in value.items()}
    if isinstance(value, list):
        return [expand_variables(child, where, f"{field}.{index}") for index, child in enumerate(value)]
    if not isinstance(value, str):
        return value

    def lookup(match: re.Match[str]) -> str:
        name = match[1]
        if is_secret(name):
            raise ConfigError(
                f"${{{name}}} names a secret, and an experiment's values are stored.",
                where=f"{where}: {field}",
                fix="Name the variable where a setting asks for one, such as `api_key_variable`, or rename it.",
            )
        if name not in os.environ:
            raise ConfigError(
                f"${{{name}}} is not set in the environment.",
                where=f"{where}: {field}",
                fix=f"Set it, for instance: export {name}=/path.",
            )
        return os.environ[name]

    return VARIABLE.sub(lookup, value)
