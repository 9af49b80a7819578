"""The reference that is generated from the code is current: `make docs`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

from xdomain.api.run_events import RunEvent


def test_generated_reference_is_current(repository: Path) -> None:
    command = [sys.executable, str(repository / "docs" / "generate.py"), "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_event_of_a_run_is_described(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "run-events.md").read_text()
    for kind in get_args(RunEvent):
        for event in get_args(kind.model_fields["event"].annotation):
            assert f"\n- `{event}`:" in page
