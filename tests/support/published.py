"""A stage made and published by hand, and the notes of those who hold one."""

from __future__ import annotations

import json
from pathlib import Path

from xdomain.plan.stage import StageSpec
from xdomain.store.lease import Lease
from xdomain.store.store import Store


def leased(store: Store, stage: StageSpec) -> Lease:
    """Take a stage that nobody holds."""
    lease = store.take(stage)
    assert lease is not None
    return lease


def fill(store: Store, stage: StageSpec, text: str = "weights") -> None:
    """Write the one file that the stage leaves, as a holder that left it to the next one."""
    store.work(stage).mkdir(parents=True)
    (store.work(stage) / "artifact.txt").write_text(text)


def published(store: Store, stage: StageSpec, text: str = "weights", **result: object) -> Path:
    """Publish a stage of one file, and return its folder."""
    fill(store, stage, text)
    lease = leased(store, stage)
    assert store.publish(stage, lease, result)
    store.give_back(stage, lease)
    return store.folder(stage)


def write_holder(path: Path, **changes: object) -> None:
    """Write the lease of somebody on another machine."""
    holder = {"token": "t", "host": "elsewhere/boot", "pid": 1, "started": 0.0, "beat": 0, "progress": {}} | changes
    path.write_text(json.dumps(holder))
