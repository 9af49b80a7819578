"""The pip command that adds an extra to this installation of xdomain, wherever it came from."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

CHECKOUT = Path(__file__).parents[2]
COMPLETED_BY = {"reasoning-gym": '"reasoning-gym>=0.1.25,<0.2"'}
"""Package that completes an extra: it asks for one that has to be compiled, so it is installed without dependencies."""


def install_command(*extras: str) -> str:
    """Return the command that installs xdomain again with `extras`: from the checkout or wheel that it came from, else
    from the package index."""
    command = f'pip install {_source(",".join(extras))}'
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
    """Return what pip noted about where the package came from; empty if it was an index, or pip did not install it."""
    try:
        noted = distribution("xdomain").read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    return json.loads(noted) if noted else {}
