"""Paths of a stage's checkpoints inside its folder."""

from __future__ import annotations

from pathlib import Path

from xdomain.core.files import read_json

CHECKPOINTS = "checkpoints"
MANIFEST = "checkpoint.json"
ROLLOUTS = "rollouts.jsonl"
"""File with the kept training completions of a stage."""
GAP_ALARMS = "gap_alarms"
"""Key of a training stage's summary: sentences on a vLLM engine whose log-probabilities were not the trainer's."""


def checkpoint_folder(stage_folder: Path, step: int) -> Path:
    """Return the folder of a checkpoint, such as `checkpoints/step-000040`. A base model has step 0."""
    return stage_folder / CHECKPOINTS / f"step-{step:06d}"


def foundation_folder(checkpoint: Path) -> Path | None:
    """Return the checkpoint that an adapter is based on; None for full weights, and for other folders."""
    try:
        foundation = read_json(checkpoint / MANIFEST)["foundation"]
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None
    return (checkpoint / foundation).resolve() if isinstance(foundation, str) else None
