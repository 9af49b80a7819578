"""Build the pip command that adds an extra to this installation of xdomain."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

CHECKOUT = Path(__file__).parents[2]
COMPLETED_BY = {"reasoning-gym": '"reasoning-gym>=0.1.25,<0.2"'}
"""Package to install in addition to an extra, without dependencies, because one of these would have to be compiled."""


def install_command(*extras: str) -> str:
    """Return the command that installs xdomain again with `extras`.

    The source is the checkout or wheel that xdomain was installed from, or else the package index.
    """
    command = f"pip install {_source(','.join(extras))}"
    for extra in extras:
        if extra in COMPLETED_BY:
            command += f" && pip install --no-deps {COMPLETED_BY[extra]}"
    return command


def _source(extras: str) -> str:
    origin = _origin()
    path = unquote(urlparse(origin.get("url", "")).path)
    if "dir_info" in origin:
        return f'{"-e " if origin["dir_info"].get("editable") else ""}"{path}[{extras}]"'
    if path:
        return f'"xdomain[{extras}] @ {origin["url"]}"'
    if (CHECKOUT / "pyproject.toml").is_file():
        return f'"{CHECKOUT}[{extras}]"'
    return f'"xdomain[{extras}]"'


def _origin() -> dict[str, Any]:
    """Return pip's record of the package's origin; {} if the origin is an index, or pip did not install the package."""
    try:
        noted = distribution("xdomain").read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    return json.loads(noted) if noted else {}
