from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from xdomain.cli.app import app
from xdomain.core.errors import ConfigError


def test_a_name_of_nothing_is_told(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["export-model", "math, seed 0", str(tmp_path / "out"), "--store", str(tmp_path)])
    assert isinstance(ended.exception, ConfigError)
    assert not (tmp_path / "out").exists()
