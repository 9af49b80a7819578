"""Read a YAML file as a mapping, with variables of the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from xdomain.config.yaml_text import parse_yaml
from xdomain.core.errors import ConfigError
from xdomain.core.reading import read_limited, why_unreadable

LARGEST_FILE = 512 * 1024
"""Bytes of a YAML file; a thousand pairs of models take a fifth of them."""

LINE_END = b"\n"

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file.

    Raises:
        ConfigError: The file is missing, unreadable, larger than `LARGEST_FILE`, not YAML, or no mapping.
    """
    try:
        text = read_limited(path, LARGEST_FILE).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file.", where=str(path), fix="Give the path of an experiment file."
        ) from None
    except UnicodeDecodeError as error:
        place = f"{path}:{error.object.count(LINE_END, 0, error.start) + 1}"
        raise ConfigError(f"cannot be read as UTF-8: {error.reason}.", where=place, fix="Save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        what = f"cannot be read: {why_unreadable(error)}."
        raise ConfigError(what, where=str(path), fix="Name a YAML file.") from None
    data = parse_yaml(text, str(path))
    if not isinstance(data, dict):
        raise ConfigError("should be a mapping of keys to values.", where=str(path), fix="See experiments/smoke.yaml.")
    return data


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
