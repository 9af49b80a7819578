"""Where numbers came from: code, packages, machine, command."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("xdomain", "torch", "transformers", "trl", "peft", "accelerate", "datasets", "vllm", "numpy", "math-verify")


@cache
def code_state() -> dict[str, Any]:
    """Packages, checkout and machine; asked for before a worker forks, it is looked up once for all."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "git": _git_state(),
    }


def provenance() -> dict[str, Any]:
    """Plain JSON. None of it is part of a stage's identity."""
    return {
        **code_state(),
        "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "command": sys.argv,
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git_state() -> dict[str, Any] | None:
    """Commit of the code, and whether it was changed; None outside a checkout."""

    def git(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()

    try:
        return {
            "commit": git("rev-parse", "HEAD"),
            "changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        }
    except (OSError, subprocess.SubprocessError):
        return None
