"""The package, the functions and the grid of docs/how-to/extend.md, written out as a reader would."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.support.plugins import write_package

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "extend.md"
FILE = re.compile(r"^```\w+\n# (\S+\.(?:py|toml|yaml))\n(.*?)^```", re.DOTALL | re.MULTILINE)


def write_page(folder: Path) -> Path:
    """Write every file that the page shows, and what `pip install` leaves of its pyproject.toml; returns grid.yaml."""
    files = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    project = tomllib.loads(files["pyproject.toml"])["project"]
    write_package(folder, project["name"], project["entry-points"])
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "nearly" / "__init__.py").touch()
    return folder / "grid.yaml"
