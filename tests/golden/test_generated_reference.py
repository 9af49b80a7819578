"""The reference that is generated from the code is current: `make docs`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from xdomain.api.run_events import RunEvent
from xdomain.config.json_schema import Kind, raw_schema


def test_generated_reference_is_current(repository: Path) -> None:
    command = [sys.executable, str(repository / "docs" / "generate.py"), "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_event_of_a_run_is_described(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "run-events.md").read_text()
    for kind in get_args(RunEvent):
        for event in get_args(kind.model_fields["event"].annotation):
            assert f"\n- `{event}`:" in page


def test_every_row_of_the_experiment_file_has_a_meaning(repository: Path) -> None:
    lines = (repository / "docs" / "reference" / "experiment-file.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert len(rows) > 300
    assert [row for row in rows if not row.removesuffix("|").rpartition("|")[2].strip()] == []


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_field_of_a_file_is_described(kind: Kind) -> None:
    schema = raw_schema(kind)
    models: dict[str, Any] = {kind: schema, **schema["$defs"]}
    fields = {
        f"{name}.{key}": field for name, model in models.items() for key, field in model.get("properties", {}).items()
    }
    assert len(fields) > 100
    assert [name for name, each in fields.items() if not each.get("description") and "const" not in each] == []
