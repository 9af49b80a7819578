"""The file that one worker process reads."""

from __future__ import annotations

from pydantic import Field

from xdomain.config.model_base import ConfigModel
from xdomain.plan.spec import TaskSpec


class StageRecord(ConfigModel):
    """A stage as a worker needs it to find its folders: `Stage` in plain JSON."""

    kind: str
    key: str
    title: str
    payload_json: str
    needs: tuple[str, ...]
    input_folders: tuple[str, ...]
    """Folder names of `needs`, in order."""
    checkpoints_read: tuple[str, ...] = ()
    """Checkpoints whose digests are compared before the stage begins, as paths from the store's root."""
    filed_as: str | None = None


class TaskFile(ConfigModel):
    """What one worker process reads from disk."""

    store: str
    device: str
    threads: int
    task: TaskSpec
    records: tuple[StageRecord, ...]
    stale_tokens: dict[str, str] = Field(default_factory=dict)
    """Leases (by stage key) whose holder elsewhere was seen not to beat."""
    command: tuple[str, ...] = ()
    """What the user called; for the stages' records."""
    runner: str = ""
    """The run that gave the order; by it a run knows its stages from those that another one published."""
