"""Read a YAML file as a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xdomain.config.yaml_scalar import short
from xdomain.config.yaml_text import parse_yaml
from xdomain.core.errors import ConfigError
from xdomain.core.reading import read_limited, why_unreadable
from xdomain.core.registry import did_you_mean

LARGEST_FILE = 512 * 1024
"""Largest size of a YAML file in bytes. A thousand pairs of models take a fifth of it."""

LONGEST_EXAMPLE = 60
"""Largest number of characters of a value that a message shows."""
LINE_END = b"\n"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file.

    Raises:
        ConfigError: The file is missing, unreadable, larger than `LARGEST_FILE`, not YAML, or not a mapping.
    """
    data = parse_yaml(read_text(path), str(path))
    if not isinstance(data, dict):
        what = "is empty." if data is None else f"should be a mapping of keys to values. Found {_shown(data)}."
        raise ConfigError(what, where=str(path), fix="`xdomain init` writes an experiment to begin with.")
    return data


def _shown(value: Any) -> str:
    return "a list" if isinstance(value, list) else f'"{short(str(value), LONGEST_EXAMPLE)}"'


def read_text(path: Path) -> str:
    """Return the text of a YAML file.

    Raises:
        ConfigError: The file is missing, unreadable, or larger than `LARGEST_FILE`.
    """
    try:
        return read_limited(path, LARGEST_FILE).decode("utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(path.name, sorted(each.name for each in path.parent.glob("*.y*ml")))
        what = f"there is no such file.{near}"
        raise ConfigError(what, where=str(path), fix="Give the path of a YAML file.") from None
    except UnicodeDecodeError as error:
        place = f"{path}:{error.object.count(LINE_END, 0, error.start) + 1}"
        raise ConfigError(f"cannot be read as UTF-8: {error.reason}.", where=place, fix="Save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        what = f"cannot be read: {why_unreadable(error)}."
        raise ConfigError(what, where=str(path), fix="Name a YAML file.") from None
