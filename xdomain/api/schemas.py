"""Write the JSON schemas of users' files, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

from xdomain.config.json_schema import Kind, json_schema
from xdomain.config.yaml_file import read_yaml
from xdomain.core.errors import ConfigError
from xdomain.core.files import write_atomic
from xdomain.core.registry import did_you_mean

__all__ = ["editor_line", "json_schema", "kind_of", "schema_text", "write_schema"]

KINDS: tuple[Kind, ...] = get_args(Kind)


def kind_of(target: str | Path) -> tuple[Kind, Path]:
    """Return the kind of file that `target` names, or of the file at that path, and the folder for its schema.

    Args:
        target: "experiment", "study" or "domain", or the path of a YAML file of one of these kinds.

    Raises:
        ConfigError: `target` is neither, or the file cannot be read.
    """
    if target in KINDS:
        return target, Path()
    path = Path(target)
    if path.suffix not in (".yaml", ".yml"):
        near = did_you_mean(str(target), KINDS)
        raise ConfigError(f'there is no schema "{target}".{near}', fix=f"Give a YAML file or {', '.join(KINDS)}.")
    data = read_yaml(path)
    return "study" if "pairs" in data else "experiment" if "domains" in data else "domain", path.parent


def schema_text(kind: Kind, *, plugins: bool = True) -> str:
    """Return a schema as a JSON document."""
    return json.dumps(json_schema(kind, plugins=plugins), indent=1, ensure_ascii=False) + "\n"


def write_schema(kind: Kind, folder: Path) -> Path:
    """Write `KIND.schema.json` into a folder and return its path."""
    path = folder / f"{kind}.schema.json"
    write_atomic(path, schema_text(kind))
    return path


def editor_line(schema: Path) -> str:
    """Return the first line with which a YAML file in the same folder makes editors use `schema`."""
    return f"# yaml-language-server: $schema={schema.name}"
