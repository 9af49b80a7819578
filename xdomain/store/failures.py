"""Record why stages failed, and why their earlier attempts ended.

failures/<folder>.json         the last failure, or that a user cancelled the stage
attempts/<folder>.jsonl        the ends of earlier attempts; kept when the stage is published
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from xdomain.core.files import read_json, write_json
from xdomain.core.reading import read_limited
from xdomain.core.secrets import mask
from xdomain.core.states import HELD, Cause
from xdomain.plan.stage import StageRef

ATTEMPTS_BYTES = 16 << 20
"""Largest size in bytes of a list of attempts that is read."""


@dataclass(frozen=True)
class Failure:
    """The last failure of a stage.

    Attributes:
        cause: Kind of failure.
        message: Description of the failure in one paragraph.
        log: Path of the stage's log.
    """

    cause: Cause
    message: str
    log: str


class Failures:
    """The failures and attempts of a store's stages.

    Args:
        root: Folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def record(self, stage: StageRef, failure: Failure) -> None:
        """Store why a stage failed, until `clear`. Known secrets are masked, because errors may repeat their input."""
        failure = replace(failure, message=mask(failure.message))
        write_json(self._failure_path(stage), {"time": time.time(), **asdict(failure)})

    def last(self, stage: StageRef) -> Failure | None:
        """Return the last failure of a stage; None if its current attempt did not fail, or if the file is corrupt."""
        try:
            data = read_json(self._failure_path(stage))
            return Failure(Cause(data["cause"]), str(data["message"]), str(data["log"]))
        except (OSError, ValueError, TypeError, LookupError):
            return None

    def is_cancelled(self, stage: StageRef) -> bool:
        """Return whether a user cancelled the stage, so that it does not run until `grid retry`."""
        failure = self.held(stage)
        return failure is not None and failure.cause is Cause.CANCELLED

    def held(self, stage: StageRef) -> Failure | None:
        """Return the failure because of which the stage does not run until `grid retry`; None if it may run."""
        failure = self.last(stage) if os.path.isfile(self._failure_path(stage)) else None
        return failure if failure is not None and failure.cause in HELD else None

    def clear(self, stage: StageRef) -> None:
        """Remove the record of a stage's failure."""
        self._failure_path(stage).unlink(missing_ok=True)

    def note_attempt(self, stage: StageRef, cause: Cause) -> None:
        """Record that an attempt at a stage ended without a result."""
        line = json.dumps({"time": time.time(), "cause": cause}) + "\n"
        with self._attempts_path(stage).open("a", encoding="utf-8") as handle:
            handle.write(line)

    def attempts(self, stage: StageRef) -> list[Cause]:
        """Return why attempts at a stage ended since the last `grid retry`, oldest first."""
        try:
            text = read_limited(self._attempts_path(stage), ATTEMPTS_BYTES).decode("utf-8", "replace")
        except OSError:
            return []
        causes = map(_cause, text.splitlines())
        return [cause for cause in causes if cause is not None]

    def forget_attempts(self, stage: StageRef) -> None:
        """Remove the record of a stage's attempts."""
        self._attempts_path(stage).unlink(missing_ok=True)

    def _failure_path(self, stage: StageRef) -> Path:
        return self._root / f"failures/{stage.folder}.json"

    def _attempts_path(self, stage: StageRef) -> Path:
        return self._root / f"attempts/{stage.folder}.jsonl"


def _cause(line: str) -> Cause | None:
    """Return the cause in a line of attempts; None for a line that is incomplete or that xdomain did not write."""
    try:
        return Cause(json.loads(line)["cause"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
