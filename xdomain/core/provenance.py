"""Record the provenance of results: code, packages, machine, command."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from xdomain import __version__

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "vllm",
    "numpy",
    "math-verify",
    "reasoning-gym",
    "torchjd",
    "ray",
    "submitit",
)
"""Packages that can change results, or that started the work."""
NVIDIA = Path("/proc/driver/nvidia")


@cache
def code_state() -> dict[str, Any]:
    """Return packages, checkout and machine. If it is called before workers fork, they share the result."""
    import psutil

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": platform.node(),
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "gpus": _gpu_models(),
        "packages": {"xdomain": __version__}
        | {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "git": _git_state(),
    }


def provenance(**of_stage: Any) -> dict[str, Any]:
    """Return the provenance of a stage as plain JSON. None of it is part of the stage's identity.

    Args:
        of_stage: Further facts that the worker knows: command, seeds, device, threads.
    """
    return {**code_state(), "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"), **of_stage}


def _cpu_model() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _gpu_models() -> list[str]:
    """Return the names of this machine's NVIDIA GPUs from the driver's files. CUDA cannot be used before a fork."""
    found = []
    for path in sorted(NVIDIA.glob("gpus/*/information")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [line.partition(":")[2].strip() for line in lines if line.startswith("Model")]
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git_state() -> dict[str, Any] | None:
    """Return the commit of the code, whether it was changed, and the sha256 of the change; None outside a checkout."""

    def git(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            timeout=10,
        ).stdout.strip()

    try:
        commit, difference = git("rev-parse", "HEAD"), git("diff", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return None
    return {
        "commit": commit,
        "changed": bool(difference),
        "difference": sha256(difference.encode()).hexdigest() if difference else None,
    }
