"""Where the real data lies: XDOMAIN_DATA, else `../shared/data` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data_folder() -> Path | None:
    """The folder that holds gsm8k/, humaneval/, bbh/ and reference/; None if there is none."""
    named = os.environ.get("XDOMAIN_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    return folder if folder.is_dir() else None


def need_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, with XDOMAIN_DATA set to it; skips the test where there is none."""
    folder = data_folder()
    if folder is None:
        pytest.skip("no real data: set XDOMAIN_DATA")
    monkeypatch.setenv("XDOMAIN_DATA", str(folder))
    return folder
