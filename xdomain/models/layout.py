"""Where a stage's checkpoints lie inside its folder."""

from __future__ import annotations

from pathlib import Path


def checkpoint_folder(stage_folder: Path, step: int) -> Path:
    """`checkpoints/step-000040` of a stage; step 0 of a base."""
    return stage_folder / "checkpoints" / f"step-{step:06d}"
