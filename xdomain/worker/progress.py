"""Progress of a running stage, written to its lease, which every observer of the store sees, and to its log."""

from __future__ import annotations

import json
import time
from typing import Any

from xdomain.core.states import NoteKind
from xdomain.store.lease import Lease
from xdomain.worker.log import log_line

LOG_SECONDS = 5.0
"""Least time between two lines of progress in a log."""


class LeaseReporter:
    """A reporter that writes progress to the lease at each heartbeat, and every few seconds to stdout, the log."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._first: tuple[int, float] | None = None
        self._logged = float("-inf")
        self._values: dict[str, Any] = {}
        self._alarm: dict[str, Any] | None = None

    def progress(self, done: int, total: int, **values: Any) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = (done, now)
        made = done - self._first[0]
        rate = (now - self._first[1]) / made if made > 0 else None
        self._values = {"done": done, "total": total, "seconds_per_unit": rate, **values}
        self._tell()
        if done >= total or now - self._logged >= LOG_SECONDS:
            self._logged = now
            log_line(f"{done}/{total}{_words(values)}")

    def event(self, kind: NoteKind, **values: Any) -> None:
        log_line(json.dumps({"event": kind, **values}))
        if kind is NoteKind.ALARM:
            self._alarm = values
            self._tell()

    def _tell(self) -> None:
        self._lease.progress(self._values | ({} if self._alarm is None else {"alarm": self._alarm}))


def _words(values: dict[str, Any]) -> str:
    rewards = {name: value for name, value in (values.get("rewards") or {}).items() if value is not None}
    return "".join(f"  {name} {value:+.3f}" for name, value in rewards.items())
