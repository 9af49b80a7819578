"""JSON schemas that editors check and complete YAML files with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.config.experiment import Experiment
from xdomain.config.study import StudyConfig
from xdomain.core.files import write_atomic

MODELS = {"experiment": Experiment, "study": StudyConfig, "domain": DomainConfig}
"""Model of each kind of file."""


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON schema of experiment, study or domain files."""
    return MODELS[kind].model_json_schema()


def write_schema(kind: str, folder: Path) -> Path:
    """Write the schema of one kind of file to `<kind>.schema.json` in a folder, and return its path."""
    path = folder / f"{kind}.schema.json"
    write_atomic(path, json.dumps(json_schema(kind), indent=1, sort_keys=True) + "\n")
    return path
