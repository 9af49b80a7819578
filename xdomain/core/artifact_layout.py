"""Where a stage's checkpoints lie inside its folder."""

from __future__ import annotations

from pathlib import Path

from xdomain.core.files import read_json

CHECKPOINTS = "checkpoints"
MANIFEST = "checkpoint.json"
ROLLOUTS = "rollouts.jsonl"
"""Kept training completions of a stage."""


def checkpoint_folder(stage_folder: Path, step: int) -> Path:
    """`checkpoints/step-000040` of a stage; step 0 of a base."""
    return stage_folder / CHECKPOINTS / f"step-{step:06d}"


def foundation_folder(checkpoint: Path) -> Path | None:
    """The checkpoint that an adapter lies on; None for full weights, and for what is no checkpoint."""
    try:
        foundation = read_json(checkpoint / MANIFEST)["foundation"]
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None
    return (checkpoint / foundation).resolve() if isinstance(foundation, str) else None
