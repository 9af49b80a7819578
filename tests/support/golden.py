"""Committed values that change only on purpose: `make golden` writes them anew."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "golden"


def compare(name: str, value: Any) -> None:
    """Require that `value` equals the committed file, or write the file if XDOMAIN_UPDATE_GOLDEN is set."""
    path = FOLDER / name
    if os.environ.get("XDOMAIN_UPDATE_GOLDEN"):
        path.write_text(json.dumps(value, indent=1) + "\n")
    assert value == json.loads(path.read_text())
